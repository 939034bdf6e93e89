"""Count processors from cgroup quotas, the affinity mask and RunPod's statement."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpu_worker.sandbox.cpus import usable_cpus
from tests.support.sandbox import write_files


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
def test_cpus_are_the_smallest_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], member_of: str, stated: str, cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    root = write_files(tmp_path / "groups", files)
    (tmp_path / "self").write_text(f"{member_of}\n")
    assert usable_cpus({"RUNPOD_CPU_COUNT": stated}, root, tmp_path / "self") == cpus


def test_affinity_mask_limits_the_cpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3, 5})
    assert usable_cpus({"RUNPOD_CPU_COUNT": "6"}, tmp_path, tmp_path / "none") == 2
