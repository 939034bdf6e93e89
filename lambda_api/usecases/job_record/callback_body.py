"""The body of a callback: the job, with links to its files that work when the body is sent."""

from __future__ import annotations

import json
from typing import Any

from contract.events import EventType
from lambda_api.domain.job import Job
from lambda_api.domain.views.job_view import job_view, main_video, timestamp
from lambda_api.domain.views.js_json import dumps
from lambda_api.domain.webhooks.events import ending
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
    return _finish(services, ending(job.state), fields)


def build_progress_body(services: Services, job: Job) -> str:
    """Build the body of a `job.progress` event: the job as it is. It has no files yet."""
    return _finish(services, EventType.PROGRESS, job_view(job).model_dump(mode="json", exclude={"callback"}))


def _finish(services: Services, event: EventType, fields: dict[str, Any]) -> str:
    fields["links"] = {name: link and services.public_url + link for name, link in fields["links"].items()}
    return dumps({"type": event, **fields})
