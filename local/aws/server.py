"""The AWS process: serves moto on a given socket and creates the resources of template.yaml.

    python -m local.aws.server LISTENING_FD      prints `ready` when the resources exist, exits with its stdin

moto checks no signature, so it accepts presigned URLs that are wrong or expired.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local.aws import transactions
from local.aws.names import BUCKET, QUEUE, REGION, TABLE


def main(argv: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    transactions.install()
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=int(argv[1]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    create_resources(f"http://127.0.0.1:{server.server_address[1]}")
    print("ready", flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


def create_resources(url: str, key: str = "local") -> None:
    """Create the table with its indexes, the bucket and the queue. `key` is both halves of the credentials."""
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=key, region_name=REGION)
    create_table(url, key)
    session.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET)
    session.client("sqs", endpoint_url=url).create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "60"})


def create_table(url: str, key: str = "local") -> None:
    """Create the table as in template.yaml; a test compares the two."""
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=key, region_name=REGION)
    dynamodb = session.client("dynamodb", endpoint_url=url)
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "due_shard", "AttributeType": "S"},
            {"AttributeName": "due_at", "AttributeType": "N"},
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "created_key", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "owner",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "created_key", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    dynamodb.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )


if __name__ == "__main__":
    main(sys.argv)
