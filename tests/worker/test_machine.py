"""What the worker learns from the machine and from its environment."""

from __future__ import annotations

import os
import shutil
import sys
import types
from pathlib import Path

import pytest

from contract.errors import Code
from gpu_worker.cpus import usable_cpus
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg import find_ffmpeg
from gpu_worker.settings import Settings


def test_cpus_are_the_smallest_of_what_is_granted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    assert usable_cpus({}, tmp_path) == 32
    assert usable_cpus({"RUNPOD_CPU_COUNT": "6"}, tmp_path) == 6
    assert usable_cpus({"RUNPOD_CPU_COUNT": "many"}, tmp_path) == 32
    assert usable_cpus({"RUNPOD_CPU_COUNT": "0"}, tmp_path) == 32
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert usable_cpus({"RUNPOD_CPU_COUNT": "6"}, tmp_path) == 2
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cpus({}, tmp_path) == 32
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("400000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert usable_cpus({}, tmp_path) == 4
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1")
    assert usable_cpus({}, tmp_path) == 32


def test_loopback_needs_exactly_the_word_true() -> None:
    assert Settings.of({"ALLOW_LOOPBACK_URLS": "true"}).allow_loopback
    for word in ("True", "1", "yes", "", " true"):
        assert not Settings.of({"ALLOW_LOOPBACK_URLS": word}).allow_loopback
    assert not Settings.of({}).allow_loopback
    assert Settings.of({"WORK_DIR": "/x", "FFMPEG": "/f"}) == Settings("/f", allow_loopback=False, work_dir=Path("/x"))


def test_ffmpeg_is_the_one_named_then_the_installed_one_then_the_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_ffmpeg("/opt/mine") == "/opt/mine"
    assert find_ffmpeg("bin/mine") == str(Path.cwd() / "bin" / "mine")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{Path(name).name}")
    assert find_ffmpeg(None) == "/usr/bin/ffmpeg"
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    wheel = types.SimpleNamespace(get_ffmpeg_exe=lambda: "/wheel/ffmpeg")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", wheel)
    assert find_ffmpeg(None) == "/wheel/ffmpeg"
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(JobFailed) as failure:
        find_ffmpeg(None)
    assert failure.value.failure.code == Code.INTERNAL
