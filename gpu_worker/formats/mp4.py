"""How long players show each track of an MP4 file: its edit lists, read and shortened in place (ISO/IEC 14496-12).

Nothing is moved and no box changes its size: a duration is a number at a known place. It reads the files that
our ffmpeg has just written, and takes nothing on trust even so. Of strangers' files, it tells which need a key.
"""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from gpu_worker.sandbox.safe_open import open_read, open_update

_MOST_BOXES = 1000
"""Per level. Our files have a handful; a file with more is not one of them."""

_MOST_EDITS = 100
_PICTURE = "vide"
_TO_ENTRIES = (b"mdia", b"minf", b"stbl", b"stsd")
_ENCRYPTED = frozenset({b"encv", b"enca"})


class Mp4Error(Exception):
    """The file is not laid out as ours are. It has not been changed."""


@dataclass(frozen=True, slots=True)
class _Number:
    """An unsigned number in the file."""

    at: int
    width: int
    value: int

    def write(self, file: BinaryIO, value: int) -> None:
        file.seek(self.at)
        file.write(value.to_bytes(self.width, "big"))


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int
    """Where its content lies, without its header."""


@dataclass(frozen=True, slots=True)
class _Track:
    kind: str
    duration: _Number
    edits: tuple[_Number, ...]
    """How long each part of its edit list is shown."""

    @property
    def length(self) -> int:
        return sum(edit.value for edit in self.edits)


@dataclass(frozen=True, slots=True)
class _Movie:
    """All durations count in `scale` units a second."""

    scale: int
    duration: _Number
    tracks: tuple[_Track, ...]


def read_track_ends(path: Path) -> dict[str, Fraction]:
    """Where each kind of track (`vide`, `soun`) ends, in seconds. Raises UnexpectedLayout."""
    with open_read(path) as file:
        movie = _movie(file)
    return {track.kind: Fraction(track.length, movie.scale) for track in movie.tracks}


def trim_edit_lists(path: Path, end: Fraction) -> None:
    """Let no track be shown beyond `end`, in seconds.

    What follows is decoded where others need it, and not shown. Raises UnexpectedLayout.
    """
    with open_update(path) as file:
        movie = _movie(file)
        ticks = math.ceil(end * movie.scale)
        changes = [(movie.duration, min(movie.duration.value, ticks))]
        for track in movie.tracks:
            changes += _ending(track, min(track.length, ticks))
        _write_all(file, changes)


def set_video_end(path: Path, end: Fraction) -> None:
    """Let the picture be shown until `end`, in seconds, the last frame longer or shorter than its packet says.

    Sounds stay as they are. Raises UnexpectedLayout.
    """
    with open_update(path) as file:
        movie = _movie(file)
        ticks = math.ceil(end * movie.scale)
        pictures = [track for track in movie.tracks if track.kind == _PICTURE]
        others = [track.length for track in movie.tracks if track.kind != _PICTURE]
        changes = [(movie.duration, max(ticks, *others, 0))]
        for track in pictures:
            changes += _ending(track, ticks)
        _write_all(file, changes)


def _ending(track: _Track, ticks: int) -> list[tuple[_Number, int]]:
    """The numbers to write so that a track ends there, in units of the movie."""
    last = track.edits[-1]
    before = track.length - last.value
    if before >= ticks:
        raise Mp4Error("a track starts where it should end")
    return [(last, ticks - before), (track.duration, ticks)]


def _write_all(file: BinaryIO, changes: Iterable[tuple[_Number, int]]) -> None:
    for number, value in changes:
        number.write(file, value)


def is_encrypted(path: Path) -> bool:
    """True if a track is encrypted (ISO/IEC 23001-7); ffmpeg up to 7 decodes it to noise. False for other formats."""
    with open_read(path) as file, contextlib.suppress(Mp4Error):
        moov = _child(file, _whole(file), b"moov")
        return any(_is_encrypted_track(file, box) for box in _children(file, moov) if box.kind == b"trak")
    return False


def _is_encrypted_track(file: BinaryIO, track: _Box) -> bool:
    with contextlib.suppress(Mp4Error):
        box = track
        for kind in _TO_ENTRIES:
            box = _child(file, box, kind)
        # After its version and the number of entries.
        entries = _Box(box.kind, box.start + 8, box.end)
        return any(entry.kind in _ENCRYPTED for entry in _children(file, entries))
    return False


def _whole(file: BinaryIO) -> _Box:
    return _Box(b"", 0, file.seek(0, 2))


def _movie(file: BinaryIO) -> _Movie:
    moov = _child(file, _whole(file), b"moov")
    header = _child(file, moov, b"mvhd")
    wide = _version(file, header) == 1
    scale = _number(file, header, 20 if wide else 12, 4).value
    if scale < 1:
        raise Mp4Error("no time scale")
    duration = _number(file, header, 24 if wide else 16, 8 if wide else 4)
    tracks = tuple(_track(file, box) for box in _children(file, moov) if box.kind == b"trak")
    return _Movie(scale, duration, tracks)


def _track(file: BinaryIO, box: _Box) -> _Track:
    handler = _child(file, _child(file, box, b"mdia"), b"hdlr")
    header = _child(file, box, b"tkhd")
    wide = _version(file, header) == 1
    duration = _number(file, header, 28 if wide else 20, 8 if wide else 4)
    edits = _child(file, _child(file, box, b"edts"), b"elst")
    width = 8 if _version(file, edits) == 1 else 4
    count = _number(file, edits, 4, 4).value
    if not 1 <= count <= _MOST_EDITS:
        raise Mp4Error(f"{count} edits")
    # An edit: how long it is shown, from where in the media, and how fast (four bytes).
    parts = tuple(_number(file, edits, 8 + index * (2 * width + 4), width) for index in range(count))
    return _Track(_read(file, handler, 8, 4).decode("latin-1"), duration, parts)


def _child(file: BinaryIO, parent: _Box, kind: bytes) -> _Box:
    for box in _children(file, parent):
        if box.kind == kind:
            return box
    raise Mp4Error(f"no {kind!r}")


def _children(file: BinaryIO, parent: _Box) -> Iterator[_Box]:
    at = parent.start
    for _ in range(_MOST_BOXES):
        if at >= parent.end:
            return
        size, kind = struct.unpack(">I4s", _read(file, parent, at - parent.start, 8))
        start = at + 8
        if size == 1:
            size, start = _number(file, parent, at + 8 - parent.start, 8).value, at + 16
        if not start <= at + size <= parent.end:
            raise Mp4Error("a box that does not fit")
        yield _Box(kind, start, at + size)
        at += size
    raise Mp4Error("too many boxes")


def _version(file: BinaryIO, box: _Box) -> int:
    return _read(file, box, 0, 1)[0]


def _number(file: BinaryIO, box: _Box, offset: int, width: int) -> _Number:
    return _Number(box.start + offset, width, int.from_bytes(_read(file, box, offset, width), "big"))


def _read(file: BinaryIO, box: _Box, offset: int, size: int) -> bytes:
    if box.start + offset + size > box.end:
        raise Mp4Error("a box that is too short")
    file.seek(box.start + offset)
    data = file.read(size)
    if len(data) != size:
        raise Mp4Error("a file that is too short")
    return data
