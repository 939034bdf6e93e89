from __future__ import annotations

from typing import Any

import pytest

from api_gpu.planner import load_from_jobs


def job(minute: int, execution_ms: int | None = 12_000, **cost: Any) -> dict[str, Any]:
    return {
        "created_at": f"2026-11-30T10:{minute:02}:00.500Z",
        "started_at": None,
        "execution": None if execution_ms is None else {"execution_ms": execution_ms},
        "cost": cost or None,
    }


def test_jobs_become_a_load() -> None:
    load = load_from_jobs([job(5, 3000), job(1, 12_000), job(3, None)])
    assert load.arrivals == [0.0, 240.0]
    assert load.work == [12.0, 3.0]
    assert load.seconds == 240.0
    assert load_from_jobs([job(1)], seconds=3600.0).seconds == 3600.0


def test_measured_cold_starts_are_taken() -> None:
    jobs = [
        job(1, start_seconds=7.5, basis="measured"),
        job(2, start_seconds=0.0, basis="measured"),
        job(3, start_seconds=9.0, basis="estimated"),
        job(4, gpu_seconds=12.0, basis="estimate"),
    ]
    assert load_from_jobs(jobs).starts == [7.5]


def test_no_job_that_ran_is_an_error() -> None:
    with pytest.raises(ValueError, match="none of the jobs has run"):
        load_from_jobs([job(1, None)])
