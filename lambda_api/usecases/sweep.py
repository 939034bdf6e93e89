"""Once a minute: everything that is due. Alone in making promises of the form "within T"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lambda_api.domain.events import Checked
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.policy import MINUTE, SECOND
from lambda_api.domain.transitions import Change, apply
from lambda_api.usecases.deliver import deliver
from lambda_api.usecases.dispatch import dispatch
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle import completed, settle

_CLAIM_MS = 30 * SECOND
OVERDUE_MS = 5 * MINUTE
"""A job that was due for longer than this is a sign that sweeping fails, or cannot keep up."""


@dataclass(frozen=True, slots=True)
class Swept:
    looked_at: int
    failed: int
    overdue: int
    """Jobs that were due for more than OVERDUE_MS."""


def sweep(services: Services, limit: int, may_go_on: Callable[[], bool]) -> Swept:
    """Dispatch, settle or deliver each due job. One that raises is logged and does not stop the rest.

    Stops early when `may_go_on` says so; what is left is still due at the next run.
    """
    looked_at = failed = overdue = 0
    for job_id in services.store.due(services.clock(), limit):
        if not may_go_on():
            break
        looked_at += 1
        try:
            # The index may lag behind: only what the table says now counts.
            job = services.store.get(job_id)
            late_ms = services.clock() - job.due_at if job is not None and job.due_at is not None else -1
            overdue += late_ms > OVERDUE_MS
            if job is not None and late_ms >= 0:
                _attend(services, job)
        except Exception as error:  # noqa: BLE001 - one poisoned job must not starve the others
            failed += 1
            services.observer.noted("sweep failed", job_id=job_id, error=type(error).__name__)
    return Swept(looked_at, failed, overdue)


def _attend(services: Services, job: Job) -> None:
    now = services.clock()
    if job.terminal:
        deliver(services, job.job_id)
    elif job.state is State.ACCEPTED and now < job.deadline_at and not job.cancel_requested:
        _dispatch(services, job, now)
    else:
        after = settle(services, job, Source.SWEEPER)
        if after.state is State.ACCEPTED and job.state is not State.ACCEPTED:
            _dispatch(services, after, now)


def _dispatch(services: Services, job: Job, now: int) -> None:
    if job.attempt > 1 and completed(services, job, Source.SWEEPER) is not None:
        settle(services, job, Source.SWEEPER)
        return
    # Two sweeps may overlap; the one whose claim is stored dispatches.
    claim = apply(job, Checked(now + _CLAIM_MS), now)
    if isinstance(claim, Change) and services.store.save(claim.job):
        dispatch(services, claim.job)
