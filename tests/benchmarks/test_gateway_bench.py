"""The gateway's bench counts what DynamoDB charges, and its stub refuses what DynamoDB would refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gateway import __main__ as bench
from benchmarks.gateway import fixtures
from benchmarks.gateway.capacity import read_units, size, write_units
from benchmarks.gateway.events import queue_event
from benchmarks.gateway.prices import PRICES, dollars
from benchmarks.targets import GATEWAY
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.ports import Idempotency, IdempotencyRecord
from tests.support.aws import table
from tests.support.examples import job
from tests.support.fakes import START

DUE = {"due_shard": {"S": "1"}, "due_at": {"N": "10"}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with fixtures.stub() as address:
        yield address


def test_units_follow_item_size_and_index_changes() -> None:
    item = {"pk": {"S": "a" * 98}}
    assert size(item) == 100
    assert write_units(None, item) == 1
    assert write_units(None, {"pk": {"S": "a" * 1023}}) == 2
    # The larger of both counts; then an entry appears, moves (one goes, one comes), stays, and goes.
    assert write_units({"pk": {"S": "a" * 5000}}, item) == 5
    assert write_units(item, item | DUE) == 2
    assert write_units(item | DUE, item | DUE | {"due_at": {"N": "11"}}) == 3
    assert write_units(item | DUE, item | DUE) == 1
    assert write_units(item | DUE, item) == 2
    assert [read_units(each) for each in (None, item, {"pk": {"S": "a" * 4096}})] == [1, 1, 2]


def test_every_kind_of_usage_has_a_price() -> None:
    assert dollars({"S3 PUT": 2, "write units": 1e6}) == {"S3 PUT": 1e-5, "write units": 0.625}
    with pytest.raises(KeyError):
        dollars({"nothing": 1})
    assert all(price > 0 for price in PRICES.values())


def test_stub_enforces_the_conditions_of_the_store(url: str) -> None:
    store = DynamoJobStore(table(url, "t"), lambda: START, 3_600_000)
    first, second = job(job_id="a"), job(job_id="b")
    key = Idempotency("k", "f", START + 1000)
    assert store.create(first, key, START, Allowance()) is None
    assert store.create(second, key, START, Allowance()) == IdempotencyRecord("a", "f")
    assert store.get("a") == first
    assert store.get("b") is None
    assert store.save(replace(first, version=2))
    assert not store.save(replace(first, version=2))


def test_callback_is_counted_as_a_call_to_the_client(url: str) -> None:
    lab = fixtures.Lab("", "", Path(), Path(), url, 1, True, print)
    lab.read_counts()
    lab.request("/callback", b"{}")
    assert lab.read_counts()["calls"] == {"client": 1}


def test_queue_event_names_one_job() -> None:
    assert [json.loads(record["body"]) for record in queue_event("job-2")["Records"]] == [{"job_id": "job-2"}]


def test_every_target_belongs_to_a_part_of_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        bench.main(["--help"])
    assert stop.value.code == 0
    assert ",".join(dict.fromkeys(target.operation for target in GATEWAY.values())) in capsys.readouterr().out
    with pytest.raises(SystemExit):
        bench.main(["--only", "cold,nonsense"])
    assert "unknown: nonsense" in capsys.readouterr().err
