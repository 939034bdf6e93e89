"""How much memory this worker may use, how much of it is free, and a bound on what one program takes.

The bound is not the kernel's: a limit on address space would stop CUDA, which reserves far more
than it uses, and one on the control group would take the worker along. What lies in memory counts.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from pathlib import Path

from gpu_worker.sandbox import cgroup
from gpu_worker.sandbox.process_tree import PROCESSES, resident_bytes

_MEMINFO = Path("/proc/meminfo")
_PERIOD_SECONDS = 0.1
_ALL_EACH = 5
"""Looks. To find the children that a program may have, every process is looked at; ffmpeg has none."""
_LEAST_BYTES, _MOST_BYTES = 512 * 1024**2, 12 * 1024**3

READING_BYTES = 2560 * 1024**2
"""For describing or decoding a picture. Most is taken by 120 megapixels of 16 bits with opacity: 2.2 GB."""


def granted_memory(
    root: Path = cgroup.ROOT, membership: Path = cgroup.MEMBERSHIP, meminfo: Path = _MEMINFO
) -> int | None:
    """Bytes: the smallest of all cgroup limits and the machine's memory. None if nothing says."""
    limits = [limit for limit, _used in _groups(root, membership)]
    return min([*limits, *_machine("MemTotal", meminfo)], default=None)


def free_memory(root: Path = cgroup.ROOT, membership: Path = cgroup.MEMBERSHIP, meminfo: Path = _MEMINFO) -> int:
    """Bytes that can be taken before a limit or the machine runs out; 0 if nothing says."""
    rooms = [limit - used for limit, used in _groups(root, membership)]
    return max(0, min([*rooms, *_machine("MemAvailable", meminfo)], default=0))


def _groups(root: Path, membership: Path) -> list[tuple[int, int]]:
    """Limit and use of each group that has a limit. Pages of files count as used, though they could be dropped."""
    found = []
    for group in cgroup.groups("memory", root, membership):
        for limit_name, used_name in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit, used = cgroup.numbers(group / limit_name), cgroup.numbers(group / used_name)
            if limit:
                found.append((limit[0], used[0] if used else 0))
    return found


def _machine(name: str, meminfo: Path) -> list[int]:
    try:
        lines = meminfo.read_text().splitlines()
        return [int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")]
    except (OSError, ValueError, IndexError):
        return []


def working_bytes() -> int:
    """For an encode: three quarters of what is granted, so that the worker itself survives; at most 12 GiB."""
    granted = granted_memory() or _MOST_BYTES
    return max(_LEAST_BYTES, min(_MOST_BYTES, granted * 3 // 4))


async def kill_if_over_memory(process: Process, most: int) -> bool:
    """Kill a run and return True once it has more than `most` bytes in memory; False at its end."""
    looks = 0
    while process.returncode is None:
        looks += 1
        if resident_bytes({process.pid} if looks % _ALL_EACH else PROCESSES.pids(process.pid)) > most:
            os.killpg(process.pid, signal.SIGKILL)
            return True
        await asyncio.sleep(_PERIOD_SECONDS)
    return False
