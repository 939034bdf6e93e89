"""Bring a job up to date with the evidence about it."""

from __future__ import annotations

from lambda_api.domain.job import Job, Source
from lambda_api.usecases.evidence.apply_evidence import apply_evidence
from lambda_api.usecases.evidence.collect_evidence import collect_evidence
from lambda_api.usecases.services import Services


def settle_job(services: Services, job: Job, source: Source, error_text: str | None = None) -> Job:
    """Store what the bucket and RunPod say about a job; returns it as stored. A finished job is returned unchanged.

    `error_text`: the error of an unsigned webhook. Raises Unavailable if the job cannot be written; the sweeper then
    checks it again.
    """
    if job.is_terminal:
        return job
    return apply_evidence(services, job, collect_evidence(services, job, source, error_text))
