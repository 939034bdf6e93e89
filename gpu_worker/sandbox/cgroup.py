"""Read the limits of this process's control group and of its ancestors, in both versions of the kernel's interface.

A container usually sees its own group at the root of the mount. If it shares the host's view, its group is a directory
further down, and the strictest limit may be that of any group above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def list_groups(controller: str, root: Path = ROOT, membership: Path = MEMBERSHIP) -> Iterator[Path]:
    """Yield the directories of the groups of this process, innermost first; `controller` is `cpu` or `memory`.

    Some of them may not exist: the membership file and the mount need not agree.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        lines = []
    own_groups = {
        names: path for _number, names, path in (line.split(":", 2) for line in lines if line.count(":") >= 2)
    }
    legacy = next((path for names, path in own_groups.items() if controller in names.split(",")), "/")
    for mount, path in ((root / controller, legacy), (root, own_groups.get("", "/"))):
        steps = [step for step in path.split("/") if step and step != ".."]
        for depth in range(len(steps), -1, -1):
            yield mount.joinpath(*steps[:depth])


def read_numbers(file: Path) -> list[int] | None:
    """Return the integers in a file. None if it does not exist or contains anything else: `max` means no limit."""
    try:
        return [int(word) for word in file.read_text().split()]
    except (OSError, ValueError):
        return None
