"""Estimate a job: from the owner's own jobs of this kind, or from a table of measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass

from contract.work import WORK
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.inputs import CostHistory
from lambda_api.domain.ports import ProviderError
from lambda_api.domain.views.dry_run_schema import EstimateView
from lambda_api.usecases.services import Services

HISTORY_DAYS = 30
MIN_JOBS = 3
"""Fewer jobs tell too little; the table of measurements is then as good."""
ASSUMED_SECONDS = 60.0
"""The length of a result that nothing tells."""
COLD_START_SECONDS = 10.0
"""A guess, as the cost planner's, for owners without a history."""

_LENGTH = (
    "The length of the result cannot be told from the request and the start of its files; the estimate assumes {}."
)
_NO_QUEUE = "RunPod did not tell its queue; the wait is that of a cold start."


@dataclass(frozen=True, slots=True)
class Estimated:
    view: EstimateView
    warnings: tuple[str, ...]


def estimate(services: Services, owner: str, kind: str, result_seconds: float | None) -> Estimated:
    """Estimate execution, wait and cost of a job. What cannot be read becomes a warning."""
    past = _history(services, owner, kind)
    warnings = []
    if result_seconds is None and WORK[kind].per_second:
        has_lengths = past is not None
        warnings.append(_LENGTH.format("that of your usual job" if has_lengths else f"{ASSUMED_SECONDS:g} s"))
    seconds = _execution(past, kind, result_seconds)
    usual_wait = COLD_START_SECONDS if past is None else past.queue_ms / past.jobs / 1000
    wait, problem = _wait(services, seconds, usual_wait)
    view = EstimateView(
        gpu_seconds=round(seconds, 1),
        queue_seconds=round(wait, 1),
        gpu_usd=round(math.ceil(seconds + _overhead(past)) * _price(past, services.default_price_per_second), 6),
        basis="benchmark" if past is None else "history",
        jobs_measured=0 if past is None else past.jobs,
    )
    return Estimated(view, (*warnings, *problem))


def _history(services: Services, owner: str, kind: str) -> CostHistory | None:
    """Return the owner's past; None if it is too short, or cannot be read: the table is there."""
    if services.history is None:
        return None
    try:
        past = services.history.history(owner, kind, HISTORY_DAYS)
    except Unavailable:
        return None
    return past if past.jobs >= MIN_JOBS else None


def _execution(past: CostHistory | None, kind: str, result_seconds: float | None) -> float:
    if past is None:
        return WORK[kind].seconds(ASSUMED_SECONDS if result_seconds is None else result_seconds)
    mean = past.execution_ms / past.jobs / 1000
    mean_result = past.media_ms / past.jobs / 1000
    if result_seconds is None or mean_result <= 0:
        return mean
    # The part of the mean that does not depend on the length stays.
    fixed = min(WORK[kind].fixed, mean)
    return fixed + (mean - fixed) * result_seconds / mean_result


def _overhead(past: CostHistory | None) -> float:
    """Return the seconds of starting and idle workers that a job usually pays for."""
    return (past.start_ms + past.idle_ms) / past.measured_jobs / 1000 if past and past.measured_jobs else 0.0


def _price(past: CostHistory | None, default: float) -> float:
    """Return USD per second of the GPUs that ran the jobs."""
    return past.nano_usd / past.billed_seconds / 1e9 if past and past.billed_seconds else default


def _wait(services: Services, execution: float, usual: float) -> tuple[float, tuple[str, ...]]:
    """Return the seconds until the job would start: none on an idle worker, else the usual wait and the queue."""
    try:
        health = services.provider.health(services.endpoint_id)
    except ProviderError:
        return usual, (_NO_QUEUE,)
    waiting, workers = health["jobs"].get("inQueue", 0), health["workers"]
    if workers.get("idle", 0) > waiting:
        return 0.0, ()
    return usual + waiting * execution / max(1, workers.get("running", 0)), ()
