"""Answer `"dry_run": true`. Nothing is stored, no quota is taken, and no call is made that RunPod charges for."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_api.domain.keys import upload_key
from lambda_api.domain.views.dry_run_schema import DryRunView
from lambda_api.usecases.dry_run.estimate import estimate
from lambda_api.usecases.dry_run.foresee import foresee
from lambda_api.usecases.dry_run.inspect_inputs import durations, inspect_inputs
from lambda_api.usecases.dry_run.result_seconds import result_seconds
from lambda_api.usecases.services import Services
from lambda_api.usecases.submit_job import Submission, check_submission
from lambda_api.usecases.uploads.check_inputs import check_uploads, find_uploads, upload_inputs

_URL_SECONDS = 60
"""For the look at an upload, which takes seconds."""


def dry_run(services: Services, submission: Submission) -> DryRunView:
    """Check the request as a submit does, look at its inputs, and estimate time and cost.

    Raises what `check_submission` and `check_uploads` raise. Inputs that cannot be had are part of the result, not
    errors: they may be there when the job runs.
    """
    check_submission(services, submission)
    operation, owner = submission.operation, submission.owner
    inspected = inspect_inputs(services, operation.inputs(), _stored_urls(services, submission))
    lengths = durations(inspected)
    seconds = result_seconds(operation, lengths)
    estimated = estimate(services, owner, operation.kind, seconds)
    gpu_seconds = estimated.view.gpu_seconds
    return DryRunView(
        operation=operation.kind,
        artifacts=[artifact.name for artifact in operation.artifacts()],
        inputs=[entry.view for entry in inspected],
        estimate=estimated.view,
        warnings=[
            *estimated.warnings,
            *foresee(operation, lengths, seconds, gpu_seconds, services.worker_limits),
        ],
    )


def _stored_urls(services: Services, submission: Submission) -> Mapping[str, str]:
    """Return presigned URLs of the inputs that were uploaded, by field. Raises what `check_uploads` raises."""
    fields = upload_inputs(submission.operation)
    uploads = find_uploads(services, submission.owner, fields)
    check_uploads(services, submission.operation, fields, uploads)
    keys = {field: upload_key(upload.owner, upload.upload_id) for field, upload in uploads.items()}
    return {field: services.objects.presign_get(key, _URL_SECONDS) for field, key in keys.items()}
