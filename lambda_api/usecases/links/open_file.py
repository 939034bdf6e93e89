"""Lead to a file of a job, by a URL of the bucket that is signed at that moment."""

from __future__ import annotations

from dataclasses import dataclass

from contract.messages import ArtifactFacts
from lambda_api.domain.access.share_links import read_share_token
from lambda_api.domain.errors import ArtifactNotFound, JobHasNoFiles, JobNotFinished, NotFound
from lambda_api.domain.job import Job, State
from lambda_api.domain.keys import artifact_key
from lambda_api.usecases.job_record.find_owned_job import find_owned_job
from lambda_api.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A client's request for a file."""

    is_download: bool
    """Browsers save the file, under its name; otherwise they play it."""
    is_head: bool
    """Only headers are wanted. S3 signs the method, too."""


def open_own_file(services: Services, owner: str, job_id: str, artifact: str | None, visit: Visit) -> str:
    """Return a URL of a file of the owner's job; the main one by default.

    Raises NotFound, ArtifactNotFound, JobNotFinished, JobHasNoFiles, Unavailable.
    """
    job = find_owned_job(services, owner, job_id)
    return _sign(services, job, find_artifact(job, artifact), visit, services.video_url_seconds)


def open_shared_file(services: Services, token: str, visit: Visit) -> str:
    """Return a URL of the file that a share link leads to. Raises NotFound, the same for all reasons; Unavailable."""
    share = read_share_token(services.hook_secrets, token)
    left_ms = share.expires_at - services.clock() if share is not None else 0
    # Forged and expired tokens cost no read.
    job = services.store.get(share.job_id) if share is not None and left_ms > 0 else None
    if share is None or job is None or job.state is not State.COMPLETED or job.share_generation != share.generation:
        raise NotFound("There is no such link, or it has expired.")
    seconds = min(services.video_url_seconds, max(1, left_ms // 1000))
    return _sign(services, job, find_artifact(job, share.artifact), visit, seconds)


def find_artifact(job: Job, name: str | None) -> ArtifactFacts:
    """Return a stored file of the job. Raises ArtifactNotFound, JobNotFinished, JobHasNoFiles."""
    if not job.is_terminal:
        raise JobNotFinished(
            f"The job is {job.state}: it has no files yet. Read the job until it is COMPLETED, or send a webhook_url.",
            extra={"job_status": job.state},
        )
    if not job.artifacts:
        raise JobHasNoFiles(f"The job is {job.state}: it made no files.", extra={"job_status": job.state})
    found = next((stored for stored in job.artifacts if name in {None, stored.name}), None)
    if found is None:
        names = ", ".join(stored.name for stored in job.artifacts)
        raise ArtifactNotFound(f"The job has no such file. It has: {names}.")
    return found


def _sign(services: Services, job: Job, stored: ArtifactFacts, visit: Visit, seconds: int) -> str:
    key = artifact_key(job.job_id, stored.name)
    if visit.is_head:
        return services.objects.presign_head(key, seconds)
    is_main = stored.name == job.operation.main_artifact().name
    name = (job.operation.download_name() if is_main else None) or stored.name
    return services.objects.presign_get(key, seconds, saved_as=name if visit.is_download else None)
