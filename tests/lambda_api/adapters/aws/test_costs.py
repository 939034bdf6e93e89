"""Sums of bills in the store: one class, run against the fake, moto and Amazon's own engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from contract.messages import ExecutionFacts
from contract.operations.img2vid import Img2Vid
from lambda_api.adapters.aws import cost_row
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.bill.history import MAX_DAYS, CostHistory, Group, days_until, expense, utc_day
from lambda_api.domain.events import Completed
from lambda_api.domain.job import Job, Source
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import JobStore
from lambda_api.domain.transitions import Change, apply
from tests.support.aws import table
from tests.support.examples import job, manifest
from tests.support.fakes import START, FakeClock, FakeStore

Make = Callable[[FakeClock], JobStore]
TODAY = utc_day(START)
DAY_MS = 24 * HOUR


@pytest.fixture(params=["fake", "moto", "dynamodb-local"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "fake":
        return FakeStore
    local = request.param == "dynamodb-local"
    url: str = request.getfixturevalue("dynamodb_local") if local else request.getfixturevalue("aws").url
    return lambda clock: DynamoJobStore(table(url), clock, 7 * DAY_MS)


def owner_name() -> str:
    return f"o-{uuid.uuid4().hex[:12]}"


def stored(store: JobStore, owner: str, **changes: object) -> Job:
    mine = job(job_id=str(uuid.uuid4()), owner=owner, **changes)
    store.create(mine, None, START, Allowance(burst=1000))
    return mine


def completed(before: Job, now: int = START, gpu: str | None = "NVIDIA L4", price: float = 0.00019) -> Job:
    facts = ExecutionFacts(
        encoder="h264_nvenc", video_mode="encode", gpu_type=gpu, execution_ms=4200, start_ms=9000, idle_ms=100
    )
    change = apply(before, Completed(manifest(before.job_id, execution=facts), price, Source.WEBHOOK), now)
    assert isinstance(change, Change)
    return change.job


def end(store: JobStore, owner: str, now: int = START, gpu: str | None = "NVIDIA L4", **changes: object) -> Job:
    after = completed(stored(store, owner, **changes), now, gpu)
    assert store.save(after, ends=True)
    return after


class TestCosts:
    def test_ended_jobs_are_added_up_per_day_operation_and_gpu(self, make: Make) -> None:
        store, mine = make(FakeClock()), owner_name()
        still = Img2Vid(url_image="https://media.example/p.jpg")
        jobs = [end(store, mine), end(store, mine), end(store, mine, gpu=None), end(store, mine, operation=still)]
        jobs.append(end(store, mine, START + DAY_MS))
        end(store, owner_name())
        found = store.costs(mine, [TODAY, TODAY + timedelta(1), TODAY + timedelta(2)])
        assert {day: {group: sums.jobs for group, sums in groups.items()} for day, groups in found.items()} == {
            TODAY: {Group("caption", "NVIDIA L4"): 2, Group("caption", None): 1, Group("img2vid", "NVIDIA L4"): 1},
            TODAY + timedelta(1): {Group("caption", "NVIDIA L4"): 1},
        }
        expected = CostHistory()
        for spent in map(expense, jobs[:2]):
            assert spent is not None
            expected += spent.sums
        assert found[TODAY][Group("caption", "NVIDIA L4")] == expected
        assert expected.nano_usd == 2 * 14 * 190_000

    def test_job_that_ends_twice_counts_once(self, make: Make) -> None:
        """The webhook, the sweeper and a cancel at the same moment, and their writes repeated."""
        store, mine = make(FakeClock()), owner_name()
        after = completed(stored(store, mine))
        with ThreadPoolExecutor(6) as pool:
            ended = list(pool.map(lambda n: store.save(replace(after, percent=n), ends=True), range(6)))
        assert ended.count(True) == 1
        store.save(after, ends=True)
        assert store.costs(mine, [TODAY])[TODAY][Group("caption", "NVIDIA L4")].jobs == 1

    def test_concurrent_ends_are_all_counted(self, make: Make) -> None:
        store, mine = make(FakeClock()), owner_name()
        jobs = [completed(stored(store, mine)) for _ in range(12)]
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(lambda after: store.save(after, ends=True), jobs))
        sums = store.costs(mine, [TODAY])[TODAY][Group("caption", "NVIDIA L4")]
        assert (sums.jobs, sums.execution_ms) == (12, 12 * 4200)

    def test_job_without_a_bill_adds_nothing(self, make: Make) -> None:
        store, mine = make(FakeClock()), owner_name()
        assert store.save(replace(stored(store, mine), version=2), ends=True)
        assert store.costs(mine, [TODAY]) == {}

    def test_more_days_than_one_call_reads(self, make: Make) -> None:
        store, mine = make(FakeClock()), owner_name()
        days = days_until(TODAY, MAX_DAYS)
        for day in (days[0], days[150], days[-1]):
            end(store, mine, int(datetime.combine(day, datetime.min.time(), UTC).timestamp() * 1000))
        assert sorted(store.costs(mine, days)) == [days[0], days[150], days[-1]]

    def test_history_of_an_operation_covers_the_last_days(self, make: Make) -> None:
        clock = FakeClock()
        store, mine = make(clock), owner_name()
        end(store, mine)
        end(store, mine, START + DAY_MS)
        end(store, mine, operation=Img2Vid(url_image="https://media.example/p.jpg"))
        clock.advance(DAY_MS)
        assert [store.history(mine, "caption", days).jobs for days in (1, 2, 30)] == [1, 2, 2]
        assert store.history(mine, "caption", 2).media_ms == 10_000
        assert store.history(mine, "trim", 30) == CostHistory()
        assert store.history("nobody", "caption", 30) == CostHistory()


def test_row_of_several_groups_fits_into_one_write_unit() -> None:
    """DynamoDB charges for each started KiB, at each job that ends."""
    row: dict[str, object] = {}
    for kind in ("caption", "compose", "slideshow"):
        for gpu in ("NVIDIA GeForce RTX 4090", "NVIDIA RTX A5000"):
            spent = expense(replace(completed(job(), gpu=gpu)))
            assert spent is not None
            many = dict.fromkeys(("execution_ms", "start_ms", "idle_ms", "queue_ms", "media_ms"), 10000000)
            sums = replace(spent.sums, **many, nano_usd=10**12, jobs=9999, measured_jobs=9999, billed_seconds=99_999)
            update = cost_row.add("ada", spent._replace(group=Group(kind, gpu), sums=sums))["Update"]
            values = update["ExpressionAttributeValues"]
            row |= {name: values[":" + short[1:]] for short, name in update["ExpressionAttributeNames"].items()}
    text = sum(len(name) for name in row)
    data = sum(len(v["S"]) if "S" in v else len(v["N"]) // 2 + 2 for v in row.values())  # type: ignore[index]
    assert text + data + len("pkCOSTS#ada#2026-12-01expires_at") + 7 <= 1024


def test_row_is_deleted_after_the_days_that_can_be_read() -> None:
    spent = expense(completed(job()))
    assert spent is not None
    values = cost_row.add("ada", spent)["Update"]["ExpressionAttributeValues"]
    expires = datetime.fromtimestamp(int(values[":expires"]["N"]), UTC).date()
    assert expires - TODAY == timedelta(days=MAX_DAYS + 1)


def test_keys_of_two_owners_never_meet() -> None:
    day = date(2026, 8, 31)
    keys = [cost_row.build_key(owner, day)["pk"]["S"] for owner in ("a", "a#2026-08-31", "")]
    assert len(set(keys)) == 3
