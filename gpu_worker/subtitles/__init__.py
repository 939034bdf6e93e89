"""Read subtitle files into cues."""

from gpu_worker.subtitles.parser import Subtitles, read_subtitles

__all__ = ["Subtitles", "read_subtitles"]
