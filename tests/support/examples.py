"""Jobs, manifests and reports for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from contract.artifacts import OUTPUT_VIDEO, Artifact
from contract.documentation.describe import describe
from contract.messages import ArtifactFacts, ExecutionFacts, MediaFacts, ProgressReport, ResultManifest
from contract.operations import OPERATIONS, Operation
from contract.operations.caption import Caption
from contract.options.captions.choices import SubtitleFormat
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.job import Job
from lambda_api.domain.keys import artifact_key, manifest_key
from lambda_api.domain.policy import SECOND
from lambda_api.usecases.handle_webhook import handle_webhook
from lambda_api.usecases.submit_job import Submission
from lambda_api.usecases.sweep import sweep
from tests.support.fakes import HOOK_SECRET, START, World

VIDEO = b"not really a video, but these are its bytes"

CAPTION = Caption(url_video="https://media.example/v.mp4", url_srt="https://media.example/s.srt")
INLINE_CAPTION = Caption(url_video="https://media.example/v.mp4", captions="a planted text")
"""A request with its captions inside."""
SIDECAR_CAPTION = INLINE_CAPTION.model_copy(update={"sidecar": (SubtitleFormat.SRT, SubtitleFormat.VTT)})
"""A request for three files."""


def every_operation_with_all_files() -> Iterator[Operation]:
    """Yield the example of each operation, with every file that its options can add."""
    for model in OPERATIONS.values():
        example = {**describe(model).example}
        if "sidecar" in model.model_fields:
            example["sidecar"] = list(SubtitleFormat)
        if "poster" in model.model_fields:
            example["poster"] = True
        example.pop("formats", None)
        yield model.model_validate(example)


def job(**changes: Any) -> Job:
    base: dict[str, Any] = {
        "job_id": "job-1",
        "owner": "ada",
        "operation": CAPTION,
        "created_at": START,
        "deadline_at": START + 3_600_000,
        "due_at": START + 15_000,
    }
    return Job(**(base | changes))


def lasting(body: str | bytes) -> str:
    """Return what all attempts of a callback share: everything but the links to the files and their expiry."""
    facts = json.loads(body)
    links = [(facts.pop("video_url", None), facts.pop("video_url_expires_at", None))]
    links += [(stored.pop("url"), stored.pop("url_expires_at")) for stored in facts["artifacts"]]
    assert all((value is None) == (facts["status"] != "COMPLETED") for link in links for value in link)
    return json.dumps(facts)


def stored_job(world: World, job_id: str = "job-1") -> Job:
    """Return the job as it is in the store."""
    return world.store.jobs[job_id]


def submission(**changes: Any) -> Submission:
    base: dict[str, Any] = {
        "owner": "ada",
        "operation": CAPTION,
        "webhook_url": None,
        "metadata": {"scene": "7"},
        "idempotency_key": None,
    }
    return Submission(**(base | changes))


def artifact_facts(*artifacts: Artifact, size: int = len(VIDEO)) -> tuple[ArtifactFacts, ...]:
    """Return the facts of files of `size` bytes."""
    return tuple(ArtifactFacts(**artifact._asdict(), size_bytes=size, sha256="0" * 64) for artifact in artifacts)


def manifest(job_id: str = "job-1", **changes: Any) -> ResultManifest:
    base: dict[str, Any] = {
        "job_id": job_id,
        "attempt": 1,
        "artifacts": artifact_facts(OUTPUT_VIDEO),
        "media": MediaFacts(
            width=1920, height=1080, frame_rate=24.0, frames=120, duration_seconds=5.0, video_codec="h264",
            audio_codec="aac",
        ),
        "execution": ExecutionFacts(
            encoder="libx264", video_mode="encode", execution_ms=4200, copied_seconds=0.0, encoded_seconds=5.0
        ),
    }  # fmt: skip
    return ResultManifest(**(base | changes))


def publish(world: World, result: ResultManifest) -> None:
    """Store a worker's result in the bucket."""
    for stored in result.artifacts:
        world.objects.objects[artifact_key(result.job_id, stored.name)] = VIDEO
    world.objects.objects[manifest_key(result.job_id)] = result.model_dump_json().encode()


def report(seq: int = 1, **changes: Any) -> ProgressReport:
    base: dict[str, Any] = {"attempt": 1, "seq": seq, "percent": 10 * seq, "stage": "encode"}
    return ProgressReport(**(base | changes))


def ring_webhook(world: World, job_id: str = "job-1", *, error_text: str | None = None, attempt: int = 1) -> None:
    """Call RunPod's webhook of a job with its genuine token."""
    handle_webhook(world.services, job_id, make_token(HOOK_SECRET, "webhook", job_id, attempt), error_text)


def finish_job(world: World, job_id: str = "job-1") -> None:
    """Store a worker's result and call the webhook."""
    publish(world, manifest(job_id))
    ring_webhook(world, job_id)


def advance_and_sweep(world: World, ms: int = 61 * SECOND) -> None:
    """Let time pass, then sweep once."""
    world.clock.advance(ms)
    sweep(world.services, 100, lambda: True)
