"""The tools of other people that read our document, and where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.system import ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"
PROGRAMS = Path(__file__).parent / "programs"
_PYTHON = ROOT / ".venv-openapi" / "bin"
_NODE = ROOT / ".tools" / "openapi" / "node_modules"
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1", "CI": "1"}


def run(*argv: str | Path, cwd: Path, expect: int = 0) -> str:
    """Run a program, and return what it printed. Fails for any other exit status than `expect`."""
    path = f"{_PYTHON}:{_NODE / '.bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        argv,
        cwd=cwd,
        env={"PATH": path, "HOME": str(cwd), **_QUIET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == expect, done.stdout[-6000:]
    return done.stdout


def need_node_tools() -> Path:
    """Return the folder of the installed packages. Skips where npm is missing."""
    if not (_NODE / ".bin").is_dir():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        pytest.fail("run `make .tools/openapi/.done`")
    return _NODE


def need_python_tools() -> Path:
    """Return the folder of openapi-python-client and mypy."""
    if not (_PYTHON / "openapi-python-client").exists():
        pytest.fail("run `make .venv-openapi/.done`")
    return _PYTHON
