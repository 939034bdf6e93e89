"""Transitions of a job: `apply` looks up the rule for a (state, event) pair. A job changes in no other way.

An event that the table does not list is rejected with a reason. So a terminal job never changes, and the terminal
evidence that is written first wins: the store compares `version` on every write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lambda_api.domain.events import (
    Cancelled,
    CancelRequested,
    Completed,
    DispatchBegun,
    Dispatched,
    DispatchOutcomeUnknown,
    DispatchRefused,
    Ending,
    Event,
    Failed,
    Polled,
    Progressed,
    Resubmitted,
    Started,
    TimedOut,
)
from lambda_api.domain.job import Job, State


@dataclass(frozen=True, slots=True)
class Change:
    """The job after the event; its version is one higher."""

    job: Job


@dataclass(frozen=True, slots=True)
class Rejected:
    """The event changes nothing."""

    reason: str


Rule = Callable[[Job, Any, int], Job | Rejected]


def apply(job: Job, event: Event, now: int) -> Change | Rejected:
    """Return `job` after `event` at `now`, or the reason to reject it. Pure; raises nothing."""
    rule = _TABLE.get((job.state, type(event)))
    if rule is None:
        return Rejected(f"a job in {job.state} does not accept {type(event).__name__}")
    result = rule(job, event, now)
    if isinstance(result, Rejected):
        return result
    return Change(replace(result, version=job.version + 1))


def _dispatch_begun(job: Job, event: DispatchBegun, _now: int) -> Job:
    # The last dispatcher crashed: RunPod may have accepted that attempt.
    attempt = job.attempt + 1 if job.dispatching else job.attempt
    endpoints = {**job.endpoints, attempt: event.endpoint_id}
    return replace(job, attempt=attempt, dispatching=True, endpoints=endpoints, due_at=event.due_at)


def _dispatched(job: Job, event: Dispatched, now: int) -> Job:
    return replace(
        job,
        state=State.IN_QUEUE,
        dispatching=False,
        runpod_job_id=event.runpod_job_id,
        endpoint_id=event.endpoint_id,
        submitted_at=now,
        refusals=0,
        due_at=event.due_at,
    )


def _id_learned(job: Job, event: Dispatched, now: int) -> Job | Rejected:
    """A worker reported before the response to `/run` was stored: only the id is missing."""
    if job.runpod_job_id is not None:
        return Rejected("RunPod's id is already known")
    return replace(job, runpod_job_id=event.runpod_job_id, endpoint_id=event.endpoint_id, submitted_at=now)


def _refused(job: Job, event: DispatchRefused, _now: int) -> Job | Rejected:
    if event.attempt != job.attempt:
        return Rejected("a later attempt has begun")
    return replace(job, dispatching=False, refusals=job.refusals + 1, due_at=event.due_at)


def _outcome_unknown(job: Job, event: DispatchOutcomeUnknown, _now: int) -> Job | Rejected:
    if event.attempt != job.attempt:
        return Rejected("a later attempt has begun")
    attempt, refusals = job.attempt + 1, job.refusals + 1
    return replace(
        job, dispatching=False, attempt=attempt, refusals=refusals, not_before=event.not_before, due_at=event.due_at
    )


def _resubmitted(job: Job, event: Resubmitted, _now: int) -> Job | Rejected:
    if event.runpod_job_id != job.runpod_job_id:
        return Rejected("RunPod has it under another id now")
    again = replace(job, state=State.ACCEPTED, attempt=job.attempt + 1, refusals=0, due_at=event.due_at)
    return replace(again, runpod_job_id=None, dispatching=False, not_before=0)


def _started(job: Job, event: Started, now: int) -> Job:
    return replace(job, state=State.IN_PROGRESS, started_at=job.started_at or now, due_at=event.due_at)


def _progressed(job: Job, event: Progressed, now: int) -> Job | Rejected:
    report = event.report
    number = (report.attempt, report.seq)
    if number <= job.progress_seen:
        return Rejected("an older progress report")
    known = job
    if job.runpod_job_id is None and report.runpod_job_id is not None:
        known = replace(job, runpod_job_id=report.runpod_job_id, endpoint_id=job.endpoints.get(report.attempt))
    return replace(
        known,
        state=State.IN_PROGRESS,
        started_at=job.started_at or now,
        percent=max(job.percent, min(report.percent, 99)),
        stage=report.stage,
        progress_seen=number,
        due_at=event.due_at,
    )


def _polled(job: Job, event: Polled, _now: int) -> Job:
    return replace(job, due_at=event.due_at)


def _cancel_requested(job: Job, event: CancelRequested, _now: int) -> Job:
    return replace(job, cancel_requested=True, due_at=event.due_at)


def _end(job: Job, state: State, event: Ending, now: int) -> Job:
    return replace(job, state=state, completed_at=now, settled_by=event.source, due_at=None)


def _completed(job: Job, event: Completed, now: int) -> Job:
    ended = _end(job, State.COMPLETED, event, now)
    execution_ms = event.manifest.execution.execution_ms
    return replace(
        ended,
        started_at=max(job.created_at, min(job.started_at or now, now - execution_ms)),
        artifacts=event.manifest.artifacts,
        media=event.manifest.media,
        execution=event.manifest.execution,
        price_per_second=event.price_per_second,
        price_table=event.price_table,
        percent=100,
        stage="done",
    )


def _failed(job: Job, event: Failed, now: int) -> Job:
    return replace(_end(job, State.FAILED, event, now), error=event.failure)


def _timed_out(job: Job, event: TimedOut, now: int) -> Job:
    return replace(_end(job, State.TIMED_OUT, event, now), error=event.failure)


def _cancelled(job: Job, event: Cancelled, now: int) -> Job:
    return replace(_end(job, State.CANCELLED, event, now), error=event.failure)


_LIVE: dict[type, Rule] = {
    Progressed: _progressed,
    Polled: _polled,
    CancelRequested: _cancel_requested,
    Completed: _completed,
    Failed: _failed,
    TimedOut: _timed_out,
    Cancelled: _cancelled,
}

_RULES: dict[State, dict[type, Rule]] = {
    State.ACCEPTED: {
        **_LIVE,
        DispatchBegun: _dispatch_begun,
        Dispatched: _dispatched,
        DispatchRefused: _refused,
        DispatchOutcomeUnknown: _outcome_unknown,
    },
    State.IN_QUEUE: {**_LIVE, Started: _started, Resubmitted: _resubmitted},
    State.IN_PROGRESS: {**_LIVE, Started: _polled, Dispatched: _id_learned, Resubmitted: _resubmitted},
    State.COMPLETED: {},
    State.FAILED: {},
    State.CANCELLED: {},
    State.TIMED_OUT: {},
}

_TABLE: Mapping[tuple[State, type], Rule] = {
    (state, event): rule for state, rules in _RULES.items() for event, rule in rules.items()
}
