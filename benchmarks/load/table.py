"""The local system's table and bucket, read and written directly."""

from __future__ import annotations

import boto3

from lambda_api.adapters.aws.dynamodb_table import Item, Table
from lambda_api.adapters.aws.session import AwsSession
from local.aws.names import CREDENTIALS, TABLE


def open_session(url: str) -> AwsSession:
    """Return clients of the AWS at `url`."""
    return AwsSession(_credentials(), url)


def open_table(url: str) -> Table:
    return Table(TABLE, open_session(url).dynamodb)


def scan(url: str, prefix: str, attributes: str) -> list[Item]:
    """Return these attributes of every row whose key begins with `prefix`."""
    client = _credentials().client("dynamodb", endpoint_url=url)
    pages = client.get_paginator("scan").paginate(TableName=TABLE, ProjectionExpression=f"pk, {attributes}")
    return [{**row} for page in pages for row in page["Items"] if row["pk"]["S"].startswith(prefix)]


def _credentials() -> boto3.Session:
    return boto3.Session(
        CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=CREDENTIALS["AWS_REGION"]
    )
