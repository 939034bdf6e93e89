"""Fixtures of the sandbox's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def workdir() -> Iterator[Path]:
    """A directory where jobs have theirs. Only this user can enter the parents of `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="job-") as name:
        yield Path(name)
