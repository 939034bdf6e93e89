"""Read the proof of success from the bucket."""

from __future__ import annotations

from contract.messages import ResultManifest
from lambda_api.domain.events import Completed
from lambda_api.domain.job import Job, Source
from lambda_api.domain.keys import artifact_key, manifest_key
from lambda_api.domain.pricing import price_per_second
from lambda_api.usecases.services import Services

_MAX_MANIFEST_BYTES = 64 * 1024


def read_result(services: Services, job: Job, source: Source) -> Completed | None:
    """Return Completed if the bucket holds this job's manifest, and all its artifacts with the sizes that it states.

    None without that proof. Raises Unavailable if the bucket does not answer.
    """
    raw = services.objects.read(manifest_key(job.job_id), _MAX_MANIFEST_BYTES)
    if raw is None:
        return None
    try:
        manifest = ResultManifest.model_validate_json(raw)
    except ValueError:
        services.observer.warn("manifest_unreadable", job_id=job.job_id)
        return None
    requested = tuple(artifact.name for artifact in job.operation.artifacts())
    if manifest.job_id != job.job_id or tuple(stored.name for stored in manifest.artifacts) != requested:
        services.observer.warn("manifest_job_mismatch", job_id=job.job_id)
        return None
    for stored in manifest.artifacts:
        if services.objects.size(artifact_key(job.job_id, stored.name)) != stored.size_bytes:
            services.observer.warn("artifact_size_mismatch", job_id=job.job_id, artifact=stored.name)
            return None
    price = price_per_second(manifest.execution.gpu_type, services.default_price_per_second)
    return Completed(manifest, price, source)
