"""Read and shorten the edit lists of MP4 files in place, and detect encrypted tracks (ISO/IEC 14496-12).

No Python library changes single numbers of an MP4 file in place, and ffmpeg cannot end a copied stream by edit list.
Nothing is moved and no box changes its size: a duration is a number at a known position. Our ffmpeg has just written
the files to shorten, but their sizes are not trusted either; `is_encrypted` reads untrusted files.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from gpu_worker.formats.mp4_boxes import (
    Box,
    Mp4Error,
    Number,
    find_child,
    read_bytes,
    read_children,
    read_number,
    read_version,
    whole_file,
)
from gpu_worker.sandbox.safe_open import open_read, open_update

_MAX_EDITS = 100
_VIDEO = "vide"
_SAMPLE_DESCRIPTION = (b"mdia", b"minf", b"stbl", b"stsd")
_ENCRYPTED = frozenset({b"encv", b"enca"})


@dataclass(frozen=True, slots=True)
class _Track:
    """A track; `edits` are the durations of the parts of its edit list."""

    kind: str
    duration: Number
    edits: tuple[Number, ...]

    @property
    def length(self) -> int:
        return sum(edit.value for edit in self.edits)


@dataclass(frozen=True, slots=True)
class _Movie:
    """A file. All durations are in units of 1/`scale` s."""

    scale: int
    duration: Number
    tracks: tuple[_Track, ...]


def list_tracks(path: Path) -> list[tuple[str, Fraction]]:
    """Return the kind of each track (`vide`, `soun`, `sbtl`) and its end in seconds. Raises Mp4Error."""
    with open_read(path) as file:
        movie = _read_movie(file)
    return [(track.kind, Fraction(track.length, movie.scale)) for track in movie.tracks]


def read_track_ends(path: Path) -> dict[str, Fraction]:
    """Return the end of each kind of track in seconds. Raises Mp4Error."""
    return dict(list_tracks(path))


def trim_edit_lists(path: Path, end: Fraction) -> None:
    """End all tracks at `end`, in seconds, or earlier. Raises Mp4Error.

    Players decode later frames where others refer to them, but do not show them.
    """
    with open_update(path) as file:
        movie = _read_movie(file)
        ticks = math.ceil(end * movie.scale)
        changes = [(movie.duration, min(movie.duration.value, ticks))]
        for track in movie.tracks:
            changes += _end_track(track, min(track.length, ticks))
        _write_all(file, changes)


def set_video_end(path: Path, end: Fraction) -> None:
    """End the picture at `end`, in seconds, by showing the last frame longer or shorter. Raises Mp4Error.

    Sounds do not change.
    """
    with open_update(path) as file:
        movie = _read_movie(file)
        ticks = math.ceil(end * movie.scale)
        videos = [track for track in movie.tracks if track.kind == _VIDEO]
        others = [track.length for track in movie.tracks if track.kind != _VIDEO]
        changes = [(movie.duration, max(ticks, *others, 0))]
        for track in videos:
            changes += _end_track(track, ticks)
        _write_all(file, changes)


def is_encrypted(path: Path) -> bool:
    """Return True if a track is encrypted (ISO/IEC 23001-7): ffmpeg up to 7 decodes it to noise.

    False for other file formats.
    """
    with open_read(path) as file, contextlib.suppress(Mp4Error):
        movie = find_child(file, whole_file(file), b"moov")
        return any(_is_encrypted_track(file, box) for box in read_children(file, movie) if box.kind == b"trak")
    return False


def _is_encrypted_track(file: BinaryIO, track: Box) -> bool:
    with contextlib.suppress(Mp4Error):
        box = track
        for kind in _SAMPLE_DESCRIPTION:
            box = find_child(file, box, kind)
        # The entries follow the version and the number of entries.
        entries = Box(box.kind, box.start + 8, box.end)
        return any(entry.kind in _ENCRYPTED for entry in read_children(file, entries))
    return False


def _end_track(track: _Track, ticks: int) -> list[tuple[Number, int]]:
    """Return the numbers to write so that a track ends at `ticks`, in units of the movie."""
    last = track.edits[-1]
    before = track.length - last.value
    if before >= ticks:
        raise Mp4Error("a track starts where it should end")
    return [(last, ticks - before), (track.duration, ticks)]


def _write_all(file: BinaryIO, changes: Iterable[tuple[Number, int]]) -> None:
    for number, value in changes:
        number.write(file, value)


def _read_movie(file: BinaryIO) -> _Movie:
    movie = find_child(file, whole_file(file), b"moov")
    header = find_child(file, movie, b"mvhd")
    is_wide = read_version(file, header) == 1
    scale = read_number(file, header, 20 if is_wide else 12, 4).value
    if scale < 1:
        raise Mp4Error("no time scale")
    duration = read_number(file, header, 24 if is_wide else 16, 8 if is_wide else 4)
    tracks = tuple(_read_track(file, box) for box in read_children(file, movie) if box.kind == b"trak")
    return _Movie(scale, duration, tracks)


def _read_track(file: BinaryIO, box: Box) -> _Track:
    handler = find_child(file, find_child(file, box, b"mdia"), b"hdlr")
    header = find_child(file, box, b"tkhd")
    is_wide = read_version(file, header) == 1
    duration = read_number(file, header, 28 if is_wide else 20, 8 if is_wide else 4)
    edit_list = find_child(file, find_child(file, box, b"edts"), b"elst")
    width = 8 if read_version(file, edit_list) == 1 else 4
    count = read_number(file, edit_list, 4, 4).value
    if not 1 <= count <= _MAX_EDITS:
        raise Mp4Error(f"{count} edits")
    # An edit: its duration, its start in the media, and its speed (four bytes).
    edits = tuple(read_number(file, edit_list, 8 + index * (2 * width + 4), width) for index in range(count))
    return _Track(read_bytes(file, handler, 8, 4).decode("latin-1"), duration, edits)


def is_faststart(path: Path) -> bool | None:
    """Return True if the index of an MP4 file is before its media; None for other formats."""
    with open_read(path) as file, contextlib.suppress(Mp4Error):
        kinds = [box.kind for box in read_children(file, whole_file(file))]
        if b"moov" in kinds and b"mdat" in kinds:
            return kinds.index(b"moov") < kinds.index(b"mdat")
    return None
