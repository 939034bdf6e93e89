"""Input files: the field of each kind of file, the same in every operation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, NamedTuple

from contract.operations.fields import Url, url_schema
from contract.roles import Role

ROLES = {
    "url_image": Role.IMAGE,
    "url_video": Role.VIDEO,
    "url_audio": Role.AUDIO,
    "url_srt": Role.SUBTITLES,
}
"""Roles by field name, in the order in which inputs are listed everywhere."""

FIELDS = {role: field for field, role in ROLES.items()}
"""Field names by role."""

CLIP, NARRATION = "https://media.example.com/clip.mp4", "https://media.example.com/narration.mp3"
PHOTO, CAPTIONS = "https://media.example.com/photo.jpg", "https://media.example.com/captions.srt"

VideoUrl = Annotated[Url, url_schema("A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.", CLIP)]
AudioUrl = Annotated[
    Url, url_schema("A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.", NARRATION)
]
ImageUrl = Annotated[
    Url,
    url_schema("A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile.", PHOTO),
]
SubtitlesUrl = Annotated[Url, url_schema("Subtitles: SRT, WebVTT or ASS, in any encoding.", CAPTIONS)]


def inputs_first(names: Iterable[str]) -> list[str]:
    """Return the names of fields with those of input files first, in the order of `ROLES`."""
    order = list(ROLES)
    return sorted(names, key=lambda name: order.index(name) if name in ROLES else len(order))


class Input(NamedTuple):
    """One file to download: the field that names it, its role, and its URL."""

    field: str
    role: Role
    url: str
