"""Find a job for its owner."""

from __future__ import annotations

import re

from contract.messages import JOB_ID
from lambda_api.domain.errors import NotFound
from lambda_api.domain.job import Job
from lambda_api.usecases.services import Services

_JOB_ID = re.compile(JOB_ID)


def find_owned_job(services: Services, owner: str, job_id: str) -> Job:
    """Return this owner's job. Raises NotFound, the same for another owner's job as for none; Unavailable.

    Ids are made in lower case; spreadsheets and people also send them in upper case.
    """
    job_id = job_id.lower()
    job = services.store.get(job_id) if _JOB_ID.fullmatch(job_id) else None
    if job is None or job.owner != owner:
        raise NotFound("There is no such job.")
    return job
