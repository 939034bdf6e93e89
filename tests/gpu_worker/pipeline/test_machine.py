"""The host is probed once; probes that a busy host could not answer are repeated."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gpu_worker.pipeline.gpu_probe import find_gpu_name
from gpu_worker.pipeline.machine import MachineProbe
from gpu_worker.plan.gpu import Gpu
from gpu_worker.sandbox.command import Sandbox
from tests.support.media.factory import MediaFactory
from tests.support.media.fake_gpu import gpu_runs, install
from tests.support.programs import write_ffmpeg


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver tool that reports one GPU, found on PATH."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'NVIDIA Toy 4090'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def test_gpu_name_is_that_of_the_driver(nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(find_gpu_name(Sandbox())) == "NVIDIA Toy 4090"
    nvidia_smi.write_text("#!/bin/sh\necho 'has failed because it could not communicate'\nexit 9\n")
    assert asyncio.run(find_gpu_name(Sandbox())) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert asyncio.run(find_gpu_name(Sandbox())) is None


def test_machine_is_probed_once(media: MediaFactory, tmp_path: Path, nvidia_smi: Path) -> None:
    probe = MachineProbe(install(tmp_path, media.ffmpeg))
    machine = asyncio.run(probe.find_machine())
    assert (machine.gpu, machine.gpu_name, machine.warnings) == (Gpu(), "NVIDIA Toy 4090", ())
    nvidia_smi.unlink()
    assert asyncio.run(probe.find_machine()) == machine
    assert gpu_runs(tmp_path) == ["decode draw encode"]


def test_typefaces_are_those_of_the_font_directory(media: MediaFactory, tmp_path: Path) -> None:
    probes = [MachineProbe(media.ffmpeg), MachineProbe(media.ffmpeg, fonts=tmp_path)]
    runs = [asyncio.run(probe.find_machine()).typefaces.runs("a", "Anton") for probe in probes]
    assert runs == [(("a", "Anton"),), (("a", None),)]


def test_ffmpeg_that_did_not_respond_is_probed_again(media: MediaFactory, tmp_path: Path) -> None:
    program = write_ffmpeg(tmp_path, f'[ -e {tmp_path}/answers ] && exec "{media.ffmpeg}" "$@"; exit 1')
    probe = MachineProbe(program)
    assert asyncio.run(probe.find_machine()).ffmpeg.build.libavcodec is None
    (tmp_path / "answers").touch()
    assert asyncio.run(probe.find_machine()).warnings == ()
