"""The types of events that a client can receive, and their ids."""

from __future__ import annotations

from collections.abc import Collection

from contract.events import EventType
from lambda_api.domain.job import Callback, Job, State

MARKS = (25, 50, 75)
"""Percent of progress at which `job.progress` is sent."""


ENDINGS = (EventType.COMPLETED, EventType.FAILED, EventType.CANCELLED, EventType.TIMED_OUT)
"""The events for a client that chooses nothing."""


def ending(state: State) -> EventType:
    """Return the type of the event with which a job ends in this state."""
    return EventType(f"job.{state.lower()}")


def is_wanted(callback: Callback, event: EventType) -> bool:
    """Decide whether the client asked for this event."""
    chosen: Collection[str] = ENDINGS if callback.events is None else callback.events
    return event in chosen


def crossed_mark(before: Job, after: Job) -> int | None:
    """Return the highest mark that this change was the first to reach, if the client wants to know."""
    callback = after.callback
    if callback is None or after.is_terminal or not is_wanted(callback, EventType.PROGRESS):
        return None
    return next((mark for mark in reversed(MARKS) if before.percent < mark <= after.percent), None)


def current_mark(percent: int) -> int | None:
    """Return the highest mark that has been reached."""
    return next((mark for mark in reversed(MARKS) if mark <= percent), None)


def message_id(job_id: str, mark: int | None = None) -> str:
    """Return Standard Webhooks' `webhook-id`: the same for every attempt, so that a receiver can drop repeats."""
    return f"msg_{job_id}" if mark is None else f"msg_{job_id}_{mark}"
