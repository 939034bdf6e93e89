"""Embedded AWS for tests: moto's server in this process, with the resources of the local system."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from lambda_api.adapters.aws.dynamodb_table import Table
from lambda_api.adapters.aws.session import READ_SECONDS, AwsSession
from local.aws import transactions
from local.aws.names import REGION, TABLE
from local.aws.server import create_resources

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Aws:
    url: str

    def client(self, service: str) -> Any:
        config = Config(retries={"mode": "standard", "max_attempts": 1}, signature_version=_signature(service))
        return boto3.client(service, endpoint_url=self.url, config=config, **CREDENTIALS)  # type: ignore[call-overload]


def _signature(service: str) -> str | None:
    return "s3v4" if service == "s3" else None


@cache
def account(url: str, key: str = "test", read_seconds: float = READ_SECONDS) -> AwsSession:
    """Return the gateway's own clients for the server at `url`. `key` is both halves of the credentials."""
    return AwsSession(_session(key), url, read_seconds)


@cache
def _session(key: str) -> boto3.Session:
    """One for all servers: it parses each service's model once."""
    return boto3.Session(aws_access_key_id=key, aws_secret_access_key=key, region_name=REGION)


def table(
    url: str,
    name: str = TABLE,
    *,
    read_seconds: float = READ_SECONDS,
    random: Callable[[], float] = lambda: 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Table:
    """Return the gateway's table on the server at `url`. Without `random`, each backoff is the longest there is."""
    return Table(name, account(url, read_seconds=read_seconds).dynamodb, random, sleep)


@contextmanager
def embedded_aws() -> Iterator[Aws]:
    transactions.install()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        create_resources(url)
        yield Aws(url)
    finally:
        server.stop()
