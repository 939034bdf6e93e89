from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import boto3
import pytest

from lambda_api.observability.logs import logger
from local.aws.names import BUCKET
from local.aws.server import create_table
from tests.support import engines
from tests.support.aws import CREDENTIALS, Aws, embedded_aws
from tests.support.canary import CanaryPlugin
from tests.support.guard import watch_run
from tests.support.hypothesis_profiles import HypothesisProfiles
from tests.support.log_scan import LogScan
from tests.support.measured import MeasuredProcesses
from tests.support.notes import TestNotes

_LONG = ("tests/infra/test_deploy.py", "tests/model/", "tests/lambda_api/web/test_schemathesis.py")
"""They begin first, one per process: one of them at the end would keep a single process busy."""


@pytest.fixture(scope="session", autouse=True)
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test starts outlives the run, even if that is killed."""
    with watch_run(tmp_path_factory.getbasetemp()):
        yield


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
    """The URL of an S3 that verifies signatures, with our bucket."""
    with engines.ministack() as url:
        boto3.client("s3", endpoint_url=url, **CREDENTIALS).create_bucket(Bucket=BUCKET)
        yield url


@pytest.fixture(scope="session")
def local_s3() -> Iterator[str]:
    """The URL of the local system's S3, with our bucket. Key and secret are `test`."""
    with engines.local_s3() as url:
        yield url


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log lines that the functions write while the test runs."""
    stream = io.StringIO()
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before or sys.stdout)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_configure(config: pytest.Config) -> None:
    for plugin in (CanaryPlugin(), LogScan(), HypothesisProfiles(), MeasuredProcesses(), TestNotes()):
        config.pluginmanager.register(plugin)
