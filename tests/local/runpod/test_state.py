"""The endpoint's jobs as pure state: no sockets, no sleeping."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from local.runpod.jobs.effects import Done, Finished, Queued, Refresh, Rules, Stop
from local.runpod.jobs.job import BadRequestError, Job, Policy, Status, Submission
from local.runpod.jobs.state import EndpointState


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Made:
    def __init__(self, **rules: Any) -> None:
        self.clock = Clock()
        ids = itertools.count(1)
        self.state = EndpointState(self.clock, lambda: f"j{next(ids)}", Rules(**rules))

    def job(self, *, sync: bool = False, **policy: int) -> Job:
        return self.state.submit(Submission.parse({"input": {}, "policy": policy or None}), sync=sync)


def test_a_job_goes_from_the_queue_to_its_result() -> None:
    made = Made()
    job = made.job()
    assert job.envelope(1000) == {"id": "j1", "status": "IN_QUEUE"}
    made.clock.now += 2
    assert made.state.take("w") is job
    made.clock.now += 3
    assert made.state.done("w", "j1", {"output": {"v": 1}}) is Done.ACCEPTED
    assert job.envelope(9999) == {
        "id": "j1", "status": "COMPLETED", "delayTime": 2000, "executionTime": 3000, "workerId": "w",
        "output": {"v": 1},
    }  # fmt: skip
    assert made.state.drain() == [Queued("j1"), Finished("j1")]
    assert made.state.drain() == []


@pytest.mark.parametrize(
    ("body", "status", "shown"),
    [
        ({"output": None}, "COMPLETED", {"output": None}),
        ({}, "COMPLETED", {}),
        ({"error": "m"}, "FAILED", {"error": "m"}),
        ({"output": {"partial": 5}, "error": "m"}, "FAILED", {"output": {"partial": 5}, "error": "m"}),
    ],
)
def test_final_body_sets_the_state(body: Any, status: str, shown: Any) -> None:
    made = Made()
    job = made.job()
    made.state.take("w")
    made.state.done("w", job.id, body)
    assert job.status == status
    assert {key: value for key, value in job.envelope(0).items() if key in ("output", "error")} == shown


def test_progress_is_shown_as_output_and_replaced_by_the_result() -> None:
    made = Made()
    job = made.job()
    made.state.take("w")
    made.state.done("w", job.id, {"status": "IN_PROGRESS", "output": "40 %"})
    assert (job.status, job.result) == (Status.IN_PROGRESS, {"output": "40 %"})
    made.state.done("w", job.id, {})
    assert (job.status, job.result) == (Status.COMPLETED, {})
    assert made.state.done("w", job.id, {"status": "IN_PROGRESS", "output": "late"}) is Done.IGNORED
    assert job.status is Status.COMPLETED


def test_oldest_job_starts_first_and_low_priority_last() -> None:
    made = Made()
    low, first = made.job(lowPriority=True), made.job()
    made.clock.now += 1
    second = made.job()
    assert [made.state.take("w") for _ in range(4)] == [first, second, low, None]
    assert list(made.state.queued_times()) == []


def test_low_priority_jobs_start_no_worker() -> None:
    made = Made()
    made.job(lowPriority=True)
    assert list(made.state.queued_times()) == []
    made.job()
    assert list(made.state.queued_times()) == [1000.0]


def test_cancel_stops_the_worker_and_late_results_change_nothing() -> None:
    made = Made()
    job = made.job()
    made.state.take("w")
    made.state.drain()
    made.state.cancel(job)
    assert made.state.drain() == [Stop("w", job.id), Finished(job.id)]
    assert made.state.done("w", job.id, {"output": 1}) is Done.IGNORED
    assert job.envelope(0)["status"] == "CANCELLED"
    assert "output" not in job.envelope(0)


def test_cancel_of_a_finished_job_changes_nothing() -> None:
    made = Made()
    job = made.job()
    made.state.take("w")
    made.state.done("w", job.id, {"output": 1})
    made.state.drain()
    made.state.cancel(job)
    assert job.status is Status.COMPLETED
    assert made.state.drain() == []


def test_execution_timeout_starts_when_a_worker_takes_the_job() -> None:
    made = Made()
    job = made.job(executionTimeout=5000)
    made.clock.now += 100
    made.state.take("w")
    made.clock.now += 4.9
    made.state.expire()
    assert job.status is Status.IN_PROGRESS
    made.state.drain()
    made.clock.now += 0.1
    made.state.expire()
    assert job.status is Status.TIMED_OUT
    assert made.state.drain() == [Stop("w", job.id, overdue=True), Finished(job.id)]


@pytest.mark.parametrize("running", [False, True])
def test_ttl_deletes_the_record_without_a_webhook(running: bool) -> None:
    made = Made()
    job = made.job(ttl=10_000)
    if running:
        made.state.take("w")
    made.state.drain()
    made.clock.now += 9.9
    assert made.state.get(job.id) is job
    made.clock.now += 0.1
    assert made.state.get(job.id) is None
    assert made.state.drain() == ([Stop("w", job.id)] if running else [])
    assert made.state.done("w", job.id, {"output": 1}) is Done.UNKNOWN


def test_status_ttl_changes_the_ttl_of_one_job() -> None:
    made = Made()
    job = made.job()
    made.state.set_ttl(job, 20.0)
    made.clock.now += 21
    assert made.state.get(job.id) is None


@pytest.mark.parametrize(("sync", "kept"), [(False, 1800.0), (True, 60.0)])
def test_results_expire_as_runpod_documents(sync: bool, kept: float) -> None:
    made = Made()
    job = made.job(sync=sync)
    made.state.take("w")
    made.state.done("w", job.id, {})
    made.clock.now += kept
    assert made.state.get(job.id) is job
    made.clock.now += 1
    assert made.state.get(job.id) is None


def test_job_of_a_lost_worker_fails_after_two_retries() -> None:
    made = Made()
    job = made.job()
    for retries in (1, 2):
        made.state.take(f"w{retries}")
        made.state.lose_worker(f"w{retries}")
        assert (job.status, job.retries, job.worker_id) == (Status.IN_QUEUE, retries, None)
    assert made.state.counts()["retried"] == 2
    made.state.take("w3")
    made.state.lose_worker("w3")
    assert job.status is Status.FAILED
    assert "error" in job.envelope(0)


def test_lost_worker_affects_only_its_own_job() -> None:
    made = Made()
    mine, other = made.job(), made.job()
    made.state.take("w1")
    made.state.take("w2")
    made.state.lose_worker("w1")
    assert (mine.status, other.status) == (Status.IN_QUEUE, Status.IN_PROGRESS)


def test_result_of_a_worker_that_lost_the_job_is_refused() -> None:
    made = Made()
    job = made.job()
    made.state.take("w1")
    made.state.lose_worker("w1")
    made.state.take("w2")
    assert made.state.done("w1", job.id, {"output": 1}) is Done.NOT_YOURS
    assert job.status is Status.IN_PROGRESS


def test_only_failed_and_timed_out_jobs_can_be_retried() -> None:
    made = Made()
    job = made.job()
    assert made.state.retry(job) is False
    made.state.take("w")
    made.state.done("w", job.id, {"error": "m"})
    assert made.state.retry(job) is True
    assert job.envelope(0) == {"id": job.id, "status": "IN_QUEUE"}
    made.state.take("w")
    made.state.done("w", job.id, {})
    assert made.state.retry(job) is False


def test_purge_removes_queued_jobs() -> None:
    made = Made()
    running = made.job()
    made.state.take("w")
    waiting = made.job()
    assert made.state.purge() == 1
    assert made.state.get(running.id) is running
    assert made.state.get(waiting.id) is None


def test_stop_pod_asks_for_another_worker() -> None:
    made = Made()
    job = made.job()
    made.state.take("w")
    made.state.drain()
    made.state.done("w", job.id, {"output": 1, "stopPod": True})
    assert made.state.drain() == [Refresh("w"), Finished(job.id)]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"input": None}, {"input": "x"}, {"input": {}, "policy": 3}]
    + [{"input": {}, "policy": {"ttl": value}} for value in ("10000", True, 9_999, 604_800_001, -1)]
    + [{"input": {}, "policy": {"executionTimeout": value}} for value in (4_999, 604_800_001)],
)
def test_invalid_bodies_are_refused(body: Any) -> None:
    with pytest.raises(BadRequestError):
        Submission.parse(body)


def test_policy_is_in_milliseconds_and_has_documented_defaults() -> None:
    assert Policy.parse(None) == Policy(600.0, 86_400.0, low_priority=False)
    assert Policy.parse({"executionTimeout": 5000, "ttl": 10_000, "lowPriority": True}) == Policy(5.0, 10.0, True)


def test_a_webhook_body_echoes_input_and_webhook() -> None:
    made = Made()
    job = made.state.submit(Submission.parse({"input": {"a": 1}, "webhook": "http://h/", "unknown": 1}))
    assert job.webhook_body(0) == {"id": "j1", "status": "IN_QUEUE", "input": {"a": 1}, "webhook": "http://h/"}
    assert job.for_worker() == {"id": "j1", "input": {"a": 1}, "webhook": "http://h/"}
    assert "input" not in job.summary()
    assert "http://h/" not in str(job.summary())
