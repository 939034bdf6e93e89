"""Embedded AWS for tests: moto's server in this process, with the resources of the local system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from lambda_api.adapters.aws import client
from local.aws import transactions
from local.aws.names import REGION
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


def account(url: str, key: str = "test") -> client.Aws:
    """The gateway's own client for whatever answers at `url`. `key` is both halves of the credentials."""
    env = {"AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": key}
    return client.Aws(env)


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
