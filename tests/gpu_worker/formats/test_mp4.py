"""Edit lists are read and shortened in place in every valid layout; files of another structure do not change."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_worker.formats.mp4 import is_encrypted, list_tracks, read_track_ends, set_video_end, trim_edit_lists
from gpu_worker.formats.mp4_boxes import Mp4Error


def box(kind: bytes, *content: bytes, large: bool = False) -> bytes:
    body = b"".join(content)
    if large:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def movie(scale: int, duration: int, *tracks: bytes, wide: bool = False) -> bytes:
    times = struct.pack(">IQQIQ" if wide else ">IIIII", wide << 24, 0, 0, scale, duration)
    header = box(b"mvhd", times, bytes(80))
    return (
        box(b"ftyp", b"isom")
        + box(b"moov", header, box(b"udta"), *tracks, large=wide)
        + box(b"mdat", b"pixels", large=wide)
    )


def track(kind: bytes, duration: int, *edits: tuple[int, int], wide: bool = False) -> bytes:
    head = struct.pack(">IQQIIQ" if wide else ">IIIIII", wide << 24, 0, 0, 1, 0, duration)
    rows = b"".join(struct.pack(">Qqi" if wide else ">Iii", *edit, 1 << 16) for edit in edits)
    table = box(b"elst", struct.pack(">II", wide << 24, len(edits)), rows)
    media = box(b"mdia", box(b"hdlr", bytes(8), kind, bytes(12)))
    return box(b"trak", box(b"tkhd", head, bytes(60)), box(b"edts", table), media)


@pytest.mark.parametrize("wide", [False, True])
def test_all_tracks_and_the_movie_end_at_the_trim(tmp_path: Path, wide: bool) -> None:
    path = tmp_path / "m.mp4"
    long = 2**33 if wide else 9000
    before = movie(600, long, track(b"vide", long, (120, -1), (long - 120, 40), wide=wide),
                   track(b"soun", 1500, (1500, 1024), wide=wide), wide=wide)  # fmt: skip
    path.write_bytes(before)
    assert read_track_ends(path) == {"vide": Fraction(long, 600), "soun": Fraction(5, 2)}
    trim_edit_lists(path, Fraction(1701, 600) - Fraction(1, 10**6))
    assert read_track_ends(path) == {"vide": Fraction(1701, 600), "soun": Fraction(5, 2)}
    expected = movie(600, 1701, track(b"vide", 1701, (120, -1), (1581, 40), wide=wide),
                     track(b"soun", 1500, (1500, 1024), wide=wide), wide=wide)  # fmt: skip
    assert path.read_bytes() == expected


def test_subtitle_tracks_are_trimmed_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.mp4"
    tracks = track(b"vide", 5000, (5000, 0)), track(b"sbtl", 4000, (4000, 0)), track(b"sbtl", 1000, (1000, 0))
    path.write_bytes(movie(1000, 5000, *tracks))
    set_video_end(path, Fraction(3))
    assert list_tracks(path) == [("vide", 3), ("sbtl", 4), ("sbtl", 1)]
    trim_edit_lists(path, Fraction(2))
    assert list_tracks(path) == [("vide", 2), ("sbtl", 2), ("sbtl", 1)]


GOOD = movie(1000, 5000, track(b"vide", 5000, (5000, 0)), track(b"soun", 5000, (5000, 1024)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an MP4 file at all",
        GOOD[:100],
        GOOD.replace(b"moov", b"free"),
        GOOD.replace(b"mvhd", b"free"),
        GOOD.replace(b"elst", b"free"),
        GOOD.replace(b"hdlr", b"free"),
        movie(0, 5000, track(b"vide", 5000, (5000, 0))),
        movie(1000, 5000, track(b"vide", 5000)),
        movie(1000, 5000, track(b"vide", 5000, *[(1, 0)] * 101)),
        movie(1000, 5000, track(b"vide", 5000, (4000, -1), (1000, 0))),
        box(b"free") * 1001 + GOOD,
        struct.pack(">I4s", 2**31, b"moov"),
        struct.pack(">I4s", 4, b"moov"),
    ],
)
def test_unexpected_structure_is_not_changed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.mp4"
    path.write_bytes(data)
    with pytest.raises(Mp4Error):
        trim_edit_lists(path, Fraction(2))
    assert path.read_bytes() == data


def track_with_samples(kind: bytes) -> bytes:
    table = box(b"stsd", struct.pack(">II", 0, 1), box(kind, bytes(78)))
    return box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", table))))


@pytest.mark.fault("G9")
@pytest.mark.parametrize(
    ("tracks", "needed"),
    [
        ([track_with_samples(b"avc1"), track_with_samples(b"mp4a")], False),
        ([track_with_samples(b"avc1"), track_with_samples(b"enca")], True),
        ([track_with_samples(b"encv")], True),
        ([box(b"trak"), track_with_samples(b"encv")], True),
        ([box(b"trak", b"encv")], False),
        ([], False),
    ],
)
def test_encrypted_tracks_are_detected(tmp_path: Path, tracks: list[bytes], needed: bool) -> None:
    path = tmp_path / "m.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + box(b"mdat", b"encv") + box(b"moov", *tracks))
    assert is_encrypted(path) is needed


@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(st.integers(0, len(GOOD) - 1), st.integers(0, 255), max_size=6), length=st.integers(0))
def test_broken_file_raises_only_mp4_error(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[int, int], length: int
) -> None:
    data = bytearray(GOOD)
    for at, value in changes.items():
        data[at] = value
    path = tmp_path_factory.getbasetemp() / "broken.mp4"
    path.write_bytes(data[: len(data) - length % 40])
    assert is_encrypted(path) is False
    try:
        trim_edit_lists(path, Fraction(2))
    except Mp4Error:
        return
    assert path.stat().st_size == len(data) - length % 40
    assert all(end <= 2 for end in read_track_ends(path).values())
