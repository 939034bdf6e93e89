"""Handle, once a minute, every job that is due. The only component with a time guarantee."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from lambda_api.domain.events import DispatchBegun
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.policy import MAX_ATTEMPTS, MINUTE, SECOND
from lambda_api.domain.ports import ProviderError
from lambda_api.domain.transitions import Change, apply
from lambda_api.usecases.deliver_callback import defer_callback, deliver_callback
from lambda_api.usecases.dispatch_job import dispatch_job
from lambda_api.usecases.evidence.apply_evidence import apply_evidence
from lambda_api.usecases.evidence.read_result import read_result
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle_job import settle_job

_CLAIM_MS = 30 * SECOND
"""A dispatcher that has not stored its outcome within this time is presumed dead."""
OVERDUE_MS = 5 * MINUTE
"""A job that was due for longer than this is a sign that sweeping fails, or cannot keep up."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    handled: int
    failed: int
    overdue: int
    """Jobs that were due for more than OVERDUE_MS."""


ForEach = Callable[[Callable[[str], SweepResult], Iterable[str]], Iterable[SweepResult]]
"""`map`, or an executor's `map`: most of a sweep is waiting for responses."""


def sweep(services: Services, limit: int, may_continue: Callable[[], bool], for_each: ForEach = map) -> SweepResult:
    """Dispatch, settle or deliver each due job. A job that raises is logged and does not stop the others.

    Stops early when `may_continue` returns False; the remaining jobs are still due at the next sweep. Sends one
    callback of each owner at a time and hands the owner's others to the queue: a receiver that does not respond delays
    no other owner. Raises Unavailable if the store cannot list the due jobs.
    """
    runpod_answers, owner_locks = _call_once(lambda: _runpod_answers(services)), PerOwnerLock()

    def handle(job_id: str) -> SweepResult:
        return _handle(services, job_id, runpod_answers, owner_locks) if may_continue() else SweepResult(0, 0, 0)

    results = list(for_each(handle, services.store.due(services.clock(), limit)))
    return SweepResult(
        sum(one.handled for one in results), sum(one.failed for one in results), sum(one.overdue for one in results)
    )


class PerOwnerLock:
    """Locks, one for each owner, that are never waited for."""

    def __init__(self) -> None:
        self._lock, self._taken = Lock(), set[str]()

    @contextmanager
    def try_acquire(self, owner: str) -> Iterator[bool]:
        """Yield True and hold the owner's lock, or yield False if another thread holds it."""
        with self._lock:
            acquired = owner not in self._taken
            self._taken.add(owner)
        try:
            yield acquired
        finally:
            if acquired:
                self._taken.discard(owner)


def _handle(
    services: Services, job_id: str, runpod_answers: Callable[[], bool], owner_locks: PerOwnerLock
) -> SweepResult:
    overdue = False
    try:
        # The index may lag behind the table: trust only the current row.
        job = services.store.get(job_id)
        late_ms = services.clock() - job.due_at if job is not None and job.due_at is not None else -1
        overdue = late_ms > OVERDUE_MS
        if job is not None and late_ms >= 0:
            _advance(services, job, runpod_answers, owner_locks)
    except Exception as error:  # noqa: BLE001 - one poisoned job must not starve the others
        services.observer.warn("sweep_failed", job_id=job_id, error=type(error).__name__)
        return SweepResult(1, 1, overdue)
    return SweepResult(1, 0, overdue)


def _advance(services: Services, job: Job, runpod_answers: Callable[[], bool], owner_locks: PerOwnerLock) -> None:
    now = services.clock()
    if job.is_terminal:
        with owner_locks.try_acquire(job.owner) as acquired:
            if acquired:
                deliver_callback(services, job.job_id)
            else:
                defer_callback(services, job)
        return
    if _is_dispatchable(job, now) and _may_call_run(services, job, now, runpod_answers):
        current = _apply_earlier_result(services, job)
    else:
        current = settle_job(services, job, Source.SWEEPER)
    # Settling may have found that RunPod lost the job. An overlapping sweep may also have handled it meanwhile.
    if _is_dispatchable(current, now):
        _claim_and_dispatch(services, current, now)


def _apply_earlier_result(services: Services, job: Job) -> Job:
    """Complete the job if an earlier attempt, of which RunPod reported nothing, has stored a result."""
    result = read_result(services, job, Source.SWEEPER) if _next_attempt(job) > 1 else None
    return job if result is None else apply_evidence(services, job, result)


def _is_dispatchable(job: Job, now: int) -> bool:
    if job.state is not State.ACCEPTED or job.cancel_requested or job.attempt > MAX_ATTEMPTS:
        return False
    return job.due_at is not None and max(job.due_at, job.not_before) <= now < job.deadline_at


def _may_call_run(services: Services, job: Job, now: int, runpod_answers: Callable[[], bool]) -> bool:
    """Decide whether to call `/run`.

    Possibly-accepted attempts are limited, so retries wait until RunPod's free `/health` call succeeds. After the last
    start all attempts but the last are made anyway: perhaps only `/health` fails.
    """
    attempt = _next_attempt(job)
    is_late = now >= services.policy.last_start(job.deadline_at)
    return attempt == 1 or (is_late and attempt < MAX_ATTEMPTS) or runpod_answers()


def _next_attempt(job: Job) -> int:
    """Number the next attempt. If the last dispatcher crashed before it stored the outcome, RunPod may have the job."""
    return job.attempt + job.dispatching


def _call_once(check: Callable[[], bool]) -> Callable[[], bool]:
    """Return a function whose first caller calls `check`; all others wait for that result."""
    lock, results = Lock(), list[bool]()

    def call() -> bool:
        with lock:
            if not results:
                results.append(check())
            return results[0]

    return call


def _runpod_answers(services: Services) -> bool:
    try:
        services.provider.health(services.endpoint_id)
    except ProviderError as error:
        services.observer.warn("dispatch_paused", reason=error.reason)
        return False
    return True


def _claim_and_dispatch(services: Services, job: Job, now: int) -> None:
    # Sweeps may overlap; the one whose claim is stored dispatches.
    claim = apply(job, DispatchBegun(services.endpoint_id, now + _CLAIM_MS), now)
    if isinstance(claim, Change) and services.store.save(claim.job):
        dispatch_job(services, claim.job, Source.SWEEPER)
