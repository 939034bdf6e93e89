"""Handle RunPod's webhook."""

from __future__ import annotations

from lambda_api.domain.access.tokens import verify_token
from lambda_api.domain.errors import NotFound, Unavailable
from lambda_api.domain.job import Source
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle_job import settle_job


def handle_webhook(services: Services, job_id: str, token: str, error_text: str | None) -> None:
    """Check the job that a genuine token names. The token of any attempt is accepted: the webhook is a doorbell.

    `error_text`: the error in the webhook's unsigned body. Raises NotFound for a wrong token or an unknown job. If our
    own store does not answer, the sweeper checks the job later; RunPod gets no error.
    """
    if verify_token(services.hook_secrets, "webhook", job_id, token) is None:
        raise NotFound("There is no such job.")
    try:
        job = services.store.get(job_id)
        if job is not None:
            settle_job(services, job, Source.WEBHOOK, error_text)
            return
    except Unavailable:
        services.observer.warn("webhook_deferred", job_id=job_id)
        return
    raise NotFound("There is no such job.")
