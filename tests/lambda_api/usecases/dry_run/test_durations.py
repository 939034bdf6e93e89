from __future__ import annotations

import io
import struct
import time
import wave
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_api.usecases.dry_run.durations import index_offset, media_seconds


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def movie_header(scale: int, length: int, *, wide: bool = False) -> bytes:
    times = (
        struct.pack(">BxxxQQIQ", 1, 0, 0, scale, length) if wide else struct.pack(">BxxxIIII", 0, 0, 0, scale, length)
    )
    return box(b"mvhd", times + bytes(80))


FTYP = box(b"ftyp", b"isom" + bytes(12))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("before", [b"", box(b"free", bytes(100)), struct.pack(">I4sQ", 1, b"wide", 24) + bytes(8)])
def test_movie_header_is_found_in_the_first_bytes(before: bytes, wide: bool) -> None:
    movie = struct.pack(">I4s", 900_000, b"moov") + movie_header(600, 7230, wide=wide)
    assert media_seconds(FTYP + before + movie, 10_000_000) == 12.05


def test_index_after_the_media_tells_nothing() -> None:
    head = FTYP + struct.pack(">I4s", 5_000_000, b"mdat") + bytes(60_000)
    assert media_seconds(head, 5_100_000) is None


@pytest.mark.parametrize(
    "media", [struct.pack(">I4s", 5_000_000, b"mdat"), struct.pack(">I4sQ", 1, b"mdat", 5_000_000)]
)
def test_index_after_the_media_is_found_by_its_offset(media: bytes) -> None:
    head = FTYP + media + bytes(60_000)
    assert index_offset(head, 5_100_000) == len(FTYP) + 5_000_000
    index = struct.pack(">I4s", 90_000, b"moov") + movie_header(600, 7230)
    assert media_seconds(head, 5_100_000, index) == 12.05
    assert media_seconds(head, 5_100_000, bytes(4096)) is None


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (FTYP + struct.pack(">I4s", 900_000, b"moov") + movie_header(600, 7230), 10**6),
        (FTYP + struct.pack(">I4s", 5_000_000, b"mdat") + bytes(60_000), 5_000_000),
        (FTYP + struct.pack(">I4s", 0, b"mdat") + bytes(60_000), 10**6),
        (b"RIFF" + bytes(100), 10**6),
        (b"", 10**6),
    ],
)
def test_no_offset_without_an_index_to_find(head: bytes, size: int) -> None:
    assert index_offset(head, size) is None


@pytest.mark.parametrize(
    "header",
    [
        movie_header(0, 100),
        movie_header(600, 0),
        movie_header(600, 2**32 - 1),
        movie_header(1, 2**63, wide=True),
        movie_header(600, 7230)[:20],
        box(b"mvhd", b""),
    ],
)
def test_useless_movie_header_tells_nothing(header: bytes) -> None:
    assert media_seconds(FTYP + struct.pack(">I4s", 5000, b"moov") + header, 100_000) is None


def test_sound_is_as_long_as_its_whole_file() -> None:
    whole = io.BytesIO()
    with wave.open(whole, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(bytes(4 * 48_000 * 3))
    data = whole.getvalue()
    assert media_seconds(data[: 64 * 1024], len(data)) == 3.0


def test_mp3_of_constant_rate_is_as_long_as_its_whole_file() -> None:
    """MPEG-1 layer III, 128 kb/s, 44.1 kHz: 417 bytes for each frame of 1152 samples."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    size = len(frame) * 4000
    seconds = media_seconds((frame * 200)[: 64 * 1024], size)
    assert seconds == pytest.approx(4000 * 1152 / 44_100, rel=0.01)


def test_other_files_tell_nothing() -> None:
    for head in (
        b"",
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"1\n00:00:00,000 --> 00:00:01,000\nHi\n",
        b"OggS" + bytes(100),
    ):
        assert media_seconds(head, None) is None


marks = st.sampled_from(
    [FTYP, b"ID3\x04\0\0\0\0\x0f\x7f", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"fLaC", b"OggS", b"\xff\xfb\x90\0", b""]
)


@given(marks, st.binary(max_size=300), st.integers(0, 2**40))
def test_no_bytes_raise(mark: bytes, rest: bytes, size: int) -> None:
    seconds = media_seconds(mark + rest, size, rest)
    index_offset(mark + rest, size)
    assert seconds is None or seconds > 0


@pytest.mark.parametrize(
    "mark", [FTYP, b"ID3\x04\0\0\0\0\x0f\x7f", b"RIFF\xff\xff\xff\xffWAVE", b"fLaC", b"OggS\0", b"\xff\xfb"]
)
def test_hostile_bytes_take_no_time(mark: bytes) -> None:
    noise = Random(5).randbytes(65_000)  # noqa: S311
    began = time.process_time()
    for rest in (bytes(65_000), b"\xff\xfb\x90\0" * 16_000, noise, b"\0\0\0\x08free" * 8000):
        media_seconds(mark + rest, 2**40)
    assert time.process_time() - began < 1.0
