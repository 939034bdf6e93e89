"""The body of a callback: the job, with a link to its video that works when the body is sent."""

from __future__ import annotations

import json

from lambda_api.domain.job import Job
from lambda_api.domain.keys import output_key
from lambda_api.domain.views.job_view import event_type, timestamp
from lambda_api.domain.views.js_json import dumps
from lambda_api.usecases.job_record.represent_job import represent_job
from lambda_api.usecases.services import Services


def build_stored_body(services: Services, job: Job) -> str:
    """Build the JSON that is stored with a finished job. Raises Unavailable if its video URL cannot be signed."""
    return represent_job(services, job).model_dump_json(exclude={"callback"})


def build_attempt_body(services: Services, job: Job, stored: str) -> str:
    """Build the body of one attempt: the stored JSON and a new link to the video. Raises Unavailable."""
    fields = json.loads(stored)
    if fields["video_url"] is not None:
        seconds = services.video_url_seconds
        fields["video_url"] = services.objects.presign_get(output_key(job.job_id), seconds)
        fields["video_url_expires_at"] = timestamp(services.clock() + seconds * 1000)
    fields["links"] = {name: services.public_url + link for name, link in fields["links"].items()}
    return dumps({"type": event_type(job.state), **fields})
