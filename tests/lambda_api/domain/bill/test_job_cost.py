"""The bill of one job."""

from __future__ import annotations

import pytest

from contract.errors import Code, Failure
from contract.messages import ExecutionFacts
from contract.prices import PRICE_TABLE_VERSION
from lambda_api.domain.bill.history import CostHistory, Group, expense
from lambda_api.domain.bill.job_cost import job_cost
from lambda_api.domain.events import Completed, Failed
from lambda_api.domain.job import Job, Source
from lambda_api.domain.transitions import Change, apply
from tests.support.examples import job, manifest
from tests.support.fakes import START


def completed(price: float, execution_ms: int, start_ms: int | None = None, idle_ms: int | None = None) -> Job:
    facts = ExecutionFacts(
        encoder=None, video_mode=None, execution_ms=execution_ms, start_ms=start_ms, idle_ms=idle_ms, gpu_type="L4"
    )
    change = apply(job(), Completed(manifest(execution=facts), price, Source.WEBHOOK), START + 10_000)
    assert isinstance(change, Change)
    return change.job


@pytest.mark.parametrize(
    ("price", "times", "seconds", "nano_usd", "is_measured"),
    [
        (0.00019, (4200, 9000, 100), 14, 2_660_000, True),
        (0.00031, (4200, 0, 0), 5, 1_550_000, True),
        (0.00031, (4000, 0, 0), 4, 1_240_000, True),
        (0.00031, (0, 0, 0), 0, 0, True),
        (0.0002, (4200, None, None), 5, 1_000_000, False),
        (0.0002, (4200, 9000, None), 14, 2_800_000, False),
    ],
)
def test_whole_seconds_of_all_phases_are_billed(
    price: float, times: tuple[int, int | None, int | None], seconds: int, nano_usd: int, is_measured: bool
) -> None:
    cost = job_cost(completed(price, *times))
    assert cost is not None
    assert (cost.billed_seconds, cost.nano_usd, cost.is_measured) == (seconds, nano_usd, is_measured)
    assert (cost.gpu_type, cost.price_table) == ("L4", PRICE_TABLE_VERSION)


def test_later_table_changes_no_bill() -> None:
    facts = manifest().execution
    change = apply(job(), Completed(manifest(execution=facts), 0.5, Source.SWEEPER, "2025-01"), START)
    assert isinstance(change, Change)
    cost = job_cost(change.job)
    assert cost is not None
    assert (cost.price_table, cost.price_per_second, cost.nano_usd) == ("2025-01", 0.5, 2_500_000_000)


def test_failed_job_has_no_bill() -> None:
    """RunPod does not tell how long it ran, and the worker's failure neither."""
    change = apply(job(), Failed(Failure.of(Code.INTERNAL), Source.WEBHOOK), START)
    assert isinstance(change, Change)
    assert job_cost(change.job) is None
    assert expense(change.job) is None


def test_expense_has_the_day_and_all_sums() -> None:
    spent = expense(completed(0.00019, 4200, 9000, 100))
    assert spent is not None
    assert (spent.day.isoformat(), spent.group) == ("2027-01-15", Group("caption", "L4"))
    assert spent.sums == CostHistory(
        jobs=1, measured_jobs=1, execution_ms=4200, start_ms=9000, idle_ms=100, billed_seconds=14,
        queue_ms=5800, media_ms=5000, nano_usd=2_660_000,
    )  # fmt: skip
