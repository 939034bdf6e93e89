"""Build what a client reads of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from contract.artifacts import ArtifactKind
from contract.messages import ArtifactFacts, LoudnessFacts
from lambda_api.domain.bill.job_cost import NANO, job_cost
from lambda_api.domain.job import Job, State
from lambda_api.domain.views.job_schema import (
    ArtifactView,
    CallbackView,
    CostView,
    ErrorView,
    ExecutionView,
    JobView,
    LinksView,
    LoudnessView,
    ProgressView,
    VideoView,
)


def timestamp(ms: int) -> str:
    """Format milliseconds since the epoch as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class FileLinks:
    """Signed URLs of a job's files by name, and when they expire, in milliseconds since the epoch."""

    urls: Mapping[str, str]
    expires_at: int


def main_video(job: Job) -> ArtifactFacts | None:
    """Return the video that the job has made; None without one."""
    return next((stored for stored in job.artifacts if stored.kind is ArtifactKind.VIDEO), None)


def job_view(job: Job, links: FileLinks | None = None) -> JobView:
    """Return the job as its owner sees it. `links` are made for this response; None without files or credentials."""
    video = main_video(job)
    return JobView(
        job_id=job.job_id,
        operation=job.operation.kind,
        status=job.state,
        progress=ProgressView(percent=job.percent, stage=job.stage),
        created_at=timestamp(job.created_at),
        started_at=_optional(job.started_at),
        completed_at=_optional(job.completed_at),
        video_url=links.urls[video.name] if links and video else None,
        video_url_expires_at=_optional(links.expires_at if links and video else None),
        video=_video(job),
        artifacts=[_artifact(stored, links) for stored in job.artifacts],
        execution=_execution(job),
        cost=_cost(job),
        error=_error(job),
        callback=_callback(job),
        metadata=dict(job.metadata),
        links=_links(job),
    )


def _optional(ms: int | None) -> str | None:
    return None if ms is None else timestamp(ms)


def _artifact(stored: ArtifactFacts, links: FileLinks | None) -> ArtifactView:
    return ArtifactView(
        name=stored.name,
        kind=stored.kind,
        content_type=stored.content_type,
        url=links.urls[stored.name] if links else None,
        url_expires_at=_optional(links.expires_at if links else None),
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
    )


def _video(job: Job) -> VideoView | None:
    media, output = job.media, main_video(job)
    if media is None or output is None:
        return None
    return VideoView(
        width=media.width,
        height=media.height,
        frame_rate=media.frame_rate,
        duration_seconds=media.duration_seconds,
        size_bytes=output.size_bytes,
        video_codec=media.video_codec,
        audio_codec=media.audio_codec,
        sha256=output.sha256,
    )


def _execution(job: Job) -> ExecutionView | None:
    facts = job.execution
    if facts is None:
        return None
    return ExecutionView(
        queue_ms=max(0, (job.started_at or job.created_at) - job.created_at),
        execution_ms=facts.execution_ms,
        encoder=facts.encoder,
        video_mode=facts.video_mode,
        copied_seconds=facts.copied_seconds,
        encoded_seconds=facts.encoded_seconds,
        gpu_type=facts.gpu_type,
        settled_by=job.settled_by,
        word_timing=facts.word_timing,
        fonts_used=list(facts.fonts_used),
        loudness=_loudness(facts.loudness),
        warnings=list(facts.warnings),
    )


def _loudness(facts: LoudnessFacts | None) -> LoudnessView | None:
    return None if facts is None else LoudnessView(**facts.model_dump())


def _cost(job: Job) -> CostView | None:
    cost = job_cost(job)
    if cost is None:
        return None
    return CostView(
        gpu_seconds=cost.execution_ms / 1000,
        start_seconds=None if cost.start_ms is None else cost.start_ms / 1000,
        idle_seconds=None if cost.idle_ms is None else cost.idle_ms / 1000,
        billed_seconds=cost.billed_seconds,
        gpu_usd=cost.nano_usd / NANO,
        gpu_type=cost.gpu_type,
        price_per_second=cost.price_per_second,
        price_table=cost.price_table,
        basis="measured" if cost.is_measured else "estimated",
    )


def _links(job: Job) -> LinksView:
    own = f"/job/{job.job_id}"
    return LinksView(self=own, cancel=f"{own}/cancel", video=f"{own}/video" if job.state is State.COMPLETED else None)


def _error(job: Job) -> ErrorView | None:
    failure = job.error
    if failure is None:
        return None
    return ErrorView(code=failure.code, message=failure.message, blame=failure.blame, retryable=failure.retryable)


def _callback(job: Job) -> CallbackView | None:
    callback = job.callback
    if callback is None:
        return None
    return CallbackView(
        status=callback.status,
        attempts=callback.attempts,
        next_attempt_at=_optional(callback.next_at if callback.is_pending else None),
        last_result=callback.last_result,
    )
