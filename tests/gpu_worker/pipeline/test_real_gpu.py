"""Decode, draw and encode on a real GPU. Skipped without one; `-s` shows frames per second and decibels.

    FFMPEG=/path/to/ffmpeg python -m pytest -s tests/gpu_worker/pipeline/test_real_gpu.py

A GPU without an encoder (A100, H100, H200) proves decoding and drawing, and skips the rest.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

import pytest

from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.pipeline.gpu_probe import GpuProbe
from gpu_worker.plan.cuda.graph import CUDA_INPUT_ARGS, gpu_graph
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import IN_VIDEO, OUTPUT
from tests.support.media.captioned_frames import (
    CUES,
    SOURCES,
    draw_frames,
    filter_graph,
    make_source,
    mean_square_error,
    plan_captions,
    write_plan_files,
)
from tests.support.media.factory import MediaFactory

pytestmark = pytest.mark.skipif(not Path("/dev/nvidiactl").exists(), reason="no NVIDIA GPU")

FRAMES = 600
LONG_CUES = tuple(Cue(at * 1000 + 300, at * 1000 + 900, f"caption {at}\nof twenty") for at in range(20))


@pytest.fixture(scope="module")
def gpu(media: MediaFactory) -> Gpu:
    """The GPU of this machine."""
    found = asyncio.run(GpuProbe().find_gpu(media.sandboxed_ffmpeg))
    print("\n", found.warnings(ALL_STAGES) or "The GPU decodes, captions and encodes.")
    return found


@pytest.fixture(scope="module")
def full_hd(media: MediaFactory) -> tuple[Path, VideoFacts]:
    """20 s of 1080p30 with noise, which is not too easy to encode."""
    path = media.make_video(
        "full_hd.mp4", FRAMES / 30, "1920x1080", "30", sound=False,
        extra=("-vf", "noise=alls=8:allf=t,format=yuv420p", "-crf", "18", "-colorspace", "bt709", "-bf", "2"),
    )  # fmt: skip
    facts = media.probe(path).video
    assert facts is not None
    return path, facts


def skip_without(gpu: Gpu, *parts: GpuStage) -> None:
    missing = gpu.warnings(parts)
    if missing:
        pytest.skip(" ".join(missing))


@pytest.mark.parametrize("name", SOURCES)
def test_gpu_draws_the_same_frames_as_the_cpu(media: MediaFactory, gpu: Gpu, tmp_path: Path, name: str) -> None:
    skip_without(gpu, GpuStage.DECODE)
    path, video = make_source(media, name)
    plan = plan_captions(video, None)
    graph = gpu_graph(video, CUES).replace("[picture]", ",hwdownload,format=yuv420p[picture]")
    there, _ = draw_frames(media, path, plan, graph, tmp_path, CUDA_INPUT_ARGS)
    here, _ = draw_frames(media, path, plan, filter_graph(plan), tmp_path)
    assert len(there) == len(here) == video.frames
    # Chroma at the edges of letters differs: the GPU takes one of four alphas there, the CPU their average.
    assert max(map(mean_square_error, there, here)) < 255**2 / 10**4.5


def run(media: MediaFactory, video: tuple[Path, VideoFacts], gpu: Gpu, folder: Path) -> float:
    """Caption the video with what this GPU does; return the seconds that it takes."""
    plan = plan_captions(video[1], gpu, LONG_CUES)
    write_plan_files(folder, plan)
    if not (folder / IN_VIDEO).exists():
        (folder / IN_VIDEO).symlink_to(video[0])
    started = time.monotonic()
    subprocess.run([media.ffmpeg, "-v", "error", "-nostdin", *plan.steps[0].args], check=True, cwd=folder)
    return time.monotonic() - started


def decibels(media: MediaFactory, one: Path, other: Path) -> float:
    """Return the PSNR of the luma of two videos, in dB."""
    argv = [media.ffmpeg, "-nostdin", "-i", str(one), "-i", str(other), "-lavfi", "psnr", "-f", "null", "-"]
    log = subprocess.run(argv, check=True, capture_output=True).stderr.decode()
    found = re.search(r"PSNR y:([\d.]+|inf)", log)
    assert found
    return float(found[1])


@pytest.mark.parametrize(
    "parts", [(GpuStage.DECODE,), (GpuStage.ENCODE,), (GpuStage.DECODE, GpuStage.ENCODE), tuple(GpuStage)]
)
def test_gpu_and_cpu_make_the_same_video(
    media: MediaFactory, gpu: Gpu, full_hd: tuple[Path, VideoFacts], tmp_path: Path, parts: Collection[GpuStage]
) -> None:
    skip_without(gpu, *parts)
    cpu = tmp_path / "cpu"
    cpu.mkdir()
    on_cpu = run(media, full_hd, Gpu().disabling(ALL_STAGES, UnavailableReason.UNKNOWN), cpu)
    on_gpu = run(media, full_hd, Gpu().disabling(ALL_STAGES - set(parts), UnavailableReason.UNKNOWN), tmp_path)
    made, other = media.probe(tmp_path / OUTPUT).video, media.probe(cpu / OUTPUT).video
    assert made is not None
    assert other is not None
    assert (made.frames, made.display_size) == (other.frames, other.display_size) == (FRAMES, (1920, 1080))
    between = decibels(media, tmp_path / OUTPUT, cpu / OUTPUT)
    for name, folder, seconds in (("CPU", cpu, on_cpu), (" ".join(parts), tmp_path, on_gpu)):
        size, loss = (folder / OUTPUT).stat().st_size / 1e6, decibels(media, folder / OUTPUT, full_hd[0])
        print(f"\n{name}: {FRAMES / seconds:.0f} frames/s, {size:.1f} MB, {loss:.1f} dB from the uncaptioned source")
    print(f"{between:.1f} dB between the two")
    assert between > 30


def test_frames_stay_on_the_gpu(
    media: MediaFactory, gpu: Gpu, full_hd: tuple[Path, VideoFacts], tmp_path: Path
) -> None:
    """Decoding and drawing alone, without an encoder: what a GPU without NVENC can show."""
    skip_without(gpu, GpuStage.DECODE)
    path, video = full_hd
    write_plan_files(tmp_path, plan_captions(video, None, LONG_CUES))
    graph = gpu_graph(video, LONG_CUES)
    argv = [
        media.ffmpeg, "-v", "error", "-nostdin", *CUDA_INPUT_ARGS, "-i", str(path), "-filter_complex", graph,
        "-map", "[picture]", "-c:v", "wrapped_avframe", "-f", "null", "-",
    ]  # fmt: skip
    started = time.monotonic()
    subprocess.run(argv, check=True, cwd=tmp_path)
    print(f"\ndecoding and drawing on the GPU: {FRAMES / (time.monotonic() - started):.0f} frames/s")
