"""The delivery log and the defaults, against the fakes, moto and Amazon's own engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lambda_api.adapters.aws.delivery_log import DynamoDeliveryLog, DynamoWebhookDefaults
from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.policy import HOUR, MINUTE
from lambda_api.domain.ports import DeliveryLog, WebhookDefaults
from lambda_api.domain.webhooks.delivery import Delivery, DeliveryStatus, WebhookDefault
from local.aws.names import TABLE
from tests.support.aws import Aws, account, table
from tests.support.fakes import START, FakeClock, FakeDefaults, FakeDeliveries

DEFAULT = WebhookDefault("https://hooks.example/?a=b", ("job.failed",))


@pytest.fixture(params=["fake", "moto", "dynamodb-local"])
def url(request: pytest.FixtureRequest) -> str:
    """URL of the engine; empty for the fake."""
    if request.param == "fake":
        return ""
    local = request.param == "dynamodb-local"
    found: str = request.getfixturevalue("dynamodb_local") if local else request.getfixturevalue("aws").url
    return found


@pytest.fixture
def make(url: str) -> Callable[[FakeClock], DeliveryLog]:
    if not url:
        return FakeDeliveries
    return lambda clock: DynamoDeliveryLog(table(url), clock)


@pytest.fixture
def owner() -> str:
    return f"o-{uuid.uuid4().hex[:12]}"


def delivery(owner: str, number: int = 1, **changes: Any) -> Delivery:
    base: dict[str, Any] = {
        "delivery_id": f"dlv_{owner}_end_{number}", "owner": owner, "job_id": "job-1", "type": "job.completed",
        "webhook_id": "msg_job-1", "attempt": number, "url": "https://hooks.example/?x=1",
        "status": DeliveryStatus.FAILED, "result": "http_401", "response": "Invalid token é", "created_at": START,
        "duration_ms": 12, "next_attempt_at": START + 5000, "headers": {"webhook-id": "msg_job-1"},
        "body": '{"type":"job.completed","é":"ü"}', "expires_at": START + HOUR,
    }  # fmt: skip
    return Delivery(**(base | changes))


def write(log: DeliveryLog, clock: FakeClock, owner: str, count: int) -> None:
    for number in range(1, count + 1):
        clock.advance(1000)
        log.write(delivery(owner, number))


class TestDeliveryLog:
    def test_written_delivery_is_read_back(self, make: Callable[[FakeClock], DeliveryLog], owner: str) -> None:
        log, sent = make(FakeClock()), delivery(owner)
        log.write(sent)
        # The same attempt again is the same row.
        log.write(sent)
        assert log.find([sent.delivery_id, "dlv_nothing"]) == [sent]
        assert log.newest(owner, 10, None).deliveries == (sent,)
        assert log.find([]) == []

    def test_deliveries_are_paged_newest_first(self, make: Callable[[FakeClock], DeliveryLog], owner: str) -> None:
        clock = FakeClock()
        log = make(clock)
        write(log, clock, owner, 3)
        first = log.newest(owner, 2, None)
        assert [it.attempt for it in first.deliveries] == [3, 2]
        rest = log.newest(owner, 2, first.cursor)
        assert ([it.attempt for it in rest.deliveries], rest.cursor) == ([1], None)

    def test_reader_after_a_cursor_misses_nothing(self, make: Callable[[FakeClock], DeliveryLog], owner: str) -> None:
        clock = FakeClock()
        log = make(clock)
        empty = log.after(owner, 10, str(START), clock.now)
        assert empty.deliveries == ()
        write(log, clock, owner, 3)
        # The last one is younger than a second.
        clock.advance(500)
        first = log.after(owner, 1, empty.cursor or "", clock.now)
        assert [it.attempt for it in first.deliveries] == [1]
        second = log.after(owner, 10, first.cursor or "", clock.now)
        assert [it.attempt for it in second.deliveries] == [2]
        again = log.after(owner, 10, second.cursor or "", clock.now)
        assert (again.deliveries, again.cursor) == ((), second.cursor)
        clock.advance(1000)
        assert [it.attempt for it in log.after(owner, 10, second.cursor or "", clock.now).deliveries] == [3]

    def test_cursor_of_another_owner_shows_nothing_of_theirs(
        self, make: Callable[[FakeClock], DeliveryLog], owner: str
    ) -> None:
        clock = FakeClock()
        log = make(clock)
        write(log, clock, owner, 2)
        cursor = log.newest(owner, 1, None).cursor
        clock.advance(HOUR // 2)
        for page in (log.newest("someone-else", 10, cursor), log.after("someone-else", 10, cursor or "", clock.now)):
            assert page.deliveries == ()

    @pytest.mark.parametrize("cursor", ["x", "MTIz", "é", "A" * 300])
    def test_foreign_cursor_is_refused(self, make: Callable[[FakeClock], DeliveryLog], owner: str, cursor: str) -> None:
        log = make(FakeClock())
        with pytest.raises(InvalidRequest):
            log.after(owner, 10, cursor, START)
        log.write(delivery(owner))
        with pytest.raises(InvalidRequest):
            log.newest(owner, 10, cursor)

    def test_claim_is_made_once_and_is_no_delivery(self, make: Callable[[FakeClock], DeliveryLog], owner: str) -> None:
        log, sent = make(FakeClock()), delivery(owner)
        assert [log.claim(sent.delivery_id, sent.expires_at) for _ in range(3)] == [True, False, False]
        assert log.find([sent.delivery_id]) == []
        assert log.newest(owner, 10, None).deliveries == ()
        log.write(sent)
        assert log.find([sent.delivery_id]) == [sent]
        assert log.claim(sent.delivery_id, sent.expires_at) is False

    def test_delivery_past_its_retention_is_not_returned(
        self, make: Callable[[FakeClock], DeliveryLog], owner: str
    ) -> None:
        clock = FakeClock()
        log, sent = make(clock), delivery(owner)
        log.write(sent)
        clock.advance(HOUR)
        assert (log.find([sent.delivery_id]), log.newest(owner, 10, None).deliveries) == ([], ())


@pytest.fixture
def defaults(url: str) -> WebhookDefaults:
    return DynamoWebhookDefaults(table(url), FakeClock()) if url else FakeDefaults()


def test_default_is_replaced_and_removed(defaults: WebhookDefaults, owner: str) -> None:
    assert (defaults.get(owner), defaults.read(owner)) == (None, None)
    for value in (DEFAULT, replace(DEFAULT, events=None), None):
        defaults.set(owner, value)
        assert (defaults.get(owner), defaults.read(owner), defaults.get("x-" + owner)) == (value, value, None)


def test_default_is_read_once_a_minute(aws: Aws, owner: str) -> None:
    clock = FakeClock()
    here, there = (DynamoWebhookDefaults(table(aws.url), clock) for _ in range(2))
    assert here.get(owner) is None
    there.set(owner, DEFAULT)
    clock.advance(MINUTE - 1)
    assert here.get(owner) is None
    clock.advance(1)
    assert here.get(owner) == DEFAULT


def test_body_is_stored_compressed(aws: Aws, owner: str) -> None:
    """Two signed URLs repeat a session token of a kilobyte."""
    token = uuid.uuid4().hex * 32
    sent = delivery(owner, body=f'{{"video_url":"https://b/?{token}","artifacts":[{{"url":"https://b/?{token}"}}]}}')
    DynamoDeliveryLog(table(aws.url), FakeClock()).write(sent)
    key = {"pk": {"S": f"DELIVERY#{sent.delivery_id}"}}
    row = account(aws.url).dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    assert len(row["body"]["B"]) < len(sent.body) / 2
