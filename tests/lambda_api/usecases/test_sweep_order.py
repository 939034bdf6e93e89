"""5,000 jobs due within one second in a real table: the order of dispatch, and the spread of retries after refusals."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

import pytest

from lambda_api.adapters.aws.job_row import SHARDS, to_item
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.job import Job, State
from lambda_api.domain.policy import HOUR, SECOND
from lambda_api.domain.ports import ProviderRefused
from lambda_api.usecases.sweep import sweep
from local.aws.names import TABLE
from tests.support.aws import Aws, table
from tests.support.examples import job
from tests.support.fakes import START, FakeClock, FakeProvider, World

NUMBER, LIMIT = 5000, 2000
BEGIN = START - 48 * HOUR
"""Before all jobs that other tests leave in the table."""


class Runpod(FakeProvider):
    """Accepts nothing while it is full. `offered`: job ids in the order of the calls."""

    full = True
    offered: list[str]

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        self.offered.append(payload["input"]["job_id"])
        if self.full:
            raise ProviderRefused("http_503")
        return super().run(endpoint_id, payload)


@pytest.fixture
def overdue(aws: Aws) -> Iterator[dict[str, Job]]:
    """Put the jobs into the table, by id, and delete them afterwards."""
    jobs = [job(job_id=str(uuid.uuid4()), owner="many", created_at=BEGIN, deadline_at=BEGIN + HOUR,
                due_at=BEGIN + number % SECOND) for number in range(NUMBER)]  # fmt: skip
    rows = aws.client("dynamodb")

    def write(requests: list[dict[str, Any]]) -> None:
        for start in range(0, NUMBER, 25):
            rows.batch_write_item(RequestItems={TABLE: requests[start : start + 25]})

    items = [to_item(each, 96 * HOUR) for each in jobs]
    write([{"PutRequest": {"Item": item}} for item in items])
    yield {each.job_id: each for each in jobs}
    write([{"DeleteRequest": {"Key": {"pk": item["pk"]}}} for item in items])


@pytest.mark.full
@pytest.mark.fault("E6")
@pytest.mark.timeout(600)
def test_5000_due_jobs_drain_in_order_and_retry_spread_out(
    aws: Aws, overdue: dict[str, Job], capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(clock=FakeClock(BEGIN + SECOND))
    provider = Runpod()
    provider.offered = []
    # moto reads every row of the table for each query.
    store = DynamoJobStore(table(aws.url, read_seconds=60.0), world.clock, 96 * HOUR)
    jitter = random.Random(1).random  # noqa: S311 - the same jitter in each run
    services = replace(world.services, store=store, provider=provider, random=jitter)

    def drain(number: int) -> list[list[str]]:
        """Return what each of `number` sweeps offered to RunPod."""
        sweeps = []
        for _ in range(number):
            provider.offered.clear()
            sweep(services, LIMIT, lambda: True)
            sweeps.append(list(provider.offered))
        return sweeps

    first = drain(3)
    offered = [job_id for swept in first for job_id in swept]
    assert sorted(offered) == sorted(overdue)
    # Each sweep takes the same number from each shard, the oldest first.
    for swept in first:
        assert oldest_first(swept, overdue)
        assert max(Counter(map(shard, swept)).values()) <= LIMIT // SHARDS
    for number in range(SHARDS):
        assert oldest_first([job_id for job_id in offered if shard(job_id) == number], overdue)
    # All were refused within the same second and are due again over 2.5 s.
    waits = [due_at - world.clock.now for due_at in due_times(aws, overdue)]
    spread = Counter(wait // 500 for wait in waits)
    with capsys.disabled():
        print(f"\n  half seconds after a refusal → jobs due in it: {dict(sorted(spread.items()))}")
    assert set(spread) == set(range(5, 10))
    assert 0.7 * NUMBER / 5 < min(spread.values()) <= max(spread.values()) < 1.3 * NUMBER / 5
    provider.full = False
    world.clock.advance(5 * SECOND)
    [offered] = drain(1)
    assert len(offered) == LIMIT
    assert {found.state for job_id in offered[::50] if (found := store.get(job_id))} == {State.IN_QUEUE}


def due_times(aws: Aws, jobs: Mapping[str, Job]) -> list[int]:
    """Return the due times of these jobs in the table."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ProjectionExpression="pk, due_at")
    items = {item["pk"]["S"].removeprefix("JOB#"): item for page in pages for item in page["Items"]}
    return [int(items[job_id]["due_at"]["N"]) for job_id in jobs]


def shard(job_id: str) -> int:
    return crc32(job_id.encode()) % SHARDS


def oldest_first(job_ids: list[str], jobs: Mapping[str, Job]) -> bool:
    due = [jobs[job_id].due_at or 0 for job_id in job_ids]
    return due == sorted(due)
