"""The types of events in callbacks."""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """The types of events about a job."""

    COMPLETED = "job.completed"
    """All files are there."""
    FAILED = "job.failed"
    """The job failed; `error` says why."""
    CANCELLED = "job.cancelled"
    """The job was cancelled."""
    TIMED_OUT = "job.timed_out"
    """The job did not finish by its deadline."""
    PROGRESS = "job.progress"
    """25, 50 or 75 % were reached for the first time, and the job still runs."""


TEST = "webhook.test"
"""Sent on request, about no job."""
