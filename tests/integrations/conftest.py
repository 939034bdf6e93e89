from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.system import System, running


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    """The local system as `make up` starts it."""
    with running("--workers=1") as started:
        yield started
