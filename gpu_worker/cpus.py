"""How many processors this worker may really use.

Inside a container `os.cpu_count()` is the host's, and an encoder that starts a thread for each of
the host's 128 cores on a quota of 4 runs slower than one that starts 4.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_MOST = 32
"""libx264 gains nothing from more at the sizes this service makes."""


def usable_cpus(environ: Mapping[str, str] = os.environ, cgroup: Path = _CGROUP) -> int:
    """Return the smallest of what RunPod, the cgroup quota and the affinity mask grant; 1 to 32."""
    grants = [len(os.sched_getaffinity(0)), _MOST]
    stated = environ.get("RUNPOD_CPU_COUNT", "")
    if stated.isdigit() and int(stated) > 0:
        grants.append(int(stated))
    quota = _quota(cgroup)
    if quota is not None:
        grants.append(max(1, math.ceil(quota)))
    return max(1, min(grants))


def _quota(cgroup: Path) -> float | None:
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None  # no quota is written as the word "max", or the files are not there
