"""Describe the machine that a bench ran on, without names that identify it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any


def facts() -> dict[str, Any]:
    """Return the CPU, the current load, and versions."""
    return {
        "cpu": _processor(),
        "cpus": os.cpu_count(),
        "load_average_at_start": list(os.getloadavg()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return named[1].strip() if named else platform.machine()
