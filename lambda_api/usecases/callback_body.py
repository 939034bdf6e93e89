"""The body of a callback: the job, with a link to its video that works when the body is sent."""

from __future__ import annotations

import json

from lambda_api.domain.job import Job
from lambda_api.domain.job_view import event_type, timestamp
from lambda_api.domain.js_json import dumps
from lambda_api.domain.keys import output_key
from lambda_api.usecases.get_job import represent
from lambda_api.usecases.services import Services


def facts(services: Services, job: Job) -> str:
    """Write what is stored with the ending of `job`, and what a release before this one sends as it is.

    Raises Unavailable if its video cannot be signed for.
    """
    return represent(services, job).model_dump_json(exclude={"callback"})


def body(services: Services, job: Job, stored: str) -> str:
    """Write the body of one attempt: the stored facts and a new link to the video. Raises Unavailable."""
    told = json.loads(stored)
    if told["video_url"] is not None:
        seconds = services.video_url_seconds
        told["video_url"] = services.objects.presign_get(output_key(job.job_id), seconds)
        told["video_url_expires_at"] = timestamp(services.clock() + seconds * 1000)
    told["links"] = {name: services.public_url + link for name, link in told["links"].items()}
    return dumps({"type": event_type(job.state), **told})
