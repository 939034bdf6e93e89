"""A load from jobs that have run: "what would my last month have cost?"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from api_gpu.planner.load import Load


def load_from_jobs(jobs: Iterable[Mapping[str, Any]], seconds: float | None = None) -> Load:
    """Make a load of jobs as `GET /jobs` returns them, in any order. Jobs that never ran are left out.

    Execution times are those of the GPUs that ran them. Cold starts are taken from `cost.start_seconds` where it was
    measured. `seconds`: length of the period; by default from the first job's submit to the last one's.
    Raises ValueError if no job has run.
    """
    ran = [job for job in jobs if job.get("execution")]
    if not ran:
        raise ValueError("none of the jobs has run; a plan from history needs at least one")
    submitted = [datetime.fromisoformat(job["created_at"]).timestamp() for job in ran]
    first = min(submitted)
    pairs = sorted(
        (at - first, job["execution"]["execution_ms"] / 1000) for at, job in zip(submitted, ran, strict=True)
    )
    costs = [job.get("cost") or {} for job in ran]
    starts = [float(cost["start_seconds"]) for cost in costs if cost.get("start_seconds") and _is_measured(cost)]
    length = max(pairs[-1][0], 1.0) if seconds is None else seconds
    return Load([at for at, _ in pairs], [work for _, work in pairs], length, starts)


def _is_measured(cost: Mapping[str, Any]) -> bool:
    return cost.get("basis") == "measured"
