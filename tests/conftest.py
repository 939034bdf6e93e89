from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.aws import Aws, embedded_aws


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with embedded_aws() as running:
        yield running
