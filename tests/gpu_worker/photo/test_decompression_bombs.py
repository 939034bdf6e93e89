"""Files that cost far more than their size. Each is measured in its own process: CPU seconds, bytes of memory."""

from __future__ import annotations

import asyncio
import functools
import io
import multiprocessing
import resource
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from contract.errors import CATALOGUE, Blame, Code
from contract.limits import Limits
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import run_ffmpeg
from gpu_worker.media.info import Color, Cue, Facts, VideoFacts
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.pipeline.cost import check_plan_cost
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.model import PlanOptions
from gpu_worker.sandbox.command import Sandbox, SandboxLimits
from gpu_worker.sandbox.process import MemoryLimitExceeded
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.hostile import damaged_files, run_with_file
from tests.support.media.image_files import GRAY, P3, RGB, RGB_ALPHA, SRGB, chunk, icc_profile, png, tiff
from tests.support.media.inputs import inputs_of
from tests.support.media.photo_decoding import decode_photo

SECONDS, MEGABYTES = 5.0, 600.0
SRT = b"1\n00:00:00,000 --> 00:00:00,300\nhi\n"


@dataclass(frozen=True)
class Measurement:
    """A job's failure code (None: a video) and its cost; memory is the peak of the process so far."""

    code: Code | None
    seconds: float
    megabytes: float


def run_measured(role: str, path: Path, limits: Limits) -> Measurement:
    media = MediaFactory(path.parent)
    (srt := path.parent / "s.srt").write_bytes(SRT)
    before = cpu_seconds()
    code = None
    try:
        if role == "image":
            media.transcode(Img2Vid(url_image=URL, size="64x64", duration=0.1), limits, image=path)
        else:
            media.transcode(Caption(url_video=URL, url_srt=URL), limits, video=path, subtitles=srt)
    except JobFailed as failure:
        code = failure.failure.code
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return Measurement(code, cpu_seconds() - before, max(peak_kilobytes(), children) / 1024)


def peak_kilobytes() -> int:
    """Return the peak memory. `ru_maxrss` would start with the parent's memory, here that of the whole test run."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def cpu_seconds() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


@pytest.fixture(scope="module")
def measuring_process() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        yield pool


def measure(measuring_process: ProcessPoolExecutor, role: str, path: Path, limits: Limits | None = None) -> Measurement:
    return measuring_process.submit(run_measured, role, path, limits or Limits()).result()


def gif(frames: int, size: tuple[int, int] = (16, 16)) -> bytes:
    """An animation whose frames each change one pixel and take 23 bytes."""
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    control = b"\x21\xf9\x04\x00" + struct.pack("<H", 4) + b"\0\0"
    return head + (control + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0") * frames + b";"


@functools.cache
def compressed_zeros() -> bytes:
    """650 MB."""
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(650)) + packer.flush()


def flat_png(side: int, extra: bytes = b"") -> bytes:
    return png((side, side), 8, GRAY, bytes(side), extra)


def picture(kind: str) -> bytearray:
    target = io.BytesIO()
    Image.new("RGB", (64, 64)).save(target, kind, lossless=True)
    return bytearray(target.getvalue())


def make_false_header(kind: str) -> bytes:
    """A small picture whose header states a gigantic one."""
    data = picture("PNG" if kind == "TIFF" else kind)
    if kind == "WEBP":
        at = data.index(b"VP8L") + 9
        data[at : at + 4] = struct.pack("<I", 16383 | 16383 << 14)
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 65500, 65500)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", 65535, 65535)
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", 60000, 60000)
    elif kind == "TIFF":
        tags = {258: ("H", [8]), 259: ("H", [1]), 262: ("H", [1]), 277: ("H", [1]), 278: ("I", [60000])}
        data = bytearray(tiff(tags, [bytes(3600)]))
        for tag in (256, 257):
            at = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
            data[at : at + 4] = struct.pack("<I", 60000)
    return bytes(data)


PICTURES: dict[str, Callable[[], bytes]] = {
    "16k x 16k png": lambda: flat_png(16384),
    "12k x 12k png": lambda: flat_png(12000),
    "gif of 100000 frames": lambda: gif(100_000),
    **{f"lying {kind}": lambda kind=kind: make_false_header(kind) for kind in ("WEBP", "JPEG", "GIF", "BMP", "TIFF")},  # type: ignore[misc]
}


@pytest.mark.fault("G4")
@pytest.mark.parametrize("name", PICTURES)
def test_an_oversized_picture_is_refused_at_once(
    tmp_path: Path, measuring_process: ProcessPoolExecutor, name: str
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(PICTURES[name]())
    assert path.stat().st_size < 3_000_000
    result = measure(measuring_process, "image", path)
    # Only the first frame of an animation is read.
    assert result.code == (None if name.startswith("gif") else Code.MEDIA_OVER_BUDGET)
    assert result.seconds < SECONDS
    assert result.megabytes < MEGABYTES


@pytest.mark.fault("G4")
@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_texts_and_profiles_that_decompress_to_too_much_are_refused(
    tmp_path: Path, measuring_process: ProcessPoolExecutor, name: bytes
) -> None:
    head = b"Comment\0\1\0\0\0" if name == b"iTXt" else b"Comment\0\0"
    path = tmp_path / "bomb"
    path.write_bytes(flat_png(64, chunk(name, head + compressed_zeros())))
    result = measure(measuring_process, "image", path)
    assert result.code == Code.MEDIA_OVER_BUDGET
    assert result.seconds < SECONDS
    assert result.megabytes < MEGABYTES


def patch_box(data: bytes, box: bytes, at: int, value: bytes) -> bytes:
    """An MP4 with some bytes of a box replaced; `at` is the offset from the box's name."""
    place = data.index(box) + at
    return data[:place] + value + data[place + len(value) :]


HUGE = b"\x3f\xff\xff\xff"


def make_video_bytes(media: MediaFactory, name: str) -> bytes:
    small = media.make_video("small.mp4", 1, "64x64", sound=False).read_bytes()
    if name.startswith("24 h"):
        kind = name.rsplit(".", 1)[-1]
        codec = {"mp4": "libx264", "mkv": "libx264", "webm": "libvpx"}[kind]
        return media.make_video(f"day.{kind}", 86400, "64x64", "1/400", sound=False, source="color=c=black",
                            extra=("-c:v", codec)).read_bytes()  # fmt: skip
    if name == "a gap of 24 h":
        gap = ("-vf", "setpts=if(eq(N\\,9)\\,86400/TB\\,PTS)", "-fps_mode", "vfr", "-enc_time_base", "1/25", "-bf", "0")
        return media.make_video("gap.mp4", 0.4, "64x64", sound=False, extra=gap).read_bytes()
    return {
        "frames of 500 days": lambda: patch_box(small, b"stts", 16, HUGE),
        "a billion frame lengths": lambda: patch_box(small, b"stts", 8, HUGE),
        "a billion frame sizes": lambda: patch_box(small, b"stsz", 12, HUGE),
        "a billion frames of one size": lambda: patch_box(small, b"stsz", 8, b"\0\0\0\1" + HUGE),
        "a billion places": lambda: patch_box(small, b"stco", 8, HUGE),
        "a billion runs": lambda: patch_box(small, b"stsc", 8, HUGE),
        "an index of a gigabyte": lambda: patch_box(small, b"moov", -4, HUGE),
        "a header of a gigabyte": lambda: patch_box(small, b"avcC", -4, HUGE),
        "gif of 100000 frames": lambda: gif(100_000),
        "gif of 100000 large frames": lambda: gif(100_000, (4000, 4000)),
    }[name]()  # fmt: skip


REFUSED = (
    "24 h.mp4", "24 h.mkv", "24 h.webm", "frames of 500 days", "a gap of 24 h",
    "gif of 100000 frames", "gif of 100000 large frames",
)  # fmt: skip
SURVIVED = (
    "a billion frame lengths", "a billion frame sizes", "a billion frames of one size", "a billion places",
    "a billion runs", "an index of a gigabyte", "a header of a gigabyte",
)  # fmt: skip


@pytest.mark.fault("G4", "G5")
@pytest.mark.parametrize("name", [*REFUSED, *SURVIVED])
def test_an_oversized_video_is_refused_at_once(
    media: MediaFactory, tmp_path: Path, measuring_process: ProcessPoolExecutor, name: str
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(make_video_bytes(media, name))
    if name.startswith("24 h"):
        assert path.stat().st_size < 12_000
    result = measure(measuring_process, "video", path)
    if name in REFUSED:
        # ffmpeg 7 ignores the 500 days, and decodes the frames that exist.
        unbelieved = {None} if name == "frames of 500 days" else set()
        assert result.code in {Code.MEDIA_OVER_BUDGET, *unbelieved}
    else:
        # ffmpeg ignores implausible tables: it reads the existing data, or nothing.
        assert result.code in {None, Code.MEDIA_UNREADABLE, Code.MEDIA_TRUNCATED}
    assert result.seconds < SECONDS
    assert result.megabytes < MEGABYTES


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_a_hundred_megapixels_take_a_bounded_amount_of_memory(media: MediaFactory, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "photo"
    if kind == "png":
        path.write_bytes(png((12_000, 8_400), 8, RGB, bytes(36_000)))
    else:
        gray = ("-f", "lavfi", "-i", "color=c=gray:s=12000x8400", "-frames:v", "1", "-pix_fmt", "yuvj420p")
        media.run_ffmpeg(*gray, "-f", "image2", path)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        result = measure(fresh, "image", path)
    assert result.code is None
    assert result.megabytes < 420


FILM = VideoFacts(
    "h264", 1920, 1080, 324_000, Fraction(0), Fraction(10_800), Fraction(30), pix_fmt="yuv420p",
    color=Color("bt709"), packet_times=range(324_000), time_base=Fraction(1, 30),
)  # fmt: skip


def check_cost(
    video: VideoFacts, *, threads: int = 2, seconds: float = 600.0, left: float = 600.0, gpu: Gpu | None = None
) -> Code | None:
    """Return the code with which the cost check refuses to caption that video; None if it accepts it."""
    sources = inputs_of(video=Facts("mov", video), cues=(Cue(0, 1000, "Hello"),))
    limits = Limits(execution_seconds=seconds)
    plan = make_plan(Caption(url_video=URL, url_srt=URL), sources, PlanOptions(threads=threads, gpu=gpu))
    try:
        check_plan_cost(plan, sources, threads, limits, left)
    except JobFailed as failure:
        return failure.failure.code
    return None


@pytest.mark.fault("G5")
def test_work_is_limited_by_time_left_and_machine() -> None:
    # Three hours of 1080p30 are 6.7e11 pixels: at 8.6e8 a second and core, 781 seconds, and 168 to decode them.
    assert check_cost(FILM) is None
    assert check_cost(FILM, seconds=400) == Code.MEDIA_OVER_BUDGET
    assert check_cost(FILM, seconds=400, threads=4) is None
    assert check_cost(FILM, threads=1) == Code.MEDIA_OVER_BUDGET
    # Work that another execution could finish is not the media's fault.
    assert check_cost(FILM, left=400) == Code.DEADLINE_EXCEEDED
    # A GPU encodes and decodes 8e9 pixels per second.
    assert check_cost(FILM, seconds=400, gpu=Gpu()) is None
    # Tiny frames cost too: 75,000 of them a second and core.
    tiny = replace(FILM, width=16, height=16, frames=3_000_000)
    assert check_cost(tiny, seconds=30) is None
    assert check_cost(tiny, seconds=15) == Code.MEDIA_OVER_BUDGET


def test_sizes_beyond_h264_levels_are_refused() -> None:
    short = replace(FILM, frames=10)
    assert check_cost(replace(short, width=8192, height=4320)) is None
    assert check_cost(replace(short, width=8192, height=8192)) == Code.MEDIA_OVER_BUDGET
    assert check_cost(replace(short, width=20_000, height=64)) == Code.MEDIA_OVER_BUDGET


@pytest.mark.fault("G12")
def test_a_program_over_its_memory_limit_is_killed(media: MediaFactory, tmp_path: Path) -> None:
    hungry = ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=50,loop=-1:400", "-t", "60", "-f", "null", "-")
    with pytest.raises(MemoryLimitExceeded):
        asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, hungry, tmp_path, memory=200 * 1024**2))
    modest = ("-f", "lavfi", "-i", "color=s=64x64:r=5:d=0.2", "-f", "null", "-")
    asyncio.run(run_ffmpeg(media.sandboxed_ffmpeg, modest, tmp_path, memory=200 * 1024**2))


@pytest.mark.parametrize("stage", ["read", "converted"])
def test_a_photo_that_takes_too_much_memory_is_the_callers_fault(
    media: MediaFactory, tmp_path: Path, stage: str
) -> None:
    path, ffmpeg = tmp_path / "photo", tmp_path / "ffmpeg"
    if stage == "read":
        path.write_bytes(png((6000, 6000), 16, RGB_ALPHA, b"\x80" * (8 * 6000)))
        limits = SandboxLimits(reading_bytes=120 * 1024**2)
    else:
        path.write_bytes(png((64, 64), 8, RGB, bytes(192)))
        limits = SandboxLimits(reading_bytes=250 * 1024**2)
    hungry = f"exec {sys.executable} -c 'import time; block = bytearray(400 << 20); time.sleep(30)'"
    ffmpeg.write_text(f'#!/bin/sh\ncase "$*" in *in_image.rgb*) {hungry};; esac\nexec {media.ffmpeg} "$@"\n')
    ffmpeg.chmod(0o755)
    machine = Machine(Ffmpeg(str(ffmpeg), Sandbox(limits=limits)), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, size="64x64", duration=0.1), machine=machine, image=path)
    assert failure.value.failure.code == Code.MEDIA_OVER_BUDGET
    assert "memory" in failure.value.failure.params["limit"]


def test_a_photo_that_takes_too_long_is_the_callers_fault(media: MediaFactory, tmp_path: Path) -> None:
    path = tmp_path / "in_image"
    path.write_bytes(png((6000, 6000), 16, RGB_ALPHA, bytes(8 * 6000)))
    with pytest.raises(JobFailed) as failure:
        asyncio.run(read_photo(media.sandbox, path, "url_image", 10**8, (64, 64), max_seconds=0.3))
    assert failure.value.failure.code == Code.MEDIA_OVER_BUDGET
    assert "long" in failure.value.failure.params["limit"]


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """A small PNG with an extra chunk before its picture."""
    return png((64, 64), 8, RGB, bytes(192), chunk(kind, content))


def with_curve(whole: bytes, curve: bytes) -> bytes:
    """A profile with another curve for green."""
    changed = bytearray(whole)
    for at in range(132, 132 + 12 * int.from_bytes(whole[128:132], "big"), 12):
        if whole[at : at + 4] == b"gTRC":
            changed[at + 4 : at + 12] = struct.pack(">II", len(whole), len(curve))
    return bytes(changed) + curve


@pytest.mark.fault("G6")
@pytest.mark.parametrize("kind", ["EXIF of a PNG", "TIFF"])
def test_a_directory_of_a_thousand_entries_takes_no_memory(
    tmp_path: Path, measuring_process: ProcessPoolExecutor, kind: str
) -> None:
    """Each entry refers to the same hundred thousand numbers."""
    entries, tags = 1000, (274, 273, 279, 34675)
    data = 8 + 2 + 12 * entries + 4
    block = b"II*\0" + struct.pack("<IH", 8, entries)
    block += b"".join(struct.pack("<HHII", tags[n % 4] if n < 40 else n, 4, 100_000, data) for n in range(entries))
    block += bytes(4) + bytes(400_000)
    path = tmp_path / "photo"
    path.write_bytes(block if kind == "TIFF" else with_chunk(b"eXIf", block))
    result = measure(measuring_process, "image", path)
    assert result.code in {None, Code.MEDIA_UNREADABLE, Code.MEDIA_UNSUPPORTED, Code.MEDIA_TRUNCATED}
    assert result.seconds < SECONDS
    assert result.megabytes < MEGABYTES


@pytest.mark.fault("G6")
@pytest.mark.parametrize("count", [70_000, 8_000_000])
def test_a_curve_of_a_million_points_takes_no_memory(
    tmp_path: Path, measuring_process: ProcessPoolExecutor, count: int
) -> None:
    table = b"curv" + bytes(4) + struct.pack(">I", count) + b"\x12\x34" * count
    path = tmp_path / "photo"
    path.write_bytes(with_chunk(b"iCCP", b"x\0\0" + zlib.compress(with_curve(icc_profile(P3), table))))
    result = measure(measuring_process, "image", path)
    assert result.code is None
    assert result.seconds < SECONDS
    assert result.megabytes < MEGABYTES


@pytest.mark.fault("G7")
@pytest.mark.parametrize(
    "formula",
    [(0, -2.0), (0, 0.0), (0, 300.0), (3, 2.4, 30_000.0, 30_000.0, 0.0, 0.0), (3, -1.0, 1.0, 0.0, 0.0, 0.0)],
)
def test_an_invalid_curve_does_no_harm(tmp_path: Path, formula: tuple[float, ...]) -> None:
    kind, *numbers = formula
    curve = b"para" + bytes(4) + struct.pack(f">HH{len(numbers)}i", int(kind), 0, *(round(n * 65536) for n in numbers))
    data = with_chunk(b"iCCP", b"x\0\0" + zlib.compress(with_curve(icc_profile(SRGB), curve)))
    image, notes = decode_photo(data, tmp_path)
    assert image.size == (64, 64)
    assert set(notes) <= {"profile"}


@pytest.mark.fault("G3")
@pytest.mark.parametrize(
    "numbers", [range(40), pytest.param(range(40, 600), marks=[pytest.mark.full, pytest.mark.timeout(600)])]
)
def test_damaged_files_end_in_a_video_or_in_a_code(media: MediaFactory, tmp_path: Path, numbers: range) -> None:
    """Including those that reach the encode; each is limited by its execution time."""
    found: Counter[str] = Counter()

    async def one(number: int, role: str, data: bytes, turns: asyncio.Semaphore) -> None:
        async with turns:
            code = await run_with_file(media, media.ffmpeg, tmp_path / str(number), role, data)
        assert code not in {Code.INTERNAL, Code.RESOURCES, Code.EXECUTION_TIMEOUT}, number
        found["made" if code is None else CATALOGUE[code].blame] += 1

    async def every() -> None:
        turns = asyncio.Semaphore(2)
        await asyncio.gather(*(one(n, *sample, turns) for n, sample in enumerate(damaged_files(media, numbers))))

    asyncio.run(every())
    assert found["made"] > len(numbers) // 5
    assert found[Blame.CALLER] > len(numbers) // 5
    assert not found[Blame.US], found
