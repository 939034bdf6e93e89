"""Count the processors that this worker may use.

Inside a container `os.cpu_count()` is that of the host, and an encoder that starts a thread for each of the host's 128
cores on a quota of 4 runs slower than one that starts 4.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gpu_worker.sandbox import cgroup

_MAX_CPUS = 32
"""libx264 is not faster with more at the sizes this service makes."""


def usable_cpus(
    environ: Mapping[str, str] = os.environ, root: Path = cgroup.ROOT, membership: Path = cgroup.MEMBERSHIP
) -> int:
    """Return the smallest of what RunPod, any cgroup quota and the affinity mask grant; 1 to 32.

    A fraction of a processor is rounded up: a quota of 1.5 keeps two threads busy three quarters of the time.
    """
    grants = [float(len(os.sched_getaffinity(0))), *_read_quotas(root, membership)]
    stated = environ.get("RUNPOD_CPU_COUNT", "").strip()
    if stated.isascii() and stated.isdigit() and float(stated) > 0:
        grants.append(float(stated))
    return max(1, min(_MAX_CPUS, math.ceil(min(grants))))


def _read_quotas(root: Path, membership: Path) -> Iterator[float]:
    for group in cgroup.list_groups("cpu", root, membership):
        pair = cgroup.read_numbers(group / "cpu.max")
        if pair is None:
            quota, period = (
                cgroup.read_numbers(group / "cpu.cfs_quota_us"),
                cgroup.read_numbers(group / "cpu.cfs_period_us"),
            )
            pair = [*(quota or ()), *(period or ())]
        if len(pair) == 2 and min(pair) > 0:
            yield pair[0] / pair[1]
