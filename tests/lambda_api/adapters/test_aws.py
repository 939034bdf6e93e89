"""The AWS client against real sockets that throttle, stall, reset and talk nonsense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from lambda_api.adapters.aws import client, endpoints
from lambda_api.adapters.aws.client import DYNAMODB, SECRETS_MANAGER, SQS, Aws
from lambda_api.adapters.aws.errors import NO_ANSWER, TOO_LONG, AwsError
from lambda_api.adapters.dynamodb import DynamoJobStore
from lambda_api.adapters.s3 import S3Objects
from lambda_api.adapters.secrets import read_secret
from lambda_api.adapters.sqs import SqsCallbackQueue
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import Idempotency, IdempotencyRecord
from tests.support.examples import job
from tests.support.fakes import START, FakeObserver
from tests.support.scripted_server import Peer, Reply, answer, drip, hang_up, nobody, peer, reset, stall

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "planted-secret", "AWS_REGION": "eu-west-1"}
CONDITION_FAILED = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def aws(url: str, naps: list[float] | None = None) -> Aws:
    return Aws({**KEYS, "AWS_ENDPOINT_URL": url}, sleep=(naps if naps is not None else []).append)


def fault(name: str, status: int = 400, **more: Any) -> Reply:
    return answer(status, {"__type": name, "message": "planted-message", **more})


def test_a_call_is_one_signed_post(server: Peer) -> None:
    server.replies = [answer(200, {"Item": {"a": {"S": "é"}}})]
    assert aws(server.url).call(DYNAMODB, "GetItem", TableName="t") == {"Item": {"a": {"S": "é"}}}
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.json) == ("POST", "/", {"TableName": "t"})
    assert seen.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert seen.headers["content-type"] == "application/x-amz-json-1.0"
    assert "Credential=AKIA/" in seen.headers["authorization"]
    assert "/eu-west-1/dynamodb/aws4_request" in seen.headers["authorization"]


@pytest.mark.fault("E2")
@pytest.mark.parametrize(
    "trouble",
    [
        fault("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
        fault("com.amazon.coral.availability#ThrottlingException"), fault("RequestLimitExceeded"),
        fault("com.amazonaws.dynamodb.v20120810#TransactionInProgressException"),
        fault("InternalServerError", 500), answer(503, b"<html>"), answer(429, {}), answer(200, b"<html>"),
        answer(200, b"[]"), answer(200, b""), reset,
    ],
)  # fmt: skip
def test_what_may_pass_is_tried_again(server: Peer, trouble: Reply) -> None:
    server.replies = [trouble, trouble, answer(200, {"ok": 1})]
    naps: list[float] = []
    assert aws(server.url, naps).call(DYNAMODB, "GetItem") == {"ok": 1}
    assert len(server.seen) == 3
    assert 0 <= naps[0] <= 0.2
    assert 0 <= naps[1] <= 0.4


@pytest.mark.fault("E2")
def test_no_more_than_three_times(server: Peer) -> None:
    server.replies = [fault("ThrottlingException")]
    with pytest.raises(AwsError) as raised:
        aws(server.url).call(SQS, "SendMessage")
    assert raised.value.code == "ThrottlingException"
    assert len(server.seen) == 3


def test_a_peer_that_is_down_is_tried_three_times() -> None:
    naps: list[float] = []
    with pytest.raises(AwsError, match=f"GetItem: {NO_ANSWER}"):
        aws(nobody(), naps).call(DYNAMODB, "GetItem")
    assert len(naps) == 2


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fault(CONDITION_FAILED), "ConditionalCheckFailedException"),
        (fault("AccessDeniedException"), "AccessDeniedException"),
        # The clock is wrong: signing again with the same clock would be refused again.
        (fault("com.amazon.coral.service#InvalidSignatureException"), "InvalidSignatureException"),
        (answer(403, {}), "http_403"),
    ],
)
def test_a_refusal_is_final_and_says_its_code_alone(server: Peer, reply: Reply, code: str) -> None:
    server.replies = [reply]
    with pytest.raises(AwsError) as raised:
        aws(server.url).call(DYNAMODB, "PutItem", Item={"doc": {"S": "planted-document"}})
    assert raised.value.code == code
    assert len(server.seen) == 1
    assert str(raised.value) == f"PutItem: {code}"


@pytest.mark.fault("E2")
@pytest.mark.parametrize("reply", [drip, stall])
def test_slow_answers_are_bounded_one_by_one_and_in_all(
    server: Peer, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_CONNECT", 0.1)
    monkeypatch.setattr(client, "_READ", 0.2)
    monkeypatch.setattr(client, "_LAST_TRY_SECONDS", 0.25)
    server.replies = [reply]
    with pytest.raises(AwsError, match=NO_ANSWER):
        Aws({**KEYS, "AWS_ENDPOINT_URL": server.url}, sleep=lambda _: None, jitter=lambda: 0.0).call(DYNAMODB, "Query")
    assert 1 <= len(server.seen) <= 2


def test_connections_are_kept_and_those_idle_for_long_are_not_trusted(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies, server.keep_open = [answer(200, {})], True
    account, objects = aws(server.url), S3Objects("b", aws(server.url))
    account.call(DYNAMODB, "GetItem")
    account.call(DYNAMODB, "GetItem")
    later = time.time() + 31
    monkeypatch.setattr(time, "time", lambda: later)
    account.call(DYNAMODB, "GetItem")
    first, second, third = (request.port for request in server.seen)
    assert first == second != third
    server.seen.clear()
    objects.size("k")
    objects.read("k", 10)
    assert len({request.port for request in server.seen}) == 1


def test_a_connection_that_the_peer_closed_silently_is_no_error(server: Peer) -> None:
    server.replies, server.keep_open = [hang_up], True
    account = aws(server.url)
    for _ in range(3):
        account.call(DYNAMODB, "GetItem")
    assert len(server.seen) == 3


class TestObjects:
    def test_an_object_that_is_not_there(self, server: Peer) -> None:
        server.replies = [answer(404, b"<Error><Code>NoSuchKey</Code></Error>")]
        objects = S3Objects("b", aws(server.url))
        assert objects.read("jobs/a/m.json", 10) is None
        assert objects.size("jobs/a/m.json") is None
        assert [(r.method, r.path) for r in server.seen] == [("GET", "/b/jobs/a/m.json"), ("HEAD", "/b/jobs/a/m.json")]

    @pytest.mark.parametrize(
        "reply", [answer(404, b"<Code>NoSuchBucket</Code>"), answer(403, b"<Code>AccessDenied</Code>"), answer(301)]
    )
    def test_a_bucket_that_is_not_ours_is_no_missing_object(self, server: Peer, reply: Reply) -> None:
        server.replies = [reply]
        with pytest.raises(Unavailable) as raised:
            S3Objects("b", aws(server.url)).read("k", 10)
        assert len(server.seen) == 1
        assert raised.value.reason is not None
        assert raised.value.reason.startswith("GET: http_")

    def test_throttling_passes(self, server: Peer) -> None:
        server.replies = [answer(503, b"<Code>SlowDown</Code>"), answer(200, b"data")]
        assert S3Objects("b", aws(server.url)).read("k", 10) == b"data"

    def test_an_object_that_is_too_long_is_not_read_to_its_end(self, server: Peer) -> None:
        server.replies = [answer(200, b"x" * 5_000_000)]
        objects = S3Objects("b", aws(server.url))
        assert objects.read("k", 10) is None
        assert objects.read("k", 4_999_999) is None
        assert len(server.seen) == 2
        with pytest.raises(AwsError, match=TOO_LONG):
            aws(server.url).fetch("GET", "b", "k", 10)


class TestReads:
    """Whoever decides something by a job reads what was written last; DynamoDB's cheaper reads may lag behind."""

    def store(self, server: Peer, *replies: Reply) -> DynamoJobStore:
        server.replies = list(replies)
        return DynamoJobStore("t", lambda: START, 3_600_000, aws(server.url))

    def test_of_one_job(self, server: Peer) -> None:
        assert self.store(server, answer(200, {})).get("job-1") is None
        (read,) = server.seen
        assert read.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
        assert read.json == {"TableName": "t", "Key": {"pk": {"S": "JOB#job-1"}}, "ConsistentRead": True}

    def test_of_a_page(self, server: Peer) -> None:
        keys = [{"pk": {"S": f"JOB#job-{number}"}} for number in (1, 2)]
        left = {"t": {"Keys": keys[1:], "ConsistentRead": True}}
        self.store(
            server, answer(200, {"Items": keys}), answer(200, {"Responses": {}, "UnprocessedKeys": left}),
            answer(200, {"Responses": {}}),
        ).page("ada", 10, None)  # fmt: skip
        query, *reads = server.seen
        # An index cannot be read so; it only says which jobs are to be read.
        assert "ConsistentRead" not in query.json
        assert {read.headers["x-amz-target"] for read in reads} == {"DynamoDB_20120810.BatchGetItem"}
        assert [read.json["RequestItems"] for read in reads] == [{"t": {"Keys": keys, "ConsistentRead": True}}, left]

    def test_of_the_key_of_an_earlier_request(self, server: Peer) -> None:
        """DynamoDB need not send the row along with which a write collided."""
        found = {"Item": {"job_id": {"S": "job-9"}, "fingerprint": {"S": "f"}}}
        failed = [{"Code": "ConditionalCheckFailed"}, {"Code": "None"}, {"Code": "None"}]
        refused = fault("x#TransactionCanceledException", CancellationReasons=failed)
        store = self.store(server, refused, answer(200, found))
        assert store.create(job(), Idempotency("k", "f", START + 1000), START, Allowance()) == IdempotencyRecord(
            "job-9", "f"
        )
        assert server.seen[1].json == {"TableName": "t", "Key": {"pk": {"S": "IDEM#ada#k"}}, "ConsistentRead": True}


class TestWritesRepeatedAfterALostAnswer:
    """The row is there although we never heard so; the repetition must not say otherwise."""

    def store(self, url: str) -> DynamoJobStore:
        return DynamoJobStore("t", lambda: START, 3_600_000, aws(url))

    def test_a_job(self, server: Peer) -> None:
        server.replies = [reset, fault(CONDITION_FAILED)]
        assert self.store(server.url).create(job(), None, START, Allowance()) is None

    def test_a_job_and_its_key(self, server: Peer) -> None:
        mine = job()
        key = {"job_id": {"S": mine.job_id}, "fingerprint": {"S": "f"}}
        failed = [{"Code": "ConditionalCheckFailed", "Item": key}, {"Code": "ConditionalCheckFailed"}]
        server.replies = [reset, fault("x#TransactionCanceledException", CancellationReasons=failed)]
        assert self.store(server.url).create(mine, Idempotency("k", "f", START + 1000), START, Allowance()) is None
        first, second = (request.json for request in server.seen)
        assert first == second


@pytest.mark.fault("E2")
def test_a_queue_that_does_not_answer_is_noted(server: Peer) -> None:
    server.replies = [answer(200, {"MessageId": "m"}), fault("AWS.SimpleQueueService.NonExistentQueue")]
    observer = FakeObserver()
    queue = SqsCallbackQueue("https://sqs.example/1/q", observer, aws(server.url))
    assert queue.enqueue(job(job_id="a", owner="ada"), 1500) is True
    asked = {
        "QueueUrl": "https://sqs.example/1/q", "MessageBody": '{"job_id": "a"}', "DelaySeconds": 2,
        "MessageGroupId": "ada",
    }  # fmt: skip
    assert (server.seen[0].json, server.seen[0].headers["x-amz-target"]) == (asked, "AmazonSQS.SendMessage")
    assert observer.warnings == []
    assert queue.enqueue(job(job_id="a")) is False
    assert observer.warnings == ["callback_enqueue_failed"]


class TestSecrets:
    def test_a_secret_is_read(self, server: Peer) -> None:
        server.replies = [answer(200, {"SecretString": "planted"})]
        assert read_secret("arn:a", aws(server.url)) == "planted"
        (seen,) = server.seen
        assert seen.json == {"SecretId": "arn:a"}
        assert seen.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        assert seen.headers["content-type"] == "application/x-amz-json-1.1"

    @pytest.mark.parametrize(
        "reply", [fault("ResourceNotFoundException"), answer(200, {"SecretBinary": "planted"}), answer(200, b"planted")]
    )
    def test_a_secret_that_cannot_be_read_is_not_in_the_error(self, server: Peer, reply: Reply) -> None:
        server.replies = [reply]
        with pytest.raises(Unavailable) as raised:
            read_secret("arn:a", aws(server.url))
        assert "planted" not in str(raised.value.reason)
        assert "planted" not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


class TestCredentials:
    def granted(self, key: str, expires_at: float) -> Reply:
        moment = datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return answer(200, {"AccessKeyId": key, "SecretAccessKey": "s", "Token": "t", "Expiration": moment})

    def account(self, credentials: str, service: str, clock: list[float]) -> Aws:
        env = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{credentials}/creds", "AWS_REGION": "eu-west-1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc", "AWS_ENDPOINT_URL": service,
        }  # fmt: skip
        return Aws(env, clock=lambda: clock[0], sleep=lambda _: None)

    def test_they_come_from_lambdas_endpoint_and_are_renewed_before_they_expire(self, server: Peer) -> None:
        clock = [1_000_000.0]
        with peer() as service:
            service.replies = [answer(200, {})]
            server.replies = [self.granted("ONE", clock[0] + 3600), self.granted("TWO", clock[0] + 7200), reset]
            account = self.account(server.url, service.url, clock)
            for seconds in (0, 1000, 3100, 4000):
                clock[0] = 1_000_000.0 + seconds
                account.call(DYNAMODB, "GetItem")
            used = [r.headers["authorization"].partition("Credential=")[2][:3] for r in service.seen]
        assert used == ["ONE", "ONE", "TWO", "TWO"]
        assert service.seen[0].headers["x-amz-security-token"] == "t"
        assert [(r.path, r.headers["authorization"]) for r in server.seen] == [("/creds", "Basic abc")] * 2

    def test_those_that_still_hold_are_used_when_they_cannot_be_renewed(self, server: Peer) -> None:
        clock = [0.0]
        server.replies = [self.granted("ONE", 3600), reset]
        account = self.account(server.url, "http://127.0.0.1:1", clock)
        for clock[0] in (0.0, 3500.0):
            assert "ONE" in account.presign("GET", "b", "k", {}, 60)
        clock[0] = 3600.0
        with pytest.raises(AwsError, match="NoCredentials"):
            account.presign("GET", "b", "k", {}, 60)

    @pytest.mark.parametrize("reply", [answer(200, b"planted"), answer(200, {"Token": "planted"}), answer(500)])
    def test_none_are_unavailable_and_quoted_nowhere(self, server: Peer, reply: Reply) -> None:
        server.replies = [reply]
        with pytest.raises(Unavailable) as raised:
            S3Objects("b", self.account(server.url, server.url, [0.0])).presign_get("k", 60)
        assert "planted" not in f"{raised.value.__cause__!r} {raised.value.__cause__.__context__!r}"  # type: ignore[union-attr]

    def test_the_token_is_told_to_nobody_far_away(self) -> None:
        with pytest.raises(AwsError, match="NoCredentials"):
            self.account("http://192.0.2.1", "http://127.0.0.1:1", [0.0]).presign("GET", "b", "k", {}, 60)


class TestEndpoints:
    @pytest.mark.parametrize(
        "region", ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "ap-southeast-5"]
    )
    @pytest.mark.parametrize("service", [DYNAMODB.name, SQS.name, SECRETS_MANAGER.name])
    def test_are_botocores(self, service: str, region: str) -> None:
        session = botocore.session.Session()
        theirs = session.create_client(
            service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
        ).meta.endpoint_url
        assert endpoints.endpoint(service, {"AWS_REGION": region}) == theirs

    def test_of_a_bucket(self) -> None:
        env = {"AWS_DEFAULT_REGION": "eu-west-1"}
        assert endpoints.bucket_url("videos", env) == "https://videos.s3.eu-west-1.amazonaws.com"
        assert endpoints.bucket_url("my.videos", env) == "https://s3.eu-west-1.amazonaws.com/my.videos"
        custom = env | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2/"}
        assert endpoints.bucket_url("videos", custom) == "http://127.0.0.1:2/videos"
        assert endpoints.endpoint("sqs", custom) == "http://127.0.0.1:1"

    def test_without_a_region(self) -> None:
        with pytest.raises(AwsError, match="NoRegion"):
            endpoints.endpoint("sqs", {})
