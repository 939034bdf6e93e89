"""Identify files that are not SRT, WebVTT or ASS by their first bytes, so that the error can name the format."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or a word processor document"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel document"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"ID3", "an MP3 file"),
    (b"RIFF", "a WAV, AVI or WebP file"),
    (b"OggS", "an Ogg file"),
    (b"SQLite format 3", "a database"),
    (b"\x00\x00\x01\xba", "VobSub subtitles"),
)
_MAGIC_AT_OFFSET = ((b"ftyp", 4, "an MP4 or MOV file"), (b"STL", 3, "EBU STL subtitles"))


class UnsupportedFormat(NamedTuple):
    """`is_certain`: not even time lines in it make it SRT or WebVTT."""

    name: str
    is_certain: bool = False


_TEXT = (
    (re.compile(r"<sami\b", re.IGNORECASE), "SAMI subtitles"),
    (
        re.compile(r"(?:<\?xml[^>]{0,200}\?>)?\s{0,99}(?:<!--[^>]{0,999}-->\s{0,99})?<(?:\w{1,9}:)?tt\b"),
        "TTML subtitles",
    ),
    (re.compile(r"<transcript\b|<\?xml[^>]{0,200}\?>\s{0,99}<(?:transcript|timedtext)\b"), "YouTube XML captions"),
    (re.compile(r"<!doctype html|<html\b|<head\b|<body\b", re.IGNORECASE), "an HTML page"),
    (re.compile(r"<\?xml\b|<fcpxml\b|<!DOCTYPE\b"), "an XML file"),
    (re.compile(r"\{\d{1,9}\}\{\d{0,9}\}"), "MicroDVD subtitles"),
    (re.compile(r"\[\d{1,9}\]\[\d{0,9}\]"), "MPL2 subtitles"),
    (re.compile(r"(?:\[[a-z]{2,6}:[^\]\n]{0,200}\]\s{0,9}){0,20}\[\d{1,3}:\d\d(?:[.:]\d{1,3})?\]"), "LRC lyrics"),
    (re.compile(r"Scenarist_SCC"), "SCC captions"),
    (re.compile(r"# VobSub"), "a VobSub index"),
    (re.compile(r"#EXTM3U"), "an HLS playlist"),
    (re.compile(r"(?:\$\w|//)[^\n]{0,200}\n(?:.{0,200}\n){0,40}\d\d:\d\d:\d\d:\d\d\s?,"), "Spruce STL subtitles"),
    (
        re.compile(r"(?:.{0,200}\n){0,20}.{0,20}(?:\d\d:){3}\d\d[ \t,-]{1,3}(?:\d\d:){3}\d\d"),
        "subtitles timed in frames",
    ),
    (re.compile(r"\d{1,2}:\d\d:\d\d[:=][^\d\s]"), "TMPlayer subtitles"),
    (
        re.compile(r"\(?(?:\d{1,2}:){1,2}\d\d\)?\s{0,9}\n[^\n]{1,500}\n\s{0,9}\(?\d{1,2}:\d\d"),
        "a transcript with start times only",
    ),
    (
        re.compile(r"[^\n,;\t]{1,60}(?:[,;\t][^\n,;\t]{0,200}){2,20}\n[^\n,;\t]{0,60}(?:[,;\t][^\n,;\t]{0,200}){2}"),
        "a table",
    ),
)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_JSON = re.compile(r"[\[{]\s{0,99}[\"{\[]")


def identify_binary_format(data: bytes) -> str | None:
    """Return the name of a binary format; None if the bytes may be text."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    return next((name for magic, at, name in _MAGIC_AT_OFFSET if data[at : at + len(magic)] == magic), None)


def identify_text_format(text: str) -> UnsupportedFormat | None:
    """Return the format that the text starts like; None if it may be subtitles."""
    text = text.lstrip("\ufeff\0 \t\r\n")
    if len(_CONTROL.findall(text)) * 20 > len(text):
        return UnsupportedFormat("a binary file", is_certain=True)
    if _JSON.match(text):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return UnsupportedFormat("JSON data", is_certain=True)
    return next((UnsupportedFormat(name) for pattern, name in _TEXT if pattern.match(text)), None)
