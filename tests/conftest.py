from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from local.aws.names import BUCKET
from local.aws.server import create_table
from tests.support import engines
from tests.support.aws import CREDENTIALS, Aws, embedded_aws
from tests.support.outcomes import Outcomes


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with embedded_aws() as running:
        yield running


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The URL of Amazon's own engine, with our table."""
    if missing := engines.missing_dynamodb_local():
        pytest.skip(missing)
    with engines.dynamodb_local() as url:
        create_table(url)
        yield url


@pytest.fixture(scope="session")
def strict_s3() -> Iterator[str]:
    """The URL of an S3 that rejects what is signed wrongly, with our bucket."""
    with engines.ministack() as url:
        boto3.client("s3", endpoint_url=url, **CREDENTIALS).create_bucket(Bucket=BUCKET)
        yield url


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", action="store_true", help="write docs/faults.md from what the marked tests show")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--faults"):
        config.pluginmanager.register(Outcomes())
