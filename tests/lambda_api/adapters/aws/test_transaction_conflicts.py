"""Transaction conflicts and throttling of DynamoDB: bounded retries, then a 503."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import RateLimited, TooManyJobs, Unavailable
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import Idempotency
from tests.support.aws import table
from tests.support.examples import job
from tests.support.fakes import START
from tests.support.scripted_server import Peer, Reply, answer, peer


@pytest.fixture
def database() -> Iterator[Peer]:
    with peer() as plan:
        yield plan


def fault(name: str, *codes: str, **item: Any) -> Reply:
    reasons = [{"Code": code} | ({"Item": item} if code == "ConditionalCheckFailed" else {}) for code in codes]
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{name}"} | ({"CancellationReasons": reasons} if codes else {})
    return answer(400, body)


CANCELED = "TransactionCanceledException"
COLLIDED = [
    fault(CANCELED, "None", "None", "TransactionConflict"), fault(CANCELED, "TransactionConflict", "None", "None"),
    fault(CANCELED, "None", "None", "ThrottlingError"),
]  # fmt: skip


class TestCollisions:
    """Conflicts as DynamoDB reports them; no local engine does."""

    def store(self, database: Peer, sleeps: list[float]) -> DynamoJobStore:
        return DynamoJobStore(table(database.url, "t", sleep=sleeps.append), lambda: START, HOUR)

    def create(self, database: Peer, sleeps: list[float]) -> object:
        return self.store(database, sleeps).create(
            job(), Idempotency("k", "f", START + HOUR), START, Allowance(burst=3)
        )

    @pytest.mark.fault("B11")
    def test_transaction_conflicts_are_retried_with_backoff(self, database: Peer) -> None:
        sleeps: list[float] = []
        database.replies = [*COLLIDED, answer(200, {})]
        assert self.create(database, sleeps) is None
        assert sleeps == [0.02, 0.04, 0.08]
        first, *others = (request.json["TransactItems"] for request in database.seen)
        assert others == [first] * 3

    @pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
    def test_throttled_write_is_retried_in_one_layer_only(self, database: Peer, code: str) -> None:
        database.replies = [fault(code)]
        with pytest.raises(Unavailable):
            self.store(database, []).save(job())
        assert len(database.seen) == 3

    @pytest.mark.fault("B11")
    def test_endless_conflicts_are_a_503(self, database: Peer) -> None:
        sleeps: list[float] = []
        database.replies = COLLIDED[:1]
        with pytest.raises(Unavailable) as refused:
            self.create(database, sleeps)
        assert (refused.value.retry_after, refused.value.reason) == (1, "TransactWriteItems: TransactionConflict")
        assert (len(database.seen), sum(sleeps) < 1.5) == (7, True)

    @pytest.mark.parametrize("ends", [False, True])
    def test_conflicts_of_saves_are_retried(self, database: Peer, *, ends: bool) -> None:
        sleeps: list[float] = []
        collided = fault(CANCELED, "None", "TransactionConflict") if ends else fault("TransactionConflictException")
        database.replies = [collided, answer(200, {})]
        assert self.store(database, sleeps).save(replace(job(), version=2), ends=ends)
        assert sleeps == [0.02]

    def test_known_key_beats_a_transaction_conflict(self, database: Peer) -> None:
        key = {"job_id": {"S": "earlier"}, "fingerprint": {"S": "f"}}
        database.replies = [fault(CANCELED, "ConditionalCheckFailed", "None", "TransactionConflict", **key)]
        assert self.create(database, []).job_id == "earlier"  # type: ignore[attr-defined]
        assert len(database.seen) == 1

    def test_partly_used_bucket_needs_a_second_transaction(self, database: Peer) -> None:
        used = fault(CANCELED, "None", "None", "ConditionalCheckFailed", full_at={"N": str(START + 900)})
        database.replies = [used, answer(200, {})]
        assert self.create(database, []) is None
        first, second = (request.json["TransactItems"] for request in database.seen)
        assert first[:2] == second[:2]
        assert second[2]["Update"]["UpdateExpression"] == "SET full_at = full_at + :full_at_step ADD in_flight :one"

    @pytest.mark.parametrize(
        ("row", "refusal"),
        [({"full_at": {"N": str(START + 1400)}}, RateLimited), ({"in_flight": {"N": "1000"}}, TooManyJobs)],
    )
    def test_refusal_takes_one_call(self, database: Peer, row: dict[str, Any], refusal: type[Exception]) -> None:
        database.replies = [fault(CANCELED, "None", "None", "ConditionalCheckFailed", **row)]
        with pytest.raises(refusal):
            self.create(database, [])
        assert len(database.seen) == 1

    def test_lost_quota_races_are_bounded(self, database: Peer) -> None:
        database.replies = [fault(CANCELED, "None", "None", "ConditionalCheckFailed", full_at={"N": str(START + 900)})]
        with pytest.raises(Unavailable) as refused:
            self.create(database, [])
        assert (refused.value.retry_after, len(database.seen)) == (1, 2)
