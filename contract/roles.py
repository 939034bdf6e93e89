"""The kinds of file that an operation takes."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    SUBTITLES = "subtitles"
