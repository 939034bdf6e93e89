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
TERMINAL_EVENTS: dict[State, Event] = {
    State.COMPLETED: Completed(manifest(), 0.0002, Source.WEBHOOK),
    State.FAILED: Failed(FAILURE, Source.WEBHOOK),
    State.TIMED_OUT: TimedOut(FAILURE, Source.SWEEPER),
    State.CANCELLED: Cancelled(FAILURE, Source.CANCEL),
}
NON_TERMINAL_EVENTS: tuple[Event, ...] = (
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
EVENTS = NON_TERMINAL_EVENTS + tuple(TERMINAL_EVENTS.values())
UNFINISHED_STATES = [state for state in State if state not in TERMINAL]


def after_event(before: Job, event: Event) -> Job:
    result = apply(before, event, NOW)
    assert isinstance(result, Change), result
    assert result.job.version == before.version + 1
    return result.job


@pytest.mark.parametrize("state", sorted(TERMINAL))
@pytest.mark.parametrize("event", EVENTS, ids=lambda e: type(e).__name__)
def test_terminal_job_rejects_every_event(state: State, event: Event) -> None:
    assert isinstance(apply(job(state=state), event, NOW), Rejected)


@pytest.mark.parametrize("state", UNFINISHED_STATES)
@pytest.mark.parametrize("ending", sorted(TERMINAL_EVENTS))
def test_unfinished_job_accepts_every_terminal_event(state: State, ending: State) -> None:
    after = after_event(job(state=state), TERMINAL_EVENTS[ending])
    assert (after.state, after.completed_at, after.due_at) == (ending, NOW, None)
    assert (after.error is None) == (ending is State.COMPLETED)


def test_dispatch_stores_runpods_id_and_resets_refusals() -> None:
    after = after_event(job(refusals=3), Dispatched("r-1", "endpoint", NOW + 1))
    assert (after.state, after.runpod_job_id, after.endpoint_id) == (State.IN_QUEUE, "r-1", "endpoint")
    assert (after.refusals, after.due_at, after.submitted_at) == (0, NOW + 1, NOW)


def test_lost_response_raises_the_attempt_a_refusal_does_not() -> None:
    assert after_event(job(), DispatchRefused(1, NOW)).attempt == 1
    assert after_event(job(), DispatchOutcomeUnknown(1, NOW, NOW)).attempt == 2


def test_unrecorded_dispatch_raises_the_attempt() -> None:
    first = after_event(job(), DispatchBegun("endpoint", NOW))
    assert (first.attempt, first.dispatching, first.endpoints, first.due_at) == (1, True, {1: "endpoint"}, NOW)
    second = after_event(first, DispatchBegun("endpoint-2", NOW))
    assert (second.attempt, second.endpoints) == (2, {1: "endpoint", 2: "endpoint-2"})
    recorded = after_event(first, DispatchRefused(1, NOW))
    assert after_event(recorded, DispatchBegun("endpoint", NOW)).attempt == 1


@pytest.mark.parametrize("outcome", [DispatchRefused(1, NOW), DispatchOutcomeUnknown(1, NOW, NOW)])
def test_outcome_of_an_older_attempt_is_rejected(outcome: Event) -> None:
    assert isinstance(apply(job(attempt=2, dispatching=True), outcome, NOW), Rejected)


def test_worker_may_report_before_the_run_response() -> None:
    running = after_event(job(), Progressed(report(runpod_job_id="r-9"), NOW + 1))
    assert (running.state, running.runpod_job_id) == (State.IN_PROGRESS, "r-9")
    assert isinstance(apply(running, Dispatched("r-9", "endpoint", NOW), NOW), Rejected)


@pytest.mark.parametrize(("attempt", "endpoint"), [(1, "endpoint"), (2, "endpoint-2"), (3, None)])
def test_reported_id_belongs_to_the_endpoint_of_its_attempt(attempt: int, endpoint: str) -> None:
    waiting = job(attempt=2, endpoints={1: "endpoint", 2: "endpoint-2"})
    running = after_event(waiting, Progressed(report(attempt=attempt, runpod_job_id="r-9"), NOW))
    assert (running.runpod_job_id, running.endpoint_id) == ("r-9", endpoint)


def test_dispatch_after_a_report_without_id_only_adds_the_id() -> None:
    running = after_event(job(), Progressed(report(), NOW + 1))
    after = after_event(running, Dispatched("r-1", "endpoint", NOW + 9))
    assert (after.state, after.runpod_job_id, after.due_at) == (State.IN_PROGRESS, "r-1", NOW + 1)


def test_out_of_order_reports_are_ignored() -> None:
    second = after_event(job(state=State.IN_QUEUE), Progressed(report(2), NOW))
    assert isinstance(apply(second, Progressed(report(1), NOW), NOW), Rejected)
    assert isinstance(apply(second, Progressed(report(2), NOW), NOW), Rejected)
    assert after_event(second, Progressed(report(1, attempt=2), NOW)).progress_seen == (2, 1)


def test_percent_never_falls_and_reaches_100_only_at_the_end() -> None:
    first = after_event(job(state=State.IN_QUEUE), Progressed(report(1, percent=80), NOW))
    assert after_event(first, Progressed(report(2, percent=20), NOW)).percent == 80
    assert after_event(first, Progressed(report(2, percent=100), NOW)).percent == 99


def test_completion_without_reports_derives_the_start_time() -> None:
    after = after_event(job(state=State.IN_QUEUE), TERMINAL_EVENTS[State.COMPLETED])
    assert after.started_at == NOW - 4200
    assert (after.percent, after.stage, after.settled_by) == (100, "done", Source.WEBHOOK)


def test_resubmission_raises_the_attempt_and_drops_the_lost_id() -> None:
    queued = job(state=State.IN_QUEUE, runpod_job_id="r-1")
    after = after_event(queued, Resubmitted("r-1", NOW))
    assert (after.state, after.attempt, after.runpod_job_id) == (State.ACCEPTED, 2, None)
    assert isinstance(apply(queued, Resubmitted("r-0", NOW), NOW), Rejected)


@pytest.mark.fault("E10")
@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_first_terminal_state_never_changes(events: list[Event]) -> None:
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
