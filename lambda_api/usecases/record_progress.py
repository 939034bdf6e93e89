"""Record a worker's progress report."""

from __future__ import annotations

from contract.messages import ProgressReport
from lambda_api.domain.access.tokens import verify_token
from lambda_api.domain.errors import NotFound
from lambda_api.domain.events import Progressed
from lambda_api.usecases.job_record.apply_event import apply_event
from lambda_api.usecases.services import Services


def record_progress(services: Services, job_id: str, token: str, report: ProgressReport) -> bool:
    """Store a report; True if the worker must stop, because the job has finished or its cancel was requested.

    Raises NotFound for a wrong token, an unknown job, or a report of another attempt than the token's; Unavailable.
    """
    attempt = verify_token(services.hook_secrets, "progress", job_id, token)
    if attempt is None or attempt != report.attempt:
        raise NotFound("There is no such job.")
    job = services.store.get(job_id)
    if job is None:
        raise NotFound("There is no such job.")
    next_check = services.policy.next_check(services.clock(), job.deadline_at)
    after = apply_event(services, job, Progressed(report, next_check))
    return after.is_terminal or after.cancel_requested
