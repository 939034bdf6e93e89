"""Stop executions at RunPod."""

from __future__ import annotations

from lambda_api.domain.job import Job, State
from lambda_api.domain.ports import ProviderError, ProviderJobMissing
from lambda_api.usecases.services import Services


def cancel_execution(services: Services, job: Job) -> bool:
    """Request that RunPod stops the job; True if it will not run on. A job that RunPod does not know is stopped."""
    if job.runpod_job_id is None:
        return True
    try:
        services.provider.cancel(job.endpoint_id or services.endpoint_id, job.runpod_job_id)
    except ProviderJobMissing:
        return True
    except ProviderError as error:
        services.observer.warn("cancel_failed", job_id=job.job_id, reason=error.reason)
        return False
    return True


def cancel_late_execution(services: Services, before: Job, after: Job) -> None:
    """Cancel an execution that RunPod accepted after the cancel request and before CANCELLED was stored."""
    if after.state is State.CANCELLED and after.runpod_job_id != before.runpod_job_id:
        cancel_execution(services, after)
