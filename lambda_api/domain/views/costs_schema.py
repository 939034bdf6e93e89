"""The shape of sums of bills as a client reads them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from lambda_api.domain.bill.history import CostHistory, GroupBy
from lambda_api.domain.bill.job_cost import NANO

Date = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


class CostSums(BaseModel):
    """Sums over completed jobs."""

    model_config = ConfigDict(frozen=True)

    jobs: int
    """Completed jobs."""
    gpu_seconds: Annotated[float, Field(description="Executions.")]
    start_seconds: float
    """Starts of workers."""
    idle_seconds: float
    """Waits of workers for these jobs."""
    billed_seconds: int
    """Sum of the whole seconds that each job is billed for."""
    gpu_usd: float
    """What they cost, in US dollars."""
    measured_jobs: Annotated[
        int, Field(description="Jobs whose worker measured start and idle time; those of the others are missing.")
    ]
    queue_seconds: Annotated[float, Field(description="From the submits to the starts of the executions.")]
    media_seconds: Annotated[float, Field(description="Length of the videos that were made.")]

    @classmethod
    def of(cls, sums: CostHistory) -> Self:
        return cls(**_fields(sums))


class CostGroup(CostSums):
    """One day, operation or type of GPU."""

    key: Annotated[str | None, Field(description="Null: workers without a GPU.")]

    @classmethod
    def keyed(cls, key: str | None, sums: CostHistory) -> Self:
        return cls(key=key, **_fields(sums))


class CostsView(BaseModel):
    """What your completed jobs cost at RunPod."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    first: Annotated[Date, Field(alias="from", description="First day, UTC.")]
    last: Annotated[Date, Field(alias="to", description="Last day, included.")]
    group_by: GroupBy
    """What makes a group."""
    currency: Literal["USD"] = "USD"
    """Always `USD`."""
    price_table: Annotated[
        str, Field(description="The current table. A job is billed by the one of the day on which it completed.")
    ]
    total: CostSums
    """All of the period."""
    groups: list[CostGroup]
    """Days in their order; others by what they cost, the dearest first. Without those that had no job."""


def _fields(sums: CostHistory) -> dict[str, float]:
    return {
        "jobs": sums.jobs,
        "gpu_seconds": sums.execution_ms / 1000,
        "start_seconds": sums.start_ms / 1000,
        "idle_seconds": sums.idle_ms / 1000,
        "billed_seconds": sums.billed_seconds,
        "gpu_usd": sums.nano_usd / NANO,
        "measured_jobs": sums.measured_jobs,
        "queue_seconds": sums.queue_ms / 1000,
        "media_seconds": sums.media_ms / 1000,
    }
