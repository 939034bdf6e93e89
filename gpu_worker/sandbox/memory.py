"""Measure the memory that this worker may use and that is free, and kill a program that uses more than its limit.

The kernel enforces no such limit: one on address space would stop CUDA, which reserves far more than it uses, and one
on the control group would kill the worker, too. So the worker watches resident memory.
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
_CHILDREN_EVERY = 5
"""Measurements. To find a program's children, every process is listed; ffmpeg has none."""
_MIN_BYTES, _MAX_BYTES = 512 * 1024**2, 12 * 1024**3


def granted_memory(
    root: Path = cgroup.ROOT, membership: Path = cgroup.MEMBERSHIP, meminfo: Path = _MEMINFO
) -> int | None:
    """Return the smallest of all cgroup limits and the machine's memory, in bytes. None if neither is known."""
    limits = [limit for limit, _used in _read_group_limits(root, membership)]
    return min([*limits, *_read_meminfo("MemTotal", meminfo)], default=None)


def free_memory(root: Path = cgroup.ROOT, membership: Path = cgroup.MEMBERSHIP, meminfo: Path = _MEMINFO) -> int:
    """Return the bytes left before a limit or the machine's memory is reached; 0 if neither is known."""
    free = [limit - used for limit, used in _read_group_limits(root, membership)]
    return max(0, min([*free, *_read_meminfo("MemAvailable", meminfo)], default=0))


def _read_group_limits(root: Path, membership: Path) -> list[tuple[int, int]]:
    """Return limit and use of each group that has a limit. The page cache is part of the use, though reclaimable."""
    found = []
    for group in cgroup.list_groups("memory", root, membership):
        for limit_name, used_name in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            limit, used = cgroup.read_numbers(group / limit_name), cgroup.read_numbers(group / used_name)
            if limit:
                found.append((limit[0], used[0] if used else 0))
    return found


def _read_meminfo(name: str, meminfo: Path) -> list[int]:
    try:
        lines = meminfo.read_text().splitlines()
        return [int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")]
    except (OSError, ValueError, IndexError):
        return []


def working_bytes() -> int:
    """Return the limit of an encode: three quarters of what is granted, so that the worker survives; at most 12 GiB."""
    granted = granted_memory() or _MAX_BYTES
    return max(_MIN_BYTES, min(_MAX_BYTES, granted * 3 // 4))


async def kill_if_over_memory(process: Process, max_bytes: int) -> bool:
    """Watch a program until it exits. Kill it and return True once it uses more than `max_bytes`."""
    measurements = 0
    while process.returncode is None:
        measurements += 1
        pids = {process.pid} if measurements % _CHILDREN_EVERY else PROCESSES.pids(process.pid)
        if resident_bytes(pids) > max_bytes:
            os.killpg(process.pid, signal.SIGKILL)
            return True
        await asyncio.sleep(_PERIOD_SECONDS)
    return False
