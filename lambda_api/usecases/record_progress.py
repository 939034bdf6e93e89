"""A worker says how far it is."""

from __future__ import annotations

from contract.messages import ProgressReport
from lambda_api.domain.errors import NotFound
from lambda_api.domain.events import Progressed
from lambda_api.domain.tokens import token_attempt
from lambda_api.usecases.apply_event import record
from lambda_api.usecases.services import Services


def progress(services: Services, job_id: str, token: str, report: ProgressReport) -> bool:
    """Store a report; True if the worker should stop, because the job is over or to be cancelled.

    Raises NotFound for a wrong token, an unknown job, or a report of another attempt than the token's.
    """
    attempt = token_attempt(services.hook_secrets, "progress", job_id, token)
    if attempt is None or attempt != report.attempt:
        raise NotFound("There is no such job.")
    job = services.store.get(job_id)
    if job is None:
        raise NotFound("There is no such job.")
    due = services.policy.next_check(services.clock(), job.deadline_at)
    after = record(services, job, Progressed(report, due))
    return after.terminal or after.cancel_requested
