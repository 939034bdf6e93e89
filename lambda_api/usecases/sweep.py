"""Once a minute: everything that is due. Alone in making promises of the form "within T"."""

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
from lambda_api.usecases.deliver_callback import deliver, leave_to_queue
from lambda_api.usecases.dispatch_job import dispatch
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle_job import completed, settle

_CLAIM_MS = 30 * SECOND
OVERDUE_MS = 5 * MINUTE
"""A job that was due for longer than this is a sign that sweeping fails, or cannot keep up."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    looked_at: int
    failed: int
    overdue: int
    """Jobs that were due for more than OVERDUE_MS."""


ForEach = Callable[[Callable[[str], SweepResult], Iterable[str]], Iterable[SweepResult]]
"""`map`, or an executor's: most of a sweep is waiting for answers."""


def sweep(services: Services, limit: int, may_go_on: Callable[[], bool], for_each: ForEach = map) -> SweepResult:
    """Dispatch, settle or deliver each due job. One that raises is logged and does not stop the rest.

    Stops early when `may_go_on` says so; what is left is still due at the next run. Of each owner's callbacks one at
    a time is sent, the others are left to the queue: a receiver that does not answer keeps no one else waiting.
    """

    works, turns = _asked_once(lambda: _runpod_works(services)), PerOwnerLock()

    def look(job_id: str) -> SweepResult:
        return _look(services, job_id, works, turns) if may_go_on() else SweepResult(0, 0, 0)

    looks = list(for_each(look, services.store.due(services.clock(), limit)))
    return SweepResult(
        sum(one.looked_at for one in looks), sum(one.failed for one in looks), sum(one.overdue for one in looks)
    )


class PerOwnerLock:
    """One at a time of each owner."""

    def __init__(self) -> None:
        self._lock, self._taken = Lock(), set[str]()

    @contextmanager
    def of(self, owner: str) -> Iterator[bool]:
        """Whether the turn was free, and now is the caller's."""
        with self._lock:
            mine = owner not in self._taken
            self._taken.add(owner)
        try:
            yield mine
        finally:
            if mine:
                self._taken.discard(owner)


def _look(services: Services, job_id: str, runpod_works: Callable[[], bool], turns: PerOwnerLock) -> SweepResult:
    overdue = False
    try:
        # The index may lag behind: only what the table says now counts.
        job = services.store.get(job_id)
        late_ms = services.clock() - job.due_at if job is not None and job.due_at is not None else -1
        overdue = late_ms > OVERDUE_MS
        if job is not None and late_ms >= 0:
            _attend(services, job, runpod_works, turns)
    except Exception as error:  # noqa: BLE001 - one poisoned job must not starve the others
        services.observer.noted("sweep failed", job_id=job_id, error=type(error).__name__)
        return SweepResult(1, 1, overdue)
    return SweepResult(1, 0, overdue)


def _attend(services: Services, job: Job, runpod_works: Callable[[], bool], turns: PerOwnerLock) -> None:
    now = services.clock()
    if job.terminal:
        with turns.of(job.owner) as mine:
            if mine:
                deliver(services, job.job_id)
            else:
                leave_to_queue(services, job)
        return
    ready = _to_be_dispatched(job, now) and _may_ask(services, job, now, runpod_works)
    current = job if ready else settle(services, job, Source.SWEEPER)
    # It was settled: that RunPod has lost it may be news. Another sweep that overlaps may have seen to it, too.
    if _to_be_dispatched(current, now):
        _dispatch(services, current, now)


def _to_be_dispatched(job: Job, now: int) -> bool:
    wanted = job.state is State.ACCEPTED and not job.cancel_requested and job.attempt <= MAX_ATTEMPTS
    return wanted and job.due_at is not None and max(job.due_at, job.not_before) <= now < job.deadline_at


def _may_ask(services: Services, job: Job, now: int, runpod_works: Callable[[], bool]) -> bool:
    """Attempts that RunPod may have taken are few, so all but the first wait until it answers what costs nothing.

    If it does not until it is late, all but the last one are made nevertheless: perhaps only that is not answered.
    """
    number = _next_attempt(job)
    late = now >= services.policy.last_start(job.deadline_at)
    return number == 1 or (late and number < MAX_ATTEMPTS) or runpod_works()


def _next_attempt(job: Job) -> int:
    """Whoever began this one and did not live to store what came of it may have been heard."""
    return job.attempt + job.dispatching


def _asked_once(question: Callable[[], bool]) -> Callable[[], bool]:
    """The answer to `question`, which whoever is first asks and the others wait for."""
    turn, answers = Lock(), list[bool]()

    def answer() -> bool:
        with turn:
            if not answers:
                answers.append(question())
            return answers[0]

    return answer


def _runpod_works(services: Services) -> bool:
    try:
        services.provider.health(services.endpoint_id)
    except ProviderError as error:
        services.observer.noted("dispatches wait for RunPod", reason=error.reason)
        return False
    return True


def _dispatch(services: Services, job: Job, now: int) -> None:
    if _next_attempt(job) > 1 and completed(services, job, Source.SWEEPER) is not None:
        settle(services, job, Source.SWEEPER)
        return
    # Two sweeps may overlap; the one whose claim is stored dispatches.
    claim = apply(job, DispatchBegun(services.endpoint_id, now + _CLAIM_MS), now)
    if isinstance(claim, Change) and services.store.save(claim.job):
        dispatch(services, claim.job)
