from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sam import BIN, run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `sam build`: a folder per function, and the template."""
    folder = tmp_path_factory.mktemp("build")
    done = run(str(BIN / "sam"), "build", "--build-dir", str(folder), timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
