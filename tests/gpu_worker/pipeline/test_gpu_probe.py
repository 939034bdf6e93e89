"""Probe the stages of a GPU by running each of them. A fake GPU fails like real drivers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.gpu_probe import GpuProbe
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from tests.support.media.factory import MediaFactory
from tests.support.media.fake_gpu import Fault, gpu_runs, install
from tests.support.media.gpu_messages import (
    NO_DECODE_LIBRARY,
    NO_DEVICE,
    NO_DRIVER_5,
    NO_ENCODE_LIBRARY,
    NO_ENCODER,
    NO_FILTER,
    NO_SESSION,
    NOTHING,
    OLD_DRIVER,
)
from tests.support.programs import write_ffmpeg

DECODE, DRAW, ENCODE = GpuStage.DECODE, GpuStage.DRAW, GpuStage.ENCODE


def find_gpu(program: str, probe: GpuProbe | None = None) -> Gpu:
    return asyncio.run((probe or GpuProbe()).find_gpu(Ffmpeg(program)))


def test_complete_gpu_is_probed_once(media: MediaFactory, tmp_path: Path) -> None:
    probe, ffmpeg = GpuProbe(), Ffmpeg(install(tmp_path, media.ffmpeg))

    async def run_jobs() -> list[Gpu]:
        return await asyncio.gather(*(probe.find_gpu(ffmpeg) for _ in range(3)))

    assert asyncio.run(run_jobs()) == [Gpu()] * 3
    assert asyncio.run(probe.find_gpu(ffmpeg)) == Gpu()
    assert gpu_runs(tmp_path) == ["decode draw encode"]


@pytest.mark.fault("I9")
@pytest.mark.parametrize(
    ("faults", "lacks"),
    [
        ((Fault("any", NO_DRIVER_5),), dict.fromkeys(GpuStage, UnavailableReason.NO_DRIVER)),
        ((Fault("any", NO_DEVICE, 255),), dict.fromkeys(GpuStage, UnavailableReason.NO_DEVICE)),
        ((Fault("encode", NO_ENCODER),), {ENCODE: UnavailableReason.NO_ENCODER}),
        ((Fault("encode", OLD_DRIVER, 255),), {ENCODE: UnavailableReason.OLD_DRIVER}),
        ((Fault("decode", NO_DECODE_LIBRARY),), {DECODE: UnavailableReason.NO_CAPABILITY}),
        ((Fault("encode", NO_ENCODE_LIBRARY), Fault("decode", NO_DECODE_LIBRARY)),
         dict.fromkeys((DECODE, ENCODE), UnavailableReason.NO_CAPABILITY)),
        ((Fault("draw", NO_FILTER),), {DRAW: UnavailableReason.BUILD}),
        ((Fault("draw", NOTHING, 255),), {DRAW: UnavailableReason.UNKNOWN}),
    ],
)  # fmt: skip
def test_missing_stages_are_found_with_their_reason(
    media: MediaFactory, tmp_path: Path, faults: tuple[Fault, ...], lacks: dict[GpuStage, UnavailableReason]
) -> None:
    program = install(tmp_path, media.ffmpeg, faults)
    probe = GpuProbe()
    assert find_gpu(program, probe).missing == lacks
    tries = len(gpu_runs(tmp_path))
    assert tries <= 3
    assert find_gpu(program, probe).missing == lacks
    # A temporary failure is probed again, but not for each job.
    assert len(gpu_runs(tmp_path)) == tries


@dataclass
class FakeClock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_temporary_failure_is_probed_again_after_a_minute(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_SESSION, last=2),))
    clock = FakeClock()
    probe = GpuProbe(clock=clock)
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_SESSION}
    clock.now = 59.9
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_SESSION}
    clock.now = 1000.0
    assert find_gpu(program, probe) == Gpu()


def test_lasting_failure_is_probed_once(media: MediaFactory, tmp_path: Path) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_ENCODER, last=2),))
    clock = FakeClock()
    probe = GpuProbe(clock=clock)
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_ENCODER}
    clock.now = 1e9
    assert find_gpu(program, probe).missing == {ENCODE: UnavailableReason.NO_ENCODER}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", UnavailableReason.UNKNOWN),
        ("sleep 60", UnavailableReason.TIMEOUT),
        ("exit 1", UnavailableReason.UNKNOWN),
    ],
)
def test_driver_that_crashes_or_hangs_is_not_used(
    media: MediaFactory, tmp_path: Path, script: str, reason: UnavailableReason
) -> None:
    program = write_ffmpeg(tmp_path, f'case "$*" in *cuda*|*nvenc*) {script};; esac\nexec "{media.ffmpeg}" "$@"')
    gpu = find_gpu(program, GpuProbe(timeout=1.0))
    assert not any(gpu.supports(part) for part in (DECODE, ENCODE))
    assert set(gpu.missing.values()) == {reason}


def test_missing_ffmpeg_has_no_gpu(tmp_path: Path) -> None:
    assert set(find_gpu(str(tmp_path / "none")).missing) == ALL_STAGES
