"""What the worker learns from the machine and from its environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from contract.limits import Limits
from contract.operations.addaudio import AddAudio
from gpu_worker.sandbox.cpus import usable_cpus
from gpu_worker.sandbox.memory import free_memory, granted_memory
from gpu_worker.sandbox.workdir import (
    Volume,
    bytes_needed,
    choose_volume,
    inspect_volume,
    remove_stale_workdirs,
    temporary_workdir,
)
from gpu_worker.settings import Settings
from tests.support.media.factory import URL


def fit_text(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "member_of", "stated", "cpus"),
    [
        ({}, "", "", 32),
        ({}, "", "6", 6),
        ({}, "", "many", 32),
        ({}, "", "0", 32),
        ({}, "", "-3", 32),
        ({}, "", "\u00b2", 32),
        ({}, "", "9" * 5000, 32),
        ({}, "", " 4 ", 4),
        ({"cpu.max": "150000 100000\n"}, "", "6", 2),
        ({"cpu.max": "50000 100000\n"}, "", "", 1),
        ({"cpu.max": "400000 100000"}, "", "3", 3),
        ({"cpu.max": "max 100000\n"}, "", "", 32),
        ({"cpu.max": "rubbish"}, "", "", 32),
        ({"cpu.max": ""}, "", "", 32),
        ({"cpu.max": "100000 0"}, "", "", 32),
        # Version 2, nested: each group above ours binds too, and a group may be missing.
        ({"a/cpu.max": "300000 100000", "a/b/cpu.max": "800000 100000"}, "0::/a/b", "", 3),
        ({"a/cpu.max": "800000 100000", "a/b/cpu.max": "250000 100000"}, "0::/a/b", "", 3),
        ({"cpu.max": "500000 100000"}, "0::/gone/for/good", "", 5),
        ({"cpu.max": "500000 100000"}, "0::/../../elsewhere", "", 5),
        # Version 1, at the root as containers see it, and nested as the host does.
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/x", "", 4),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/x", "", 32),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000",
          "cpu/x/cpu.cfs_quota_us": "700000", "cpu/x/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/x", "", 7),
        ({"cpu/cpu.cfs_quota_us": "400000"}, "4:cpu:/", "", 32),
        ({"cpu.max": "200000 100000"}, "no colons here", "", 2),
    ],
)  # fmt: skip
def test_cpus_are_the_smallest_of_what_is_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], member_of: str, stated: str, cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    root = fit_text(tmp_path / "groups", files)
    (tmp_path / "self").write_text(f"{member_of}\n")
    assert usable_cpus({"RUNPOD_CPU_COUNT": stated}, root, tmp_path / "self") == cpus


def test_a_mask_of_processors_binds_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3, 5})
    assert usable_cpus({"RUNPOD_CPU_COUNT": "6"}, tmp_path, tmp_path / "none") == 2


GIB = 1024**3


@pytest.mark.parametrize(
    ("files", "member_of", "granted", "free"),
    [
        ({}, "", 64, 48),
        ({"memory.max": "max", "memory.current": f"{9 * GIB}"}, "", 64, 48),
        ({"memory.max": f"{8 * GIB}", "memory.current": f"{3 * GIB}"}, "", 8, 5),
        ({"memory.max": f"{8 * GIB}"}, "", 8, 8),
        ({"a/memory.max": f"{4 * GIB}", "a/memory.current": f"{5 * GIB}", "a/b/memory.max": "max"}, "0::/a/b", 4, 0),
        ({"memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.usage_in_bytes": "0"}, "", 64, 48),
        ({"memory/x/memory.limit_in_bytes": f"{2 * GIB}", "memory/x/memory.usage_in_bytes": f"{GIB}"},
         "4:memory:/x", 2, 1),
        ({"memory.max": "rubbish"}, "", 64, 48),
    ],
)  # fmt: skip
def test_memory_is_the_smallest_of_what_is_granted(
    tmp_path: Path, files: dict[str, str], member_of: str, granted: int, free: int
) -> None:
    root = fit_text(tmp_path / "groups", files)
    (tmp_path / "self").write_text(f"{member_of}\n")
    (tmp_path / "meminfo").write_text(f"MemTotal: {64 * 1024**2} kB\nMemAvailable: {48 * 1024**2} kB\n")
    asked = (root, tmp_path / "self", tmp_path / "meminfo")
    assert granted_memory(*asked) == granted * GIB
    assert free_memory(*asked) == free * GIB


def test_where_nothing_tells_of_memory_none_is_taken_for_granted(tmp_path: Path) -> None:
    nothing = tmp_path / "none"
    assert granted_memory(nothing, nothing, nothing) is None
    assert free_memory(nothing, nothing, nothing) == 0


DISK, SMALL_DISK = Volume(Path("/disk"), 20 * GIB, in_memory=False), Volume(Path("/small"), GIB, in_memory=False)
RAM, MUCH_RAM = Volume(Path("/ram"), 4 * GIB, in_memory=True), Volume(Path("/much"), 90 * GIB, in_memory=True)


@pytest.mark.parametrize(
    ("places", "memory", "chosen"),
    [
        ([DISK, RAM], 64, DISK),
        ([RAM, DISK], 64, DISK),
        ([MUCH_RAM, DISK], 64, MUCH_RAM),
        ([MUCH_RAM, DISK], 12, DISK),
        ([SMALL_DISK, DISK], 64, DISK),
        ([SMALL_DISK, RAM], 64, SMALL_DISK),
        ([RAM, SMALL_DISK], 64, SMALL_DISK),
        ([RAM, MUCH_RAM], 12, MUCH_RAM),
    ],
)
def test_files_lie_in_memory_only_when_half_of_it_holds_them(places: list[Volume], memory: int, chosen: Volume) -> None:
    assert choose_volume(10 * GIB, places, memory * GIB) == chosen


def test_what_a_job_may_need_follows_from_its_inputs() -> None:
    limits = Limits(max_video_bytes=1000, max_audio_bytes=100, max_output_bytes=10)
    assert bytes_needed(AddAudio(url_video=URL, url_audio=URL).inputs(), limits) == 1120


def test_a_folder_in_memory_is_known_as_one(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"rootfs / ext4 rw 0 0\nnone {tmp_path} tmpfs rw 0 0\nnone {tmp_path}x ext4 rw 0 0\n")
    inside, outside = inspect_volume(tmp_path / ".", mounts), inspect_volume(tmp_path.parent, mounts)
    assert inside is not None
    assert outside is not None
    assert (inside.in_memory, outside.in_memory) == (True, False)
    assert inspect_volume(tmp_path / "none", mounts) is None


def test_the_folder_asked_for_is_used_as_it_is() -> None:
    assert Settings.from_environ({}).work_dir is None
    assert Settings.from_environ({"WORK_DIR": ""}).work_dir is None


def test_loopback_needs_exactly_the_word_true() -> None:
    assert Settings.from_environ({"ALLOW_LOOPBACK_URLS": "true"}).allow_loopback
    for word in ("True", "1", "yes", "", " true"):
        assert not Settings.from_environ({"ALLOW_LOOPBACK_URLS": word}).allow_loopback
    assert not Settings.from_environ({}).allow_loopback
    assert Settings.from_environ({"WORK_DIR": "/x", "FFMPEG": "/f"}) == Settings(ffmpeg="/f", work_dir=Path("/x"))


def test_what_workers_left_that_were_killed_is_removed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    for number in (int(gone.stdout), os.getpid(), os.getppid()):
        (tmp_path / f"api-gpu-{number}-abc" / "job").mkdir(parents=True)
    (tmp_path / "api-gpu-notes").mkdir()
    remove_stale_workdirs(None)
    assert {path.name for path in tmp_path.iterdir()} == {f"api-gpu-{os.getppid()}-abc", "api-gpu-notes"}
    with temporary_workdir() as directory:
        assert directory.parent.name.startswith(f"api-gpu-{os.getpid()}-")
    assert not directory.parent.exists()
