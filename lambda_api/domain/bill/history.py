"""Sums of bills: per owner, day, operation and GPU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from lambda_api.domain.bill.job_cost import job_cost
from lambda_api.domain.job import Job

MAX_DAYS = 400
"""Days that are kept, and that one request may read: a year to compare with the year before, and a month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostHistory:
    """Sums over completed jobs; all zero without any."""

    jobs: int = 0
    measured_jobs: int = 0
    """Those whose worker measured start and idle time."""
    execution_ms: int = 0
    start_ms: int = 0
    idle_ms: int = 0
    billed_seconds: int = 0
    queue_ms: int = 0
    """From the submit to the start of the execution."""
    media_ms: int = 0
    """Length of the main videos."""
    nano_usd: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


class Group(NamedTuple):
    """The jobs whose sums are stored together, within a day."""

    operation: str
    gpu_type: str | None


Day = Mapping[Group, CostHistory]


class GroupBy(StrEnum):
    """What makes a group."""

    DAY = "day"
    """The UTC day on which jobs completed."""
    OPERATION = "operation"
    """The operation."""
    GPU_TYPE = "gpu_type"
    """The GPU that ran them; null without one."""


class Expense(NamedTuple):
    """One job's part in the sums of its owner."""

    day: date
    """UTC day on which the job ended."""
    group: Group
    sums: CostHistory


def expense(job: Job) -> Expense | None:
    """Return what a job that has just ended adds; None if it has no bill."""
    cost = job_cost(job)
    if cost is None or job.completed_at is None:
        return None
    sums = CostHistory(
        jobs=1,
        measured_jobs=int(cost.is_measured),
        execution_ms=cost.execution_ms,
        start_ms=cost.start_ms or 0,
        idle_ms=cost.idle_ms or 0,
        billed_seconds=cost.billed_seconds,
        queue_ms=max(0, (job.started_at or job.created_at) - job.created_at),
        media_ms=round(job.media.duration_seconds * 1000) if job.media is not None else 0,
        nano_usd=cost.nano_usd,
    )
    return Expense(utc_day(job.completed_at), Group(job.operation.kind, cost.gpu_type), sums)


def utc_day(ms: int) -> date:
    """Return the day of a time in milliseconds since the epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC).date()


def days_until(last: date, count: int) -> list[date]:
    """Return `count` days, the last one included, oldest first."""
    return [last - timedelta(days=back) for back in reversed(range(count))]


def add_up(sums: Iterable[CostHistory]) -> CostHistory:
    return sum(sums, CostHistory())


def operation_history(days: Iterable[Day], operation: str) -> CostHistory:
    """Return the sums over all jobs of an operation."""
    return add_up(sums for day in days for group, sums in day.items() if group.operation == operation)
