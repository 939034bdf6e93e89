"""Store evidence about a job, and stop the executions that it makes useless."""

from __future__ import annotations

from lambda_api.domain.events import Cancelled, Completed, Event, TimedOut
from lambda_api.domain.job import Job, State
from lambda_api.usecases.evidence.cancel_execution import cancel_execution, cancel_late_execution
from lambda_api.usecases.job_record.apply_event import apply_event
from lambda_api.usecases.services import Services


def apply_evidence(services: Services, job: Job, event: Event) -> Job:
    """Apply `event` and cancel useless executions at RunPod; returns the job as stored. Raises Unavailable."""
    after = apply_event(services, job, event)
    if isinstance(event, TimedOut) and after.state is State.TIMED_OUT:
        cancel_execution(services, after)
    if isinstance(event, Cancelled):
        cancel_late_execution(services, job, after)
    if isinstance(event, Completed) and after.state is State.COMPLETED:
        _cancel_other_attempt(services, after, event.manifest.attempt)
    return after


def _cancel_other_attempt(services: Services, job: Job, completed_attempt: int) -> None:
    """Cancel the last attempt if an earlier, seemingly lost one made the video: it may still be queued and billed."""
    # If RunPod never answered `/run`, a worker reported the id, which may be that of any attempt.
    if job.attempt != completed_attempt and job.submitted_at is not None:
        cancel_execution(services, job)
