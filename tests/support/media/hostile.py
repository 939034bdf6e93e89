"""Malicious files: intact ones to start from, random damage, and false statements."""

from __future__ import annotations

import io
import random
import struct
import wave
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import transcode
from gpu_worker.plan.model import VIDEO, local_name
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.image_files import P3, RGB, chunk, icc_profile, png
from tests.support.media.inputs import local_role

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf"})


def make_seed_files(media: MediaFactory) -> dict[str, list[Path]]:
    """Return small intact files by role."""
    x = ("-c:v", "libvpx"), ("-c:v", "mpeg4"), ("-pix_fmt", "rgb8")
    return {
        "video": [
            media.make_video("f.mp4", 0.4, "64x48"), media.make_video("f.ts", 0.4, "64x48"),
            media.make_video("f.webm", 0.4, "64x48", extra=x[0]), media.make_video("f.avi", 0.4, "64x48", extra=x[1]),
            media.make_video("f.gif", 0.4, "64x48", sound=False, extra=x[2]),
            media.make_video("f.mkv", 0.4, "64x48", extra=("-metadata:s:v", "language=ger", "-metadata", "title=t")),
        ],
        "audio": [media.make_audio(f"f{kind}", 0.3) for kind in (".mp3", ".m4a", ".wav", ".flac")],
        "image": [
            *(media.make_circle(f"disc.{kind}", (80, 60), 20) for kind in ("png", "jpg", "webp", "tiff", "bmp", "gif")),
            *(_make_described(media, kind) for kind in ("png", "jpg", "webp")),
        ],
    }  # fmt: skip


def _make_described(media: MediaFactory, kind: str) -> Path:
    """Return a photo with a wide-gamut profile, rotated by its EXIF."""
    path = media.folder / f"described.{kind}"
    if not path.exists():
        exif = Image.Exif()
        exif[0x112] = 6
        with Image.open(media.make_circle("disc.png", (80, 60), 20)) as image:
            image.convert("RGB").save(path, exif=exif, icc_profile=icc_profile(P3))
    return path


async def run_with_file(media: MediaFactory, ffmpeg: str, directory: Path, role: str, data: bytes) -> Code | None:
    """Run a job whose file of that role has these bytes. Return its failure's code; None if it makes a video."""
    operation = _prepare_job(media, directory, role, data)
    try:
        await transcode(
            operation,
            directory,
            Machine(Ffmpeg(ffmpeg, media.sandbox), None, 1),
            Limits(execution_seconds=30),
            lambda *_: None,
        )
    except JobFailed as failure:
        return failure.failure.code
    return None


def _prepare_job(media: MediaFactory, directory: Path, role: str, data: bytes) -> Operation:
    directory.mkdir()
    (directory / local_role(role)).write_bytes(data)
    (directory / local_name("url_srt")).write_text("1\n00:00:00,000 --> 00:00:00,300\nhi\n")
    if role == "video":
        return Caption(url_video=URL, url_srt=URL)
    if role == "image":
        return Img2Vid(url_image=URL, size="64x64", duration=0.1)
    (directory / local_name(VIDEO)).symlink_to(media.make_video("f.mp4", 0.4, "64x48"))
    return AddAudio(url_video=URL, url_audio=URL)


def mutate(data: bytes, generator: random.Random) -> bytes:
    """Flip, overwrite, insert or cut off some bytes, near the start more often than elsewhere."""
    bytes_ = bytearray(data)
    reach = len(bytes_) if generator.random() < 0.4 else min(len(bytes_), generator.choice((64, 300, 1500)))
    for _ in range(generator.choice((1, 2, 5, 20))):
        at = generator.randrange(reach)
        how = generator.randrange(4)
        if how == 0:
            bytes_[at] ^= 1 << generator.randrange(8)
        elif how == 1:
            bytes_[at] = generator.choice((0, 255, 127, 128))
        elif how == 2:
            bytes_[at : at + 4] = generator.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
        else:
            bytes_[at:at] = generator.randbytes(generator.randrange(8))
    return bytes(bytes_[: generator.randrange(1, len(bytes_))] if generator.random() < 0.1 else bytes_)


def damaged_files(media: MediaFactory, numbers: range) -> Iterator[tuple[str, bytes]]:
    """Yield a role and a damaged file for each number, the same ones in every run."""
    whole = {role: [path.read_bytes() for path in paths] for role, paths in make_seed_files(media).items()}
    for number in numbers:
        generator = random.Random(number)  # noqa: S311
        role = generator.choice(("video", "audio", "image"))
        yield role, mutate(generator.choice(whole[role]), generator)


def with_alias(video: bytes, target: Path) -> bytes:
    """Return a QuickTime video that claims its samples are in another file: an alias record with an absolute path."""
    path = str(target).encode()
    record = bytes(10) + b"\4disk" + bytes(23) + bytes(12) + b"\1x" + bytes(62) + bytes(16)
    record += struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">hh", 2, len(path)) + path + bytes(len(path) % 2) + struct.pack(">hh", -1, 0)
    return _replace_data_reference(video, b"alis", record)


def with_address(video: bytes, url: str) -> bytes:
    """Return the same with a URL, as the MP4 standard defines it."""
    return _replace_data_reference(video, b"url ", url.encode() + b"\0")


def _replace_data_reference(video: bytes, kind: bytes, where: bytes) -> bytes:
    entry = struct.pack(">I4sI", 12 + len(where), kind, 0) + where
    return _change_box(video, b"dref", lambda _: struct.pack(">II", 0, 1) + entry)


def with_tracks(video: bytes, count: int) -> bytes:
    """Return an MP4 that has its first track `count` times."""

    def more(moov: bytes) -> bytes:
        track = next(moov[at : at + size] for at, size, kind in _boxes(moov) if kind == b"trak")
        return moov + track * (count - 1)

    return _change_box(video, b"moov", more)


def with_codec(video: bytes, name: bytes) -> bytes:
    """Return an H.264 MP4 that states another codec."""
    return video.replace(b"avc1", name)


def animated_png(frames: int) -> bytes:
    """Return an animated PNG whose frames after the first are one pixel each."""
    still = png((64, 64), 8, RGB, bytes(192))
    end = chunk(b"IEND", b"")
    pixel = zlib.compress(b"\0\0\0\0")

    def control(number: int, side: int) -> bytes:
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, side, side, 0, 0, 1, 25, 0, 0))

    out = [still[:33], chunk(b"acTL", struct.pack(">II", frames, 0)), control(0, 64), still[33 : -len(end)]]
    for number in range(1, frames):
        out += [control(2 * number - 1, 1), chunk(b"fdAT", struct.pack(">I", 2 * number) + pixel)]
    return b"".join([*out, end])


def make_wav(hertz: int, channels: int, frames: int) -> bytes:
    """Return a WAV of that sample rate."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(hertz)
        file.writeframes(b"\x10\x20" * channels * frames)
    return target.getvalue()


def _boxes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, size and kind of each box of an MP4, or of a box's body."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield at, size, kind
        at += size


def _change_box(data: bytes, name: bytes, change: Callable[[bytes], bytes]) -> bytes:
    out = b""
    for at, size, kind in _boxes(data):
        inner = data[at + 8 : at + size]
        if kind == name:
            inner = change(inner)
        elif kind in _CONTAINERS:
            inner = _change_box(inner, name, change)
        out += struct.pack(">I4s", 8 + len(inner), kind) + inner
    return out
