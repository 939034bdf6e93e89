"""Stop a job."""

from __future__ import annotations

from contract.errors import Code, Failure
from lambda_api.domain.errors import AlreadyFinished
from lambda_api.domain.events import Cancelled, CancelRequested
from lambda_api.domain.job import Job, Source, State
from lambda_api.usecases.apply_event import record
from lambda_api.usecases.get_job import owned
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle_job import cancel_at_provider, cancel_what_was_taken_since


def cancel(services: Services, owner: str, job_id: str) -> Job:
    """Cancel at RunPod, then here. If RunPod cannot be asked, the wish is stored and pursued by the sweeper.

    Raises NotFound, or AlreadyFinished with the job's state if it ended before.
    """
    job = owned(services, owner, job_id)
    if not job.terminal:
        if cancel_at_provider(services, job):
            after = record(services, job, Cancelled(Failure.of(Code.CANCELLED), Source.CANCEL))
            cancel_what_was_taken_since(services, job, after)
        else:
            retry_at = services.policy.retry_at(services.clock(), 0, job.deadline_at, services.random())
            after = record(services, job, CancelRequested(retry_at))
        if not after.terminal or after.state is State.CANCELLED:
            return after
        job = after
    raise AlreadyFinished(f"The job ended before: it is {job.state}.", extra={"job_status": job.state})
