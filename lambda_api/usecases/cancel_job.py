"""Cancel a job."""

from __future__ import annotations

from contract.errors import Code, Failure
from lambda_api.domain.errors import AlreadyFinished
from lambda_api.domain.events import Cancelled, CancelRequested
from lambda_api.domain.job import Job, Source, State
from lambda_api.usecases.evidence.apply_evidence import apply_evidence
from lambda_api.usecases.evidence.cancel_execution import cancel_execution
from lambda_api.usecases.job_record.apply_event import apply_event
from lambda_api.usecases.job_record.find_owned_job import find_owned_job
from lambda_api.usecases.services import Services


def cancel_job(services: Services, owner: str, job_id: str) -> Job:
    """Cancel at RunPod, then here. If RunPod does not confirm, store the request: the sweeper repeats it.

    Raises NotFound, AlreadyFinished with the job's state if it has already finished, or Unavailable.
    """
    job = find_owned_job(services, owner, job_id)
    if not job.is_terminal:
        if cancel_execution(services, job):
            after = apply_evidence(services, job, Cancelled(Failure.of(Code.CANCELLED), Source.CANCEL))
        else:
            retry_at = services.policy.retry_at(services.clock(), 0, job.deadline_at, services.random())
            after = apply_event(services, job, CancelRequested(retry_at))
        if not after.is_terminal or after.state is State.CANCELLED:
            return after
        job = after
    raise AlreadyFinished(f"The job has already finished: it is {job.state}.", extra={"job_status": job.state})
