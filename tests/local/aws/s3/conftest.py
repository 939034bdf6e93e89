"""Fixtures of the local S3's tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import engines


@pytest.fixture
def s3_folder(local_s3: str) -> Path:
    """The folder in which it keeps its objects."""
    return engines.S3_FOLDERS[local_s3]


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    def wait(holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < until
            time.sleep(0.01)

    return wait
