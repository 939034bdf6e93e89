"""Make share links of a job's files, and revoke them."""

from __future__ import annotations

from dataclasses import dataclass

from lambda_api.domain.access.share_links import Share, make_share_token, revoke_shares
from lambda_api.domain.errors import JobHasNoFiles
from lambda_api.domain.job import Job, State
from lambda_api.usecases.job_record.change_owned_job import change_owned_job
from lambda_api.usecases.job_record.find_owned_job import find_owned_job
from lambda_api.usecases.links.open_file import find_artifact
from lambda_api.usecases.services import Services

DEFAULT_SECONDS = 7 * 24 * 3600
MIN_SECONDS = 60
MAX_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class SharedLink:
    url: str
    artifact: str
    expires_at: int
    """Milliseconds since the epoch. Not later than the deletion of the file."""


def share_job(services: Services, owner: str, job_id: str, artifact: str | None, seconds: int) -> SharedLink:
    """Return a link to a file of a completed job that works without a key. Nothing is stored.

    Raises NotFound, ArtifactNotFound, JobNotFinished, JobHasNoFiles, Unavailable.
    """
    job = find_owned_job(services, owner, job_id)
    stored, now = find_artifact(job, artifact), services.clock()
    # The bucket deletes a file at this age; it is younger than its job.
    deleted_at = job.created_at + services.policy.retention_ms
    if deleted_at <= now:
        raise JobHasNoFiles("The files of the job have been deleted. Submit it again.")
    expires_at = min(now + seconds * 1000, deleted_at)
    token = make_share_token(services.hook_secrets[0], Share(job.job_id, stored.name, expires_at, job.share_generation))
    return SharedLink(f"{services.public_url}/s/{token}", stored.name, expires_at)


def revoke_links(services: Services, owner: str, job_id: str) -> None:
    """Revoke all share links of a job. Raises NotFound; Unavailable, also after 5 lost races."""

    def revoke(job: Job) -> Job | None:
        # No other job has links.
        return revoke_shares(job) if job.state is State.COMPLETED else None

    change_owned_job(services, owner, job_id, revoke)
