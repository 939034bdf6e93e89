from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.support.sam import BIN, run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `sam build`: a folder per function, and the template. Processes of pytest-xdist share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "build"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "done"
        if not done.exists():
            build(folder)
            done.touch()
    return folder


def build(folder: Path) -> None:
    done = run(str(BIN / "sam"), "build", "--build-dir", str(folder), timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
