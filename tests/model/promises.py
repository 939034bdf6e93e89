"""What must hold at each write of a job, whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from contract.errors import Failure
from contract.messages import ResultManifest
from lambda_api.domain.job import CallbackStatus, Job, State
from lambda_api.domain.keys import manifest_key, output_key
from lambda_api.domain.policy import MINUTE

PLANTED = "planted-in-a-traceback"
"""Text of RunPod's that no client may see."""


def broken_at_creation(job: Job) -> Iterator[str]:
    if job.version != 1 or job.state is not State.ACCEPTED:
        yield "a job that does not begin as one"
    yield from _lives(job, job.created_at)


def broken_by(before: Job, after: Job, objects: Mapping[str, bytes], now: int) -> Iterator[str]:
    """Sentences about promises that the write of `after` over `before` breaks."""
    if after.version != before.version + 1:
        yield f"version {after.version} over {before.version}"
    if _identity(before) != _identity(after):
        yield "a job that became another"
    if after.attempt < before.attempt or after.percent < before.percent:
        yield "attempt or progress went back"
    if before.terminal:
        yield from _frozen(before, after)
    elif after.terminal:
        yield from _ends(after, objects)
    else:
        yield from _lives(after, now)
    if after.callback is not None and after.callback.owed and after.due_at is None:
        yield "a callback that nobody will send"


def _identity(job: Job) -> tuple[object, ...]:
    url = job.callback and job.callback.url
    return (job.job_id, job.owner, job.operation, job.created_at, job.deadline_at, dict(job.metadata), url)


def _frozen(before: Job, after: Job) -> Iterator[str]:
    old, new = before.callback, after.callback
    if old is None or new is None or replace(before, callback=new, due_at=after.due_at, version=after.version) != after:
        yield "a terminal job changed"
    elif old.status is not CallbackStatus.PENDING:
        yield "a callback that was settled changed"
    elif new.body != old.body or new.attempts < old.attempts:
        yield "a callback sends other bytes, or forgets attempts"


def _lives(job: Job, now: int) -> Iterator[str]:
    if job.due_at is None or job.due_at > max(now, job.deadline_at) + MINUTE:
        yield "a live job that nobody will look at in time"
    if job.error is not None or job.output is not None or job.completed_at is not None:
        yield "a live job with an ending"
    if job.callback is not None and job.callback.body is not None:
        yield "a callback owed before the end"


def _ends(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    if job.completed_at is None or job.settled_by is None:
        yield "an end without its time or source"
    if (job.state is State.COMPLETED) != (job.error is None):
        yield "an end with no error or two outcomes"
    if job.error is not None and job.error != Failure.of(job.error.code, **job.error.params):
        yield "an error that is not the catalogue's"
    if PLANTED in repr(job):
        yield "an error that tells what is inside"
    if job.state is State.COMPLETED:
        yield from _proved(job, objects)
    if job.callback is not None:
        body = json.loads(job.callback.body or "null")
        if not job.callback.owed or (body["job_id"], body["status"]) != (job.job_id, job.state):
            yield "an end whose callback is not owed by the same write"


def _proved(job: Job, objects: Mapping[str, bytes]) -> Iterator[str]:
    output, raw = objects.get(output_key(job.job_id)), objects.get(manifest_key(job.job_id))
    if output is None or raw is None:
        yield "completed without manifest and output"
        return
    manifest = ResultManifest.model_validate_json(raw)
    if job.output != manifest.output or manifest.output.size_bytes != len(output):
        yield "completed with another output than the one that is stored"
