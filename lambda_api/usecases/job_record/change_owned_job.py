"""Change a job at its owner's request, however many processes write."""

from __future__ import annotations

from collections.abc import Callable

from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.usecases.job_record.find_owned_job import find_owned_job
from lambda_api.usecases.services import Services

_TRIES = 5


def change_owned_job(services: Services, owner: str, job_id: str, change: Callable[[Job], Job | None]) -> Job:
    """Store what `change` makes of the job, and return it; a lost race reads the job and changes it again.

    If `change` returns None, nothing is stored. Raises NotFound; Unavailable, also after 5 lost races.
    """
    for _ in range(_TRIES):
        job = find_owned_job(services, owner, job_id)
        changed = change(job)
        if changed is None:
            return job
        if services.store.save(changed):
            return changed
    raise Unavailable("Too many concurrent changes of this job. Try again.", retry_after=1)
