"""Send a finished job's callback again, whatever became of it before."""

from __future__ import annotations

from lambda_api.domain.callbacks import restart
from lambda_api.domain.errors import JobNotFinished, NoWebhookUrl
from lambda_api.domain.job import Job
from lambda_api.usecases.job_record.callback_body import build_stored_body
from lambda_api.usecases.job_record.change_owned_job import change_owned_job
from lambda_api.usecases.services import Services


def redeliver(services: Services, owner: str, job_id: str) -> Job:
    """Start the published schedule again, now, with the same webhook-id and the same facts; returns the job.

    Raises NotFound, JobNotFinished, NoWebhookUrl, Unavailable.
    """

    def begin_again(job: Job) -> Job:
        if not job.is_terminal:
            raise JobNotFinished(
                f"The job is {job.state}. Its callback is sent when it has finished.",
                extra={"job_status": job.state},
            )
        if job.callback is None:
            raise NoWebhookUrl("The job was submitted without a webhook_url. Read it at GET /job/{job_id}.")
        now = services.clock()
        # A callback that was not wanted at first has no body yet.
        body = job.callback.body or build_stored_body(services, job)
        return restart(job, job.callback, body, now, now + services.policy.callback_grace_ms)

    again = change_owned_job(services, owner, job_id, begin_again)
    services.queue.enqueue(again)
    return again
