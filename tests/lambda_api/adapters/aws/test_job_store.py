"""One class, run against the fake, moto and Amazon's own engine: so the fake cannot drift."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from contract.operations.compose import Compose
from lambda_api.adapters.aws.job_row import SHARDS
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import InvalidRequest, RateLimited, TooManyJobs, TooManyRequests
from lambda_api.domain.events import Completed, Progressed
from lambda_api.domain.job import Callback, Job, Source, State
from lambda_api.domain.job_query import MAX_EXAMINED, JobQuery
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import Idempotency, IdempotencyRecord, JobStore
from lambda_api.domain.transitions import Change, apply
from local.aws.names import TABLE
from tests.support.aws import CREDENTIALS, account, table
from tests.support.examples import job, manifest, report
from tests.support.fakes import START, FakeClock, FakeStore
from tests.support.system import eventually

Make = Callable[[FakeClock], JobStore]


@pytest.fixture(params=["fake", "moto", "dynamodb-local"])
def url(request: pytest.FixtureRequest) -> str:
    """URL of the engine; empty for the fake."""
    if request.param == "fake":
        return ""
    local = request.param == "dynamodb-local"
    found: str = request.getfixturevalue("dynamodb_local") if local else request.getfixturevalue("aws").url
    return found


@pytest.fixture
def make(url: str) -> Make:
    if not url:
        return FakeStore
    return lambda clock: DynamoJobStore(table(url), clock, 7 * 24 * HOUR)


def fresh(**changes: object) -> Job:
    return job(job_id=str(uuid.uuid4()), owner=f"o-{uuid.uuid4().hex[:12]}", **changes)


def key(expires_in: int = 24 * HOUR, fingerprint: str = "f", name: str = "k") -> Idempotency:
    return Idempotency(name, fingerprint, START + expires_in)


@contextmanager
def lost_responses(url: str, number: int) -> Iterator[None]:
    """Have the table make the next writes and lose its responses. The fake has no responses to lose."""
    left, session = [number], URLLib3Session()

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        response = session.send(request)
        if left[0] and response.status_code == 200:
            left[0] -= 1
            raise ReadTimeoutError(endpoint_url=request.url)
        return response

    if not url:
        yield
        return
    events = account(url).dynamodb.meta.events
    events.register("before-send.dynamodb", send)
    try:
        yield
    finally:
        events.unregister("before-send.dynamodb", send)


class TestJobStore:
    def test_written_job_is_read_back(self, make: Make) -> None:
        store = make(FakeClock())
        running = apply(fresh(metadata={"é": "ü"}), Progressed(report(), START + 1), START)
        assert isinstance(running, Change)
        ended = apply(running.job, Completed(manifest(), 0.0002, Source.WEBHOOK), START)
        assert isinstance(ended, Change)
        operation = Compose(url_image="https://media.example/p.jpg", duration=2.5)
        full = replace(ended.job, callback=Callback(url="https://hooks.example/", body="{}"), operation=operation)
        store.create(full, None, START, Allowance())
        assert store.get(full.job_id) == full

    def test_create_retried_after_a_lost_response_is_one_job(self, make: Make) -> None:
        store, mine = make(FakeClock()), fresh()
        store.create(mine, None, START, Allowance())
        store.save(replace(mine, version=2, percent=10))
        assert store.create(mine, None, START, Allowance()) is None
        found = store.get(mine.job_id)
        assert found is not None
        assert found.percent == 10

    def test_missing_job_is_none(self, make: Make) -> None:
        assert make(FakeClock()).get("nobody") is None

    def test_job_past_its_retention_is_not_returned(self, make: Make) -> None:
        clock = FakeClock()
        store, mine = make(clock), fresh(due_at=None)
        store.create(mine, None, START, Allowance())
        clock.advance(7 * 24 * HOUR - 1)
        assert store.get(mine.job_id) is not None
        clock.advance(1)
        assert store.get(mine.job_id) is None

    def test_job_with_work_due_is_readable_past_its_retention(self, make: Make) -> None:
        clock = FakeClock()
        store, mine = make(clock), fresh()
        store.create(mine, None, START, Allowance())
        clock.advance(30 * 24 * HOUR)
        assert mine.job_id in set(store.due(clock.now, 10_000))
        assert store.get(mine.job_id) == mine
        store.save(replace(mine, version=2, due_at=None))
        assert mine.job_id not in set(store.due(clock.now, 10_000))
        assert store.get(mine.job_id) is None

    def test_first_writer_wins_and_the_second_gets_false(self, make: Make) -> None:
        store, mine = make(FakeClock()), fresh()
        store.create(mine, None, START, Allowance())
        assert store.save(replace(mine, version=2, percent=10)) is True
        assert store.save(replace(mine, version=2, percent=20)) is False
        assert store.save(replace(mine, version=4, percent=30)) is False
        found = store.get(mine.job_id)
        assert found is not None
        assert found.percent == 10

    @pytest.mark.parametrize("ends", [False, True])
    def test_write_retried_after_a_lost_response_succeeds(self, make: Make, url: str, *, ends: bool) -> None:
        store, mine = make(FakeClock()), fresh()
        store.create(mine, None, START, Allowance())
        with lost_responses(url, 1):
            assert store.save(replace(mine, version=2, percent=10), ends=ends) is True
        found = store.get(mine.job_id)
        assert found is not None
        assert (found.version, found.percent) == (2, 10)

    def test_only_the_first_of_two_identical_writes_succeeds(self, make: Make) -> None:
        """Two sweeps claim a job in the same millisecond; only one of them may proceed."""
        store, mine = make(FakeClock()), fresh()
        store.create(mine, None, START, Allowance())
        claim = replace(mine, version=2, dispatching=True)
        assert [store.save(claim), store.save(claim)] == [True, False]

    def test_concurrent_writers_lose_nothing(self, make: Make) -> None:
        store, mine = make(FakeClock()), fresh()
        store.create(mine, None, START, Allowance())

        def add(_: int) -> None:
            while True:
                seen = store.get(mine.job_id)
                assert seen is not None
                if store.save(replace(seen, version=seen.version + 1, refusals=seen.refusals + 1)):
                    return

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(12)))
        found = store.get(mine.job_id)
        assert found is not None
        assert (found.refusals, found.version) == (12, 13)

    def test_used_idempotency_key_wins_and_nothing_is_written(self, make: Make) -> None:
        store, first = make(FakeClock()), fresh()
        second = replace(fresh(), owner=first.owner)
        assert store.create(first, key(), START, Allowance()) is None
        assert store.create(second, key(fingerprint="g"), START, Allowance()) == IdempotencyRecord(first.job_id, "f")
        assert store.get(second.job_id) is None

    @pytest.mark.fault("B4")
    def test_idempotency_key_belongs_to_its_owner(self, make: Make) -> None:
        store = make(FakeClock())
        assert store.create(fresh(), key(), START, Allowance()) is None
        assert store.create(fresh(), key(), START, Allowance()) is None

    @pytest.mark.fault("B6")
    def test_expired_idempotency_key_can_be_reused(self, make: Make) -> None:
        store, first = make(FakeClock()), fresh()
        store.create(first, key(expires_in=HOUR), START, Allowance())
        assert store.create(replace(fresh(), owner=first.owner), key(), START + HOUR - 1000, Allowance()) is not None
        assert store.create(replace(fresh(), owner=first.owner), key(), START + HOUR, Allowance()) is None

    def test_key_is_found_by_its_owner_until_it_expires(self, make: Make) -> None:
        store, mine = make(FakeClock()), fresh()
        store.create(mine, key(expires_in=HOUR), START, Allowance())
        assert store.find_idempotency(mine.owner, "k", START) == IdempotencyRecord(mine.job_id, "f")
        assert store.find_idempotency(mine.owner, "k", START + HOUR) is None
        assert store.find_idempotency(mine.owner, "other", START) is None
        assert store.find_idempotency("nobody", "k", START) is None

    def test_one_key_used_concurrently_is_one_job(self, make: Make) -> None:
        store, owner = make(FakeClock()), f"o-{uuid.uuid4().hex[:12]}"
        jobs = [replace(fresh(), owner=owner) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda mine: store.create(mine, key(), START, Allowance()), jobs))
        assert results.count(None) == 1
        winner = jobs[results.index(None)]
        assert {r.job_id for r in results if r is not None} == {winner.job_id}
        assert [mine.job_id for mine in jobs if store.get(mine.job_id)] == [winner.job_id]

    def test_only_due_jobs_are_found(self, make: Make) -> None:
        store = make(FakeClock())
        now, later, never = fresh(due_at=START), fresh(due_at=START + 1), fresh(due_at=None)
        for mine in (now, later, never):
            store.create(mine, None, START, Allowance())
        due = set(store.due(START, 10_000))
        assert now.job_id in due
        assert not {later.job_id, never.job_id} & due

    def test_due_jobs_are_found_on_every_shard(self, make: Make) -> None:
        store = make(FakeClock())
        of_shard = {crc32(mine.job_id.encode()) % SHARDS: mine for mine in (fresh(due_at=START) for _ in range(200))}
        assert len(of_shard) == SHARDS
        for mine in of_shard.values():
            store.create(mine, None, START, Allowance())
        assert {mine.job_id for mine in of_shard.values()} <= set(store.due(START, 10_000))

    def test_due_jobs_come_oldest_first_up_to_the_limit(self, make: Make) -> None:
        store, long_ago = make(FakeClock()), START - 24 * HOUR
        jobs = [fresh(due_at=long_ago + number) for number in range(40)]
        for one in reversed(jobs):
            store.create(one, None, START, Allowance())
        mine = {one.job_id for one in jobs}
        assert [found for found in store.due(long_ago + 39, 10_000) if found in mine] == [one.job_id for one in jobs]
        assert len(list(store.due(long_ago + 39, 16))) <= 16

    def test_job_with_nothing_due_leaves_the_index(self, make: Make) -> None:
        store, mine = make(FakeClock()), fresh(due_at=START)
        store.create(mine, None, START, Allowance())
        store.save(replace(mine, version=2, due_at=None))
        assert mine.job_id not in set(store.due(START, 10_000))

    def test_pages_list_one_owner_newest_first(self, make: Make) -> None:
        store, owner = make(FakeClock()), f"o-{uuid.uuid4().hex[:12]}"
        mine = [replace(fresh(), owner=owner, created_at=START + n) for n in range(5)]
        for each in [*mine, fresh(created_at=START + 9)]:
            store.create(each, None, START, Allowance())
        seen, cursor = [], None
        for _ in range(5):
            page = store.page(owner, 2, cursor)
            seen += [j.job_id for j in page.jobs]
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == [j.job_id for j in reversed(mine)]
        assert cursor is None

    @pytest.mark.fault("A2")
    def test_cursor_of_another_owner_shows_none_of_their_jobs(self, make: Make) -> None:
        store, theirs, mine = make(FakeClock()), fresh(), fresh()
        for n in range(3):
            store.create(replace(theirs, job_id=str(uuid.uuid4()), created_at=START + n), None, START, Allowance())
        store.create(mine, None, START, Allowance())
        cursor = store.page(theirs.owner, 1, None).cursor
        assert cursor is not None
        assert {j.owner for j in store.page(mine.owner, 10, cursor).jobs} <= {mine.owner}

    def test_jobs_are_filtered_by_time_state_operation_and_metadata(self, make: Make) -> None:
        store, first = make(FakeClock()), fresh(metadata={"scene": "1"})
        jobs = [
            replace(first, job_id=str(uuid.uuid4()), created_at=START + n, metadata={"scene": str(n % 2)})
            for n in range(6)
        ]
        for one in jobs:
            store.create(one, None, START, Allowance())
        store.save(replace(jobs[4], version=2, state=State.FAILED))

        def found(limit: int = 10, cursor: str | None = None, **query: Any) -> list[int]:
            page = store.page(first.owner, limit, cursor, JobQuery(**query))
            return [one.created_at - START for one in page.jobs]

        assert found(created_after=START + 2) == [5, 4, 3, 2]
        assert found(created_before=START + 2) == [1, 0]
        assert found(created_after=START + 2, created_before=START + 4) == [3, 2]
        assert found(created_after=START + 4, created_before=START + 2) == []
        assert found(states=frozenset({State.FAILED})) == [4]
        assert found(metadata={"scene": "1"}) == [5, 3, 1]
        assert found(operation="img2vid") == []
        assert found(operation="caption", metadata={"scene": "0"}, created_before=START + 4) == [2, 0]
        half = JobQuery(metadata={"scene": "1"})
        page = store.page(first.owner, 2, None, half)
        assert [one.created_at - START for one in page.jobs] == [5, 3]
        assert found(cursor=page.cursor, metadata={"scene": "1"}) == [1]
        # A cursor of another list, outside the range of time.
        assert found(cursor=page.cursor, created_before=START + 2) == [1, 0]
        assert found(cursor=page.cursor, created_after=START + 5) == []
        assert store.page(first.owner, 4, page.cursor).cursor is None

    def test_few_matches_among_many_jobs_are_found_page_by_page(self, make: Make) -> None:
        store, first = make(FakeClock()), fresh()
        for n in range(MAX_EXAMINED + 20):
            one = replace(first, job_id=str(uuid.uuid4()), created_at=START + n, metadata={"n": str(n)})
            store.create(one, None, START, Allowance(burst=100_000, jobs_in_flight=100_000))
        query = JobQuery(metadata={"n": "3"})
        page = store.page(first.owner, 20, None, query)
        assert (page.jobs, page.cursor is None) == ((), False)
        page = store.page(first.owner, 20, page.cursor, query)
        assert ([one.created_at for one in page.jobs], page.cursor) == ([START + 3], None)

    def test_owner_without_jobs_has_an_empty_page(self, make: Make) -> None:
        page = make(FakeClock()).page("nobody-here", 10, None)
        assert (page.jobs, page.cursor) == ((), None)

    @pytest.mark.parametrize("cursor", ["!!", "a", "é", "bm90LW91cnM"])
    def test_foreign_cursor_is_refused(self, make: Make, cursor: str) -> None:
        with pytest.raises(InvalidRequest):
            make(FakeClock()).page("ada", 10, cursor)


def create_concurrently(store: JobStore, jobs: list[Job], allowance: Allowance, now: int = START) -> list[Job]:
    """Store these jobs concurrently; return those that were accepted."""

    def create(mine: Job) -> bool:
        try:
            return store.create(mine, None, now, allowance) is None
        except TooManyRequests:
            return False

    with ThreadPoolExecutor(20) as pool:
        return [mine for mine, stored in zip(jobs, pool.map(create, jobs), strict=True) if stored]


def of_one_owner(number: int) -> list[Job]:
    owner = fresh().owner
    return [replace(fresh(), owner=owner) for _ in range(number)]


@pytest.mark.fault("A17")
class TestLimits:
    def test_jobs_in_flight_are_counted_exactly(self, make: Make) -> None:
        store, jobs = make(FakeClock()), of_one_owner(20)
        stored = create_concurrently(store, jobs, Allowance(burst=100, jobs_in_flight=7))
        assert len(stored) == 7
        assert [mine for mine in jobs if store.get(mine.job_id)] == stored

    def test_tokens_are_counted_exactly(self, make: Make) -> None:
        store, jobs = make(FakeClock()), of_one_owner(20)
        assert len(create_concurrently(store, jobs, Allowance(burst=7))) == 7

    def test_token_bucket_refills_up_to_its_size(self, make: Make) -> None:
        store, jobs, allowance = make(FakeClock()), of_one_owner(9), Allowance(rate_per_minute=60, burst=2)
        assert len(create_concurrently(store, jobs[:3], allowance)) == 2
        with pytest.raises(RateLimited) as refused:
            store.create(jobs[3], None, START + 500, allowance)
        assert (refused.value.retry_after, refused.value.quota.size) == (1, 2)
        assert create_concurrently(store, jobs[3:4], allowance, START + 999) == []
        assert len(create_concurrently(store, jobs[4:6], allowance, START + 1000)) == 1
        assert len(create_concurrently(store, jobs[6:], allowance, START + HOUR)) == 2

    def test_another_owner_is_not_affected(self, make: Make) -> None:
        store, allowance = make(FakeClock()), Allowance(burst=1, jobs_in_flight=1)
        assert len(create_concurrently(store, of_one_owner(3), allowance)) == 1
        assert store.create(fresh(), None, START, allowance) is None

    def test_replay_uses_no_quota(self, make: Make) -> None:
        store, jobs, allowance = make(FakeClock()), of_one_owner(4), Allowance(burst=2, jobs_in_flight=2)
        assert store.create(jobs[0], key(), START, allowance) is None
        for again in (*jobs[1:], *jobs[1:]):
            assert store.create(again, key(), START, allowance) == IdempotencyRecord(jobs[0].job_id, "f")
        assert store.create(jobs[1], None, START, allowance) is None
        # The quota is exhausted, and the same request still gets the same response.
        assert store.create(jobs[2], key(), START, allowance) == IdempotencyRecord(jobs[0].job_id, "f")
        with pytest.raises(TooManyJobs):
            store.create(jobs[2], key(name="k2"), START, allowance)
        # The refused submit did not use its key.
        assert store.save(replace(jobs[0], version=2), ends=True)
        assert store.create(jobs[3], key(name="k2"), START + HOUR, allowance) is None

    def test_create_retried_after_a_lost_response_counts_once(self, make: Make) -> None:
        store, jobs, allowance = make(FakeClock()), of_one_owner(2), Allowance(burst=2, jobs_in_flight=2)
        for idempotency in (None, None, key()):
            assert store.create(jobs[0], idempotency, START, allowance) is None
        assert store.create(jobs[1], None, START, allowance) is None

    def test_ending_a_job_releases_one_slot(self, make: Make) -> None:
        store, jobs, allowance = make(FakeClock()), of_one_owner(8), Allowance(burst=100, jobs_in_flight=2)
        assert len(create_concurrently(store, jobs[:2], allowance)) == 2
        # The webhook, the sweeper and a cancel at the same moment.
        with ThreadPoolExecutor(6) as pool:
            ended = list(pool.map(lambda n: store.save(replace(jobs[0], version=2, percent=n), ends=True), range(6)))
        assert ended.count(True) == 1
        assert len(create_concurrently(store, jobs[2:], allowance)) == 1

    def test_write_that_ends_nothing_releases_nothing(self, make: Make) -> None:
        store, jobs, allowance = make(FakeClock()), of_one_owner(2), Allowance(jobs_in_flight=1)
        store.create(jobs[0], None, START, allowance)
        assert store.save(replace(jobs[0], version=2, percent=10))
        with pytest.raises(TooManyJobs) as refused:
            store.create(jobs[1], None, START, allowance)
        assert refused.value.retry_after == 10

    @pytest.mark.parametrize("pause", [0, HOUR], ids=["bucket-not-full", "bucket-full"])
    def test_in_flight_count_below_zero_never_raises_the_limit(self, make: Make, pause: int) -> None:
        """Their owner's row was deleted after they were stored."""
        store, jobs, allowance = make(FakeClock()), of_one_owner(7), Allowance(jobs_in_flight=2)
        store.create(jobs[0], None, START, allowance)
        for version in (2, 3, 4):
            assert store.save(replace(jobs[0], version=version), ends=True)

        def one_by_one(some: list[Job]) -> list[Job]:
            return [mine for mine in some if create_concurrently(store, [mine], allowance, START + pause)]

        assert one_by_one(jobs[1:4]) == jobs[1:3]
        assert store.save(replace(jobs[1], version=2), ends=True)
        assert one_by_one(jobs[4:]) == jobs[4:5]

    def test_fast_clock_locks_no_owner_out(self, make: Make) -> None:
        store, jobs, allowance = make(FakeClock()), of_one_owner(2), Allowance(burst=1)
        assert store.create(jobs[0], None, START + HOUR, allowance) is None
        assert store.create(jobs[1], None, START, allowance) is None


@pytest.mark.full
@pytest.mark.timeout(240)
def test_dynamodb_deletes_rows_past_their_retention(dynamodb_local: str) -> None:
    now = time.time_ns() // 1_000_000
    store = DynamoJobStore(table(dynamodb_local), lambda: now, HOUR)
    # Due, because this engine never deletes a row that is not in all of its indexes; DynamoDB does.
    old = fresh(created_at=now - 80 * HOUR, deadline_at=now - 75 * HOUR, due_at=now - 75 * HOUR)
    young = replace(old, job_id=str(uuid.uuid4()), deadline_at=now)
    store.create(old, None, now, Allowance())
    store.create(young, None, now, Allowance())
    rows = boto3.client("dynamodb", endpoint_url=dynamodb_local, **CREDENTIALS)

    def row(job: Job) -> object:
        return rows.get_item(TableName=TABLE, Key={"pk": {"S": f"JOB#{job.job_id}"}}).get("Item")

    # The engine checks periodically: deletion took 37 s on an idle machine.
    eventually(lambda: row(old), lambda found: found is None, 180, 0.5)
    assert row(young) is not None
