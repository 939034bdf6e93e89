"""Store what happened to a job exactly once, however many processes write."""

from __future__ import annotations

from lambda_api.domain.callbacks import mark_callback_pending, skip_callback
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.events import Event
from lambda_api.domain.job import Job
from lambda_api.domain.transitions import Rejected, apply
from lambda_api.domain.webhooks.events import crossed_mark, ending, is_wanted
from lambda_api.usecases.job_record.callback_body import build_stored_body
from lambda_api.usecases.services import Services

_TRIES = 5


def apply_event(services: Services, job: Job, event: Event) -> Job:
    """Apply `event` and store the result; returns the job as stored.

    Evidence stays true when another process writes first, so a lost race reads the job again and applies the same
    event. The write that ends a job also marks its callback as pending and frees its place in the owner's quota.
    Raises Unavailable if the store does not answer, or after 5 lost races.
    """
    current = job
    for _ in range(_TRIES):
        now = services.clock()
        result = apply(current, event, now)
        if isinstance(result, Rejected):
            return current
        after = result.job
        if after.is_terminal:
            after = _decide_callback(services, after, now)
        if services.store.save(after, ends=after.is_terminal):
            services.observer.job_changed(current, after)
            if after.callback is not None and after.callback.is_pending:
                services.queue.enqueue(after)
            mark = crossed_mark(current, after)
            if mark is not None:
                # Exactly one process crosses a mark, because `save` compares versions.
                services.queue.enqueue_progress(after, mark)
            return after
        stored = services.store.get(job.job_id)
        if stored is None:
            return current
        current = stored
    raise Unavailable("Too many concurrent changes of this job. Try again.", retry_after=1)


def _decide_callback(services: Services, job: Job, now: int) -> Job:
    """Mark the callback of a job that has just ended as pending, or as not wanted."""
    if job.callback is None:
        return job
    if not is_wanted(job.callback, ending(job.state)):
        return skip_callback(job)
    return mark_callback_pending(job, build_stored_body(services, job), now, now + services.policy.callback_grace_ms)
