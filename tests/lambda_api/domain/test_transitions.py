"""`apply` over every state and event."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import Code, Failure
from lambda_api.domain.events import (
    Cancelled,
    CancelRequested,
    Completed,
    DispatchBegun,
    Dispatched,
    DispatchOutcomeUnknown,
    DispatchRefused,
    Event,
    Failed,
    Polled,
    Progressed,
    Resubmitted,
    Started,
    TimedOut,
)
from lambda_api.domain.job import TERMINAL, Job, Source, State
from lambda_api.domain.transitions import Change, Rejected, apply
from tests.support.examples import job, manifest, report
from tests.support.fakes import START

NOW = START + 60_000
FAILURE = Failure.of(Code.INTERNAL)
ENDINGS: dict[State, Event] = {
    State.COMPLETED: Completed(manifest(), 0.0002, Source.WEBHOOK),
    State.FAILED: Failed(FAILURE, Source.WEBHOOK),
    State.TIMED_OUT: TimedOut(FAILURE, Source.SWEEPER),
    State.CANCELLED: Cancelled(FAILURE, Source.CANCEL),
}
LIVING: tuple[Event, ...] = (
    DispatchBegun("endpoint", NOW),
    Dispatched("r-1", "endpoint", NOW + 1),
    DispatchRefused(1, NOW + 2),
    DispatchOutcomeUnknown(1, NOW + 3, NOW + 9),
    Resubmitted("r-1", NOW + 4),
    Started(NOW + 5),
    Progressed(report(), NOW + 6),
    Polled(NOW + 7),
    CancelRequested(NOW + 8),
)
EVENTS = LIVING + tuple(ENDINGS.values())
LIVE_STATES = [state for state in State if state not in TERMINAL]


def changed(before: Job, event: Event) -> Job:
    result = apply(before, event, NOW)
    assert isinstance(result, Change), result
    assert result.job.version == before.version + 1
    return result.job


@pytest.mark.parametrize("state", sorted(TERMINAL))
@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_a_terminal_job_takes_nothing(state: State, event: Event) -> None:
    assert isinstance(apply(job(state=state), event, NOW), Rejected)


@pytest.mark.parametrize("state", LIVE_STATES)
@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_any_live_job_takes_any_ending(state: State, ending: State) -> None:
    after = changed(job(state=state), ENDINGS[ending])
    assert (after.state, after.completed_at, after.due_at) == (ending, NOW, None)
    assert (after.error is None) == (ending is State.COMPLETED)


def test_dispatch_stores_the_runpod_id_and_forgets_refusals() -> None:
    after = changed(job(refusals=3), Dispatched("r-1", "endpoint", NOW + 1))
    assert (after.state, after.runpod_job_id, after.endpoint_id) == (State.IN_QUEUE, "r-1", "endpoint")
    assert (after.refusals, after.due_at, after.submitted_at) == (0, NOW + 1, NOW)


def test_a_refused_dispatch_keeps_the_attempt_a_lost_answer_does_not() -> None:
    assert changed(job(), DispatchRefused(1, NOW)).attempt == 1
    assert changed(job(), DispatchOutcomeUnknown(1, NOW, NOW)).attempt == 2


def test_a_dispatch_that_nobody_recorded_may_have_been_taken() -> None:
    first = changed(job(), DispatchBegun("endpoint", NOW))
    assert (first.attempt, first.dispatching, first.endpoints, first.due_at) == (1, True, {1: "endpoint"}, NOW)
    second = changed(first, DispatchBegun("endpoint-2", NOW))
    assert (second.attempt, second.endpoints) == (2, {1: "endpoint", 2: "endpoint-2"})
    recorded = changed(first, DispatchRefused(1, NOW))
    assert changed(recorded, DispatchBegun("endpoint", NOW)).attempt == 1


@pytest.mark.parametrize("outcome", [DispatchRefused(1, NOW), DispatchOutcomeUnknown(1, NOW, NOW)])
def test_the_outcome_of_an_older_attempt_says_nothing_about_the_newer(outcome: Event) -> None:
    assert isinstance(apply(job(attempt=2, dispatching=True), outcome, NOW), Rejected)


def test_a_worker_may_report_before_run_was_answered() -> None:
    running = changed(job(), Progressed(report(runpod_job_id="r-9"), NOW + 1))
    assert (running.state, running.runpod_job_id) == (State.IN_PROGRESS, "r-9")
    assert isinstance(apply(running, Dispatched("r-9", "endpoint", NOW), NOW), Rejected)


@pytest.mark.parametrize(("attempt", "endpoint"), [(1, "endpoint"), (2, "endpoint-2"), (3, None)])
def test_the_id_that_a_worker_reports_is_of_the_endpoint_its_attempt_went_to(attempt: int, endpoint: str) -> None:
    waiting = job(attempt=2, endpoints={1: "endpoint", 2: "endpoint-2"})
    running = changed(waiting, Progressed(report(attempt=attempt, runpod_job_id="r-9"), NOW))
    assert (running.runpod_job_id, running.endpoint_id) == ("r-9", endpoint)


def test_dispatch_after_an_anonymous_report_only_adds_the_id() -> None:
    running = changed(job(), Progressed(report(), NOW + 1))
    after = changed(running, Dispatched("r-1", "endpoint", NOW + 9))
    assert (after.state, after.runpod_job_id, after.due_at) == (State.IN_PROGRESS, "r-1", NOW + 1)


def test_reports_out_of_order_are_ignored() -> None:
    second = changed(job(state=State.IN_QUEUE), Progressed(report(2), NOW))
    assert isinstance(apply(second, Progressed(report(1), NOW), NOW), Rejected)
    assert isinstance(apply(second, Progressed(report(2), NOW), NOW), Rejected)
    assert changed(second, Progressed(report(1, attempt=2), NOW)).progress_seen == (2, 1)


def test_percent_never_falls_and_is_not_100_before_the_end() -> None:
    first = changed(job(state=State.IN_QUEUE), Progressed(report(1, percent=80), NOW))
    assert changed(first, Progressed(report(2, percent=20), NOW)).percent == 80
    assert changed(first, Progressed(report(2, percent=100), NOW)).percent == 99


def test_completion_dates_the_start_from_the_execution_when_no_report_came() -> None:
    after = changed(job(state=State.IN_QUEUE), ENDINGS[State.COMPLETED])
    assert after.started_at == NOW - 4200
    assert (after.percent, after.stage, after.settled_by) == (100, "done", Source.WEBHOOK)


def test_resubmission_takes_a_new_attempt_and_forgets_the_lost_id() -> None:
    queued = job(state=State.IN_QUEUE, runpod_job_id="r-1")
    after = changed(queued, Resubmitted("r-1", NOW))
    assert (after.state, after.attempt, after.runpod_job_id) == (State.ACCEPTED, 2, None)
    assert isinstance(apply(queued, Resubmitted("r-0", NOW), NOW), Rejected)


@pytest.mark.fault("E10")
@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_whatever_happens_the_first_ending_stays(events: list[Event]) -> None:
    current = job()
    ending: Job | None = None
    for event in events:
        result = apply(current, event, NOW)
        if isinstance(result, Change):
            assert ending is None
            assert result.job.version == current.version + 1
            current = result.job
            ending = current if current.is_terminal else None
    assert ending is None or replace(ending) == current
