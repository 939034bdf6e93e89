"""Measure granted and free memory from cgroup limits and the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpu_worker.sandbox.memory import free_memory, granted_memory
from tests.support.sandbox import write_files

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
def test_memory_is_the_smallest_limit(
    tmp_path: Path, files: dict[str, str], member_of: str, granted: int, free: int
) -> None:
    root = write_files(tmp_path / "groups", files)
    (tmp_path / "self").write_text(f"{member_of}\n")
    (tmp_path / "meminfo").write_text(f"MemTotal: {64 * 1024**2} kB\nMemAvailable: {48 * 1024**2} kB\n")
    sources = (root, tmp_path / "self", tmp_path / "meminfo")
    assert granted_memory(*sources) == granted * GIB
    assert free_memory(*sources) == free * GIB


def test_unknown_memory_is_none_granted_and_none_free(tmp_path: Path) -> None:
    nothing = tmp_path / "none"
    assert granted_memory(nothing, nothing, nothing) is None
    assert free_memory(nothing, nothing, nothing) == 0
