"""Write what happened to a job, once, whoever else is writing."""

from __future__ import annotations

from lambda_api.domain.callbacks import owe
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.events import Event
from lambda_api.domain.job import Job
from lambda_api.domain.transitions import Rejected, apply
from lambda_api.usecases.callback_body import facts
from lambda_api.usecases.services import Services

_TRIES = 5


def record(services: Services, job: Job, event: Event) -> Job:
    """Apply `event` and store the result; returns the job as it now is.

    Evidence stays true when somebody else wrote first, so a lost race re-reads and applies the same
    event again. The write that ends a job also marks its callback as owed, and makes room for its owner's next.
    Raises Unavailable if the store cannot answer, or after five lost races.
    """
    current = job
    for _ in range(_TRIES):
        now = services.clock()
        result = apply(current, event, now)
        if isinstance(result, Rejected):
            return current
        after = result.job
        if after.terminal and after.callback is not None:
            after = owe(after, facts(services, after), now, now + services.policy.callback_grace_ms)
        if services.store.save(after, ends=after.terminal):
            services.observer.changed(current, after)
            if after.terminal and after.callback is not None:
                services.queue.wake(after)
            return after
        reread = services.store.get(job.job_id)
        if reread is None:
            return current
        current = reread
    raise Unavailable("The job is being changed by many at once.", retry_after=1)
