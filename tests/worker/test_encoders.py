"""Choosing an encoder by encoding, with stand-ins that fail as real drivers do."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from contract.errors import Code
from contract.operations import Img2Vid
from gpu_worker import encoders
from gpu_worker.encoders import choose_encoder
from gpu_worker.errors import JobFailed
from gpu_worker.plan.steps import Encoder
from gpu_worker.probe import gpu_name
from tests.worker.studio import Studio, U

DRIVERS = {
    "no driver, ffmpeg 5.1": "echo '[h264_nvenc @ 0x1] Cannot load libcuda.so.1' >&2; exit 1",
    "no driver, ffmpeg 9": "echo 'Task finished with error code: -22 (Invalid argument)' >&2; exit 255",
    "no encoder unit": "echo 'OpenEncodeSessionEx failed: unsupported device (2): (no details)' >&2; exit 1",
    "sessions used up": "echo 'OpenEncodeSessionEx failed: out of memory (10): (no details)' >&2; exit 1",
    "crash": "kill -SEGV $$",
    "hang": "sleep 60",
}


def stub(tmp_path: Path, script: str) -> str:
    path = tmp_path / "ffmpeg"
    path.write_text("#!/bin/sh\n" + script + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "_known", {})


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_gpu_that_does_not_encode_is_not_used(driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "_TIMEOUT_SECONDS", 0.3)
    assert asyncio.run(choose_encoder(stub(tmp_path, DRIVERS[driver]))) is Encoder.X264


def test_a_gpu_that_encodes_is_used_and_asked_once(tmp_path: Path) -> None:
    program = stub(tmp_path, f'echo "$@" >> {tmp_path}/asked')
    for _ in range(3):
        assert asyncio.run(choose_encoder(program)) is Encoder.NVENC
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == 1
    assert "-c:v h264_nvenc -preset p5 -tune hq -rc vbr -cq 23" in asked[0]
    width, height = asked[0].split("s=")[1].split(":")[0].split("x")
    assert min(int(width), int(height)) >= 256


def test_an_ffmpeg_that_is_missing_is_not_nvenc(tmp_path: Path) -> None:
    assert asyncio.run(choose_encoder(str(tmp_path / "none"))) is Encoder.X264


def test_a_gpu_that_fails_in_the_middle_is_replaced_once_and_it_is_said(studio: Studio, tmp_path: Path) -> None:
    program = stub(tmp_path, f'echo "$@" >> {tmp_path}/asked\n'
                             'case "$*" in *h264_nvenc*) echo "OpenEncodeSessionEx failed" >&2; exit 1;; esac\n'
                             f'exec "{studio.ffmpeg}" "$@"')  # fmt: skip
    picture = studio.circle("fall.png", (160, 90), 20)
    real = studio.ffmpeg
    studio.ffmpeg = program
    try:
        operation = Img2Vid(url_image=U, duration=0.2, size="160x90")
        made, _path = studio.make(operation, encoder=Encoder.NVENC, image=picture)
    finally:
        studio.ffmpeg = real
    assert made.encoder == "libx264"
    assert made.warnings == ("The GPU encoder failed; the CPU encoded the video.",)
    assert made.media.frames == 5
    assert (tmp_path / "asked").read_text().count("h264_nvenc") == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo broken >&2; exit 1", Code.ENCODE_FAILED),
        ("echo 'No space left on device' >&2; exit 1", Code.RESOURCES),
        ("kill -KILL $$", Code.RESOURCES),
        ("kill -SEGV $$", Code.ENCODE_FAILED),
        (": > out.mp4", Code.OUTPUT_INVALID),
        ("echo 'not a film' > out.mp4", Code.OUTPUT_INVALID),
        ("exit 0", Code.OUTPUT_INVALID),
    ],
)
def test_an_encode_that_goes_wrong_has_its_code(studio: Studio, tmp_path: Path, script: str, code: Code) -> None:
    program = stub(
        tmp_path, f'case "$*" in *libx264*) cat >/dev/null; {script}; exit;; esac\nexec "{studio.ffmpeg}" "$@"'
    )
    real = studio.ffmpeg
    picture = studio.circle("wrong.png", (160, 90), 20)
    studio.ffmpeg = program
    try:
        with pytest.raises(JobFailed) as failure:
            studio.make(Img2Vid(url_image=U, duration=0.2, size="160x90"), image=picture)
    finally:
        studio.ffmpeg = real
    assert failure.value.failure.code == code


def test_an_encode_that_stops_short_does_not_pass(studio: Studio, tmp_path: Path) -> None:
    short = 'case "$*" in *libx264*) set -- $(echo "$@" | sed "s/-c:v libx264/-frames:v 11 -c:v libx264/");; esac'
    program = stub(tmp_path, f'{short}\nexec "{studio.ffmpeg}" "$@"')
    real = studio.ffmpeg
    picture = studio.circle("short.png", (160, 90), 20)
    studio.ffmpeg = program
    try:
        with pytest.raises(JobFailed) as failure:
            studio.make(Img2Vid(url_image=U, duration=0.5, size="160x90"), image=picture)
    finally:
        studio.ffmpeg = real
    assert failure.value.failure.code == Code.OUTPUT_INVALID


def test_the_name_of_the_gpu_is_the_drivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 'NVIDIA Toy 4090'\n")
    smi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert asyncio.run(gpu_name()) == "NVIDIA Toy 4090"
    smi.write_text("#!/bin/sh\necho 'has failed because it could not communicate'\nexit 9\n")
    assert asyncio.run(gpu_name()) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert asyncio.run(gpu_name()) is None
