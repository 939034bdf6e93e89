"""The body of a callback: the job, with links to its files that work when the body is sent."""

from __future__ import annotations

import json

from lambda_api.domain.job import Job
from lambda_api.domain.views.job_view import event_type, main_video, timestamp
from lambda_api.domain.views.js_json import dumps
from lambda_api.usecases.job_record.represent_job import represent_job, sign_links
from lambda_api.usecases.services import Services


def build_stored_body(services: Services, job: Job) -> str:
    """Build the JSON that is stored with a finished job. Raises Unavailable if its files' URLs cannot be signed."""
    return represent_job(services, job).model_dump_json(exclude={"callback"})


def build_attempt_body(services: Services, job: Job, stored: str) -> str:
    """Build the body of one attempt: the stored JSON and new links to the files. Raises Unavailable."""
    fields = json.loads(stored)
    if job.artifacts:
        links = sign_links(services, job)
        video = main_video(job)
        if video is not None:
            fields["video_url"] = links.urls[video.name]
            fields["video_url_expires_at"] = timestamp(links.expires_at)
        # The release before stored bodies without artifacts.
        for artifact in fields.get("artifacts", ()):
            artifact["url"] = links.urls[artifact["name"]]
            artifact["url_expires_at"] = timestamp(links.expires_at)
    fields["links"] = {name: link and services.public_url + link for name, link in fields["links"].items()}
    return dumps({"type": event_type(job.state), **fields})
