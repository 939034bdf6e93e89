"""The bill of one finished job, from what the worker measured and the price that was stored with the job.

RunPod bills a worker by the second, rounded up, from its start until it has stopped: start, execution and idle time.
The worker measures the three, and the job that ends a wait pays for it. Nobody measures the wait after the last job of
a worker, which is the endpoint's idle timeout at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lambda_api.domain.job import Job

NANO = 1_000_000_000
"""Amounts are whole billionths of a dollar, so that the sums of any number of bills are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCost:
    """The bill of one job. Later price tables do not change it."""

    execution_ms: int
    start_ms: int | None
    """Time from the start of the worker's process until it could take a job; zero after its first job."""
    idle_ms: int | None
    """Time that the worker waited for this job. None, like `start_ms`, from a worker that does not measure."""
    price_per_second: float
    """USD."""
    price_table: str | None
    """Version of the table that the price is from; None if an earlier release stored it."""
    gpu_type: str | None

    @property
    def is_measured(self) -> bool:
        """False if start and idle time are unknown: the bill is an estimate that leaves them out."""
        return self.start_ms is not None and self.idle_ms is not None

    @property
    def billed_seconds(self) -> int:
        return math.ceil((self.execution_ms + (self.start_ms or 0) + (self.idle_ms or 0)) / 1000)

    @property
    def nano_usd(self) -> int:
        return round(self.billed_seconds * self.price_per_second * NANO)


def job_cost(job: Job) -> JobCost | None:
    """Return the bill of a completed job. None for other jobs: RunPod does not tell what a failed execution took."""
    execution, price = job.execution, job.price_per_second
    if execution is None or price is None:
        return None
    return JobCost(
        execution_ms=execution.execution_ms,
        start_ms=execution.start_ms,
        idle_ms=execution.idle_ms,
        price_per_second=price,
        price_table=job.price_table,
        gpu_type=execution.gpu_type,
    )
