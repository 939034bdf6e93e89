"""boto3's clients as the gateway configures them, against servers that throttle, stall, reset and send nonsense."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from lambda_api.adapters.aws.errors import describe, unavailable
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.adapters.aws.secrets import read_secret
from lambda_api.adapters.aws.session import ATTEMPTS, AwsSession
from lambda_api.adapters.aws.sqs import SqsCallbackQueue
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import Idempotency, IdempotencyRecord
from tests.support.aws import account, table
from tests.support.examples import job
from tests.support.fakes import START, FakeObserver
from tests.support.scripted_server import Peer, Reply, answer, closed_url, hang_up, peer, reset, stall

CONDITION_FAILED = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def fault(name: str, status: int = 400, **more: Any) -> Reply:
    return answer(status, {"__type": name, "message": "planted-message", **more})


def get(url: str, read_seconds: float = 3.0) -> object:
    return table(url, "t", read_seconds=read_seconds).read({"pk": {"S": "JOB#job-1"}})


@pytest.mark.fault("E2")
@pytest.mark.parametrize(
    "trouble",
    [
        fault("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
        fault("com.amazonaws.dynamodb.v20120810#TransactionInProgressException"),
        fault("InternalServerError", 500), answer(503, b"<html>"), answer(429, {}), reset,
    ],
)  # fmt: skip
def test_transient_failure_is_retried(server: Peer, trouble: Reply) -> None:
    server.replies = [trouble, answer(200, {"Item": {"a": {"S": "é"}}})]
    assert get(server.url) == {"a": {"S": "é"}}
    assert len(server.seen) == 2


@pytest.mark.fault("E2")
@pytest.mark.parametrize("trouble", [fault("InternalServerError", 500), reset])
def test_failure_that_lasts_is_unavailable_after_three_attempts(server: Peer, trouble: Reply) -> None:
    server.replies = [trouble]
    with pytest.raises(Unavailable) as raised:
        get(server.url)
    assert len(server.seen) == ATTEMPTS
    assert raised.value.retry_after == 2


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """Announce 100 bytes, send fewer and hang up."""
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b'{"Item": {"secret": {"S": "planted-text"'[:40]
    )


def test_truncated_response_is_retried_and_no_missing_item(server: Peer) -> None:
    server.replies = [cut_off, answer(200, {"Item": {"a": {"S": "é"}}})]
    assert get(server.url) == {"a": {"S": "é"}}
    server.replies = [cut_off]
    with pytest.raises(Unavailable) as raised:
        get(server.url)
    assert (raised.value.reason, len(server.seen)) == ("TruncatedResponse", 2 + ATTEMPTS)


def test_aws_that_is_down_is_unavailable() -> None:
    with pytest.raises(Unavailable) as raised:
        get(closed_url())
    assert raised.value.reason == "EndpointConnectionError"


@pytest.mark.parametrize("name", ["AccessDeniedException", "com.amazon.coral.service#InvalidSignatureException"])
def test_refusal_is_final_and_reports_its_code_alone(server: Peer, name: str) -> None:
    server.replies = [fault(name)]
    with pytest.raises(Unavailable) as raised:
        get(server.url)
    assert len(server.seen) == 1
    assert raised.value.reason == f"GetItem: {name.rpartition('#')[2]}"


@pytest.mark.fault("E2")
def test_silence_is_bounded_per_attempt_and_in_all(server: Peer) -> None:
    server.replies = [stall]
    began = time.monotonic()
    with pytest.raises(Unavailable) as raised:
        get(server.url, read_seconds=0.2)
    assert time.monotonic() - began < 2
    assert (raised.value.reason, len(server.seen)) == ("ReadTimeoutError", ATTEMPTS)


def test_connections_are_kept_and_a_closed_one_is_no_error(server: Peer) -> None:
    server.replies, server.keep_open = [answer(200, {}), answer(200, {}), hang_up, answer(200, {})], True
    for _ in range(4):
        get(server.url)
    first, second, third, fourth = (request.port for request in server.seen)
    assert first == second == third != fourth


def test_every_error_of_boto3_becomes_the_domains() -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "planted"}}, "GetItem")
    for error, reason in ((refused, "GetItem: AccessDenied"), (BotoCoreError(), "BotoCoreError")):
        assert describe(error) == reason
        with pytest.raises(Unavailable) as raised, unavailable("store"):
            raise error
        assert raised.value.reason == reason
        assert "planted" not in "".join(traceback.format_exception(raised.value))


class TestObjects:
    def objects(self, server: Peer, *replies: Reply) -> S3Objects:
        server.replies = list(replies)
        return S3Objects("b", account(server.url).s3)

    def test_missing_object_is_none(self, server: Peer) -> None:
        objects = self.objects(server, answer(404, b"<Error><Code>NoSuchKey</Code></Error>"))
        assert objects.read("jobs/a/m.json", 10) is None
        assert objects.size("jobs/a/m.json") is None
        assert [(r.method, r.path) for r in server.seen] == [("GET", "/b/jobs/a/m.json"), ("HEAD", "/b/jobs/a/m.json")]

    @pytest.mark.parametrize("code", ["NoSuchBucket", "AccessDenied"])
    def test_another_bucket_is_no_missing_object(self, server: Peer, code: str) -> None:
        objects = self.objects(server, answer(404, f"<Error><Code>{code}</Code></Error>".encode()))
        with pytest.raises(Unavailable) as raised:
            objects.read("k", 10)
        assert (raised.value.reason, len(server.seen)) == (f"GetObject: {code}", 1)

    def test_throttling_is_retried(self, server: Peer) -> None:
        slow_down = answer(503, b"<Error><Code>SlowDown</Code></Error>")
        assert self.objects(server, slow_down, answer(200, b"data")).read("k", 10) == b"data"

    def test_object_that_is_too_long_is_not_read(self, server: Peer) -> None:
        objects = self.objects(server, answer(200, b"x" * 5_000_000))
        assert objects.read("k", 4_999_999) is None
        assert len(server.seen) == 1

    @pytest.mark.parametrize(
        ("region", "bucket", "base"),
        [
            ("us-east-1", "videos", "https://videos.s3.us-east-1.amazonaws.com/"),
            ("eu-west-1", "videos", "https://videos.s3.eu-west-1.amazonaws.com/"),
            ("eu-west-1", "my.videos", "https://s3.eu-west-1.amazonaws.com/my.videos/"),
            ("cn-north-1", "videos", "https://videos.s3.cn-north-1.amazonaws.com.cn/"),
        ],
    )
    def test_presigned_urls_name_the_region(self, region: str, bucket: str, base: str) -> None:
        session = AwsSession(boto3.Session("AKIA", "planted", region_name=region))
        assert S3Objects(bucket, session.s3).presign_get("k", 60).startswith(f"{base}k?")

    def test_endpoint_of_the_environment_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
        session = AwsSession(boto3.Session("AKIA", "planted", region_name="eu-west-1"))
        assert S3Objects("videos", session.s3).presign_get("k", 60).startswith("http://localhost:1/videos/k?")
        assert session.sqs.meta.endpoint_url == "http://localhost:1"


class TestReads:
    """Decisions about a job need strongly consistent reads; DynamoDB's cheaper reads may return older data."""

    def store(self, server: Peer, *replies: Reply) -> DynamoJobStore:
        server.replies = list(replies)
        return DynamoJobStore(table(server.url, "t"), lambda: START, 3_600_000)

    def test_job_is_read_consistently(self, server: Peer) -> None:
        assert self.store(server, answer(200, {})).get("job-1") is None
        (read,) = server.seen
        assert read.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
        assert read.json == {"TableName": "t", "Key": {"pk": {"S": "JOB#job-1"}}, "ConsistentRead": True}

    def test_jobs_of_a_page_are_read_consistently(self, server: Peer) -> None:
        keys = [{"pk": {"S": f"JOB#job-{number}"}} for number in (1, 2)]
        left = {"t": {"Keys": keys[1:], "ConsistentRead": True}}
        self.store(
            server, answer(200, {"Items": [key | {"created_key": {"S": "0#job"}} for key in keys]}),
            answer(200, {"Responses": {}, "UnprocessedKeys": left}),
            answer(200, {"Responses": {}}),
        ).page("ada", 10, None)  # fmt: skip
        query, *reads = server.seen
        # DynamoDB has no consistent reads of an index; the index only names the jobs to read.
        assert "ConsistentRead" not in query.json
        assert {read.headers["x-amz-target"] for read in reads} == {"DynamoDB_20120810.BatchGetItem"}
        assert [read.json["RequestItems"] for read in reads] == [{"t": {"Keys": keys, "ConsistentRead": True}}, left]

    def test_record_missing_from_a_refusal_is_read_consistently(self, server: Peer) -> None:
        """DynamoDB may refuse a write without returning the row that it collided with."""
        found = {"Item": {"job_id": {"S": "job-9"}, "fingerprint": {"S": "f"}}}
        failed = [{"Code": "ConditionalCheckFailed"}, {"Code": "None"}, {"Code": "None"}]
        refused = fault("x#TransactionCanceledException", CancellationReasons=failed)
        store = self.store(server, refused, answer(200, found))
        assert store.create(job(), Idempotency("k", "f", START + 1000), START, Allowance()) == IdempotencyRecord(
            "job-9", "f"
        )
        assert server.seen[1].json == {"TableName": "t", "Key": {"pk": {"S": "IDEM#ada#k"}}, "ConsistentRead": True}


class TestWritesRetriedAfterALostResponse:
    """The first write stored the row but its response was lost; the retry must report success."""

    def store(self, url: str) -> DynamoJobStore:
        return DynamoJobStore(table(url, "t"), lambda: START, 3_600_000)

    def test_repeated_create_succeeds(self, server: Peer) -> None:
        server.replies = [reset, fault(CONDITION_FAILED)]
        assert self.store(server.url).create(job(), None, START, Allowance()) is None

    def test_repeated_create_with_its_key_succeeds(self, server: Peer) -> None:
        mine = job()
        key = {"job_id": {"S": mine.job_id}, "fingerprint": {"S": "f"}}
        failed = [{"Code": "ConditionalCheckFailed", "Item": key}, {"Code": "ConditionalCheckFailed"}]
        server.replies = [reset, fault("x#TransactionCanceledException", CancellationReasons=failed)]
        assert self.store(server.url).create(mine, Idempotency("k", "f", START + 1000), START, Allowance()) is None
        first, second = (request.json for request in server.seen)
        assert first == second


@pytest.mark.fault("E2")
def test_failing_queue_logs_a_warning(server: Peer) -> None:
    server.replies = [answer(200, {"MessageId": "m"}), fault("AWS.SimpleQueueService.NonExistentQueue")]
    observer = FakeObserver()
    queue = SqsCallbackQueue("https://sqs.example/1/q", observer, account(server.url).sqs)
    assert queue.enqueue(job(job_id="a", owner="ada"), 1500) is True
    message = {
        "QueueUrl": "https://sqs.example/1/q", "MessageBody": '{"job_id": "a"}', "DelaySeconds": 2,
        "MessageGroupId": "ada",
    }  # fmt: skip
    assert (server.seen[0].json, server.seen[0].headers["x-amz-target"]) == (message, "AmazonSQS.SendMessage")
    assert observer.warnings == []
    assert queue.enqueue(job(job_id="a")) is False
    assert observer.warnings == ["callback_enqueue_failed"]


def test_event_of_progress_names_its_mark(server: Peer) -> None:
    server.replies = [answer(200, {"MessageId": "m"})]
    queue = SqsCallbackQueue("https://sqs.example/1/q", FakeObserver(), account(server.url).sqs)
    assert queue.enqueue_progress(job(job_id="a", owner="ada"), 50) is True
    assert server.seen[0].json["MessageBody"] == '{"job_id": "a", "progress": 50}'
    assert server.seen[0].json["MessageGroupId"] == "ada"


class TestSecrets:
    def test_secret_is_read(self, server: Peer) -> None:
        server.replies = [answer(200, {"SecretString": "planted"})]
        assert read_secret(account(server.url).secretsmanager, "arn:a") == "planted"
        (seen,) = server.seen
        assert seen.json == {"SecretId": "arn:a"}
        assert seen.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        assert seen.headers["content-type"] == "application/x-amz-json-1.1"

    @pytest.mark.parametrize(
        "reply",
        [fault("ResourceNotFoundException"), answer(200, {"SecretBinary": "cGxhbnRlZA=="}), answer(200, b"planted")],
    )
    def test_unreadable_secret_is_not_quoted_in_the_error(self, server: Peer, reply: Reply) -> None:
        server.replies = [reply]
        with pytest.raises(Unavailable) as raised:
            read_secret(account(server.url).secretsmanager, "arn:a")
        assert "planted" not in str(raised.value.reason)
        assert "planted" not in "".join(traceback.format_exception(raised.value))


class TestCredentials:
    def test_credentials_come_from_lambdas_endpoint_under_snapstart(
        self, server: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SnapStart sets the endpoint and no keys, so that a snapshot holds none that expire."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/creds")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        expires_at = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        granted = {"AccessKeyId": "ONE", "SecretAccessKey": "s", "Token": "t", "Expiration": expires_at}
        server.replies = [answer(200, granted)]
        assert "ONE" in S3Objects("b", AwsSession().s3).presign_get("k", 60)
        assert [(r.path, r.headers["authorization"]) for r in server.seen] == [("/creds", "Basic abc")]

    def test_missing_credentials_are_unavailable_at_once(self, server: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lambda has no instance metadata service; requesting it would take seconds."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
        with pytest.raises(Unavailable) as raised:
            S3Objects("b", AwsSession().s3).presign_get("k", 60)
        assert raised.value.reason == "NoCredentialsError"
        assert server.seen == []
