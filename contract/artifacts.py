"""The files that a job makes. Their names, kinds and types follow from its request, before any work is done."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ArtifactKind(StrEnum):
    """The use of a file for its reader."""

    VIDEO = "video"
    """A video, or a GIF."""
    IMAGE = "image"
    """A picture."""
    AUDIO = "audio"
    """A sound."""
    SUBTITLES = "subtitles"
    """Subtitles: SRT, WebVTT or ASS."""
    DATA = "data"
    """JSON for programs."""


class Artifact(NamedTuple):
    """One file: its name within the job, its kind, and its media type."""

    name: str
    kind: ArtifactKind
    content_type: str


OUTPUT_VIDEO = Artifact("output.mp4", ArtifactKind.VIDEO, "video/mp4")
"""The main file of every operation that makes a video, unless the request states a format."""


class VideoFormat(StrEnum):
    """The container and the codecs of a video."""

    MP4 = "mp4"
    """H.264 and AAC, which everything plays."""
    MP4_HEVC = "mp4_hevc"
    """HEVC and AAC: smaller."""
    WEBM = "webm"
    """VP9 and Opus."""
    GIF = "gif"
    """An animation without sound."""


VIDEO_FILES = {
    VideoFormat.MP4: OUTPUT_VIDEO,
    VideoFormat.MP4_HEVC: OUTPUT_VIDEO,
    VideoFormat.WEBM: Artifact("output.webm", ArtifactKind.VIDEO, "video/webm"),
    VideoFormat.GIF: Artifact("output.gif", ArtifactKind.VIDEO, "image/gif"),
}
POSTER = Artifact("poster.jpg", ArtifactKind.IMAGE, "image/jpeg")

SUBTITLE_TYPES = {
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "ass": "text/x-ssa; charset=utf-8",
}
"""Media types by format. IANA registers that of WebVTT only; the other two are those that mpv and Matroska use."""


IMAGE_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
"""Media types of pictures by format."""


def numbered(artifact: Artifact, number: int) -> Artifact:
    """Return one of several files of a kind: `output_2.mp4` of `output.mp4`."""
    stem, _, ending = artifact.name.rpartition(".")
    return artifact._replace(name=f"{stem}_{number}.{ending}")


def image(stem: str, image_format: str) -> Artifact:
    """Return a picture."""
    return Artifact(f"{stem}.{image_format}", ArtifactKind.IMAGE, IMAGE_TYPES[image_format])


def subtitles(stem: str, subtitle_format: str) -> Artifact:
    """Return a subtitle file."""
    return Artifact(f"{stem}.{subtitle_format}", ArtifactKind.SUBTITLES, SUBTITLE_TYPES[subtitle_format])
