"""RunPod's web hook rang."""

from __future__ import annotations

from lambda_api.domain.errors import NotFound, Unavailable
from lambda_api.domain.job import Source
from lambda_api.domain.tokens import token_attempt
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle_job import settle


def ring(services: Services, job_id: str, token: str, hint: str | None) -> None:
    """Look at the job because a genuine token says so. The token of any attempt will do: it is a doorbell.

    Raises NotFound for a wrong token or an unknown job. Trouble on our side is not RunPod's: it is left
    to the sweeper.
    """
    if token_attempt(services.hook_secrets, "webhook", job_id, token) is None:
        raise NotFound("There is no such job.")
    try:
        job = services.store.get(job_id)
        if job is not None:
            settle(services, job, Source.WEBHOOK, hint)
            return
    except Unavailable:
        services.observer.noted("web hook left to the sweeper", job_id=job_id)
        return
    raise NotFound("There is no such job.")
