"""Write the subtitle files that a job returns beside its video: the captions as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from contract.options.captions import CaptionOptions
from contract.options.captions.choices import SubtitleFormat
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.draw import DrawnCaptions, draw_captions
from gpu_worker.plan.captions.files.srt import write_srt
from gpu_worker.plan.captions.files.track import SubtitleTrack, clean_lines
from gpu_worker.plan.captions.files.vtt import write_vtt
from gpu_worker.plan.measure import Typefaces


def write_sidecars(
    options: CaptionOptions, shown: DrawnCaptions | SubtitleTrack | None, end: Fraction, script: Callable[[], str]
) -> dict[str, str]:
    """Return the requested files by the names of their artifacts. None of them is empty, also without captions.

    `shown` are the captions in the video, which ends at `end`, in seconds; `script` returns the same as ASS.
    """
    cues = () if shown is None else tuple(_cut(shown.cues, int(end * 1000)))
    writers = {
        SubtitleFormat.SRT: lambda: write_srt(cues),
        SubtitleFormat.VTT: lambda: write_vtt(cues),
        SubtitleFormat.ASS: script,
    }
    return {artifact.name: writers[kind]() for kind, artifact in options.sidecars().items()}


def script_of_track(track: SubtitleTrack | None, size: tuple[int, int], faces: Typefaces) -> str:
    """Return an ASS script with the captions of a track in the default style, for frames of `size` in pixels."""
    cues: Sequence[Cue] = () if track is None else track.cues
    return draw_captions(cues, CaptionOptions(), size, faces).script


def _cut(cues: Iterable[Cue], end_ms: int) -> Iterable[Cue]:
    for cue in cues:
        text = clean_lines(cue.text)
        if text and cue.start_ms < min(cue.end_ms, end_ms):
            yield replace(cue, end_ms=min(cue.end_ms, end_ms), text=text)
