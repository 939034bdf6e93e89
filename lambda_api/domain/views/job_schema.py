"""The shape of a job as a client reads it: the same in 202, GET, lists and callbacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from contract.artifacts import ArtifactKind
from contract.errors import Blame, Code
from contract.messages import STAGES
from contract.operations import OPERATIONS
from lambda_api.domain.job import CallbackStatus, Source, State

Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Link = Annotated[str, WithJsonSchema({"type": "string", "format": "uri-reference"})]
Kind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(OPERATIONS)})]
StageName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["queued", *STAGES]})]
VideoMode = Annotated[str, WithJsonSchema({"type": "string", "enum": ["encode", "copy"]})]

WordTiming = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "enum": ["given", "aligned", "estimated"],
            "description": "The source of the times of words; null if the captions show no words.",
        }
    ),
]

_LAST_RESULT = (
    "Outcome of the last attempt: `http_<status>`, `unreachable`, `no_answer`, `forbidden_address`, `no_secret`, or "
    "`interrupted` if the sender crashed before it recorded the outcome."
)


class _View(BaseModel):
    # Compiled at first use: the webhook's function needs them only for callbacks.
    model_config = ConfigDict(frozen=True, defer_build=True)


class ProgressView(_View):
    percent: Annotated[int, Field(ge=0, le=100)]
    stage: StageName


class VideoView(_View):
    width: int
    height: int
    frame_rate: float
    duration_seconds: float
    size_bytes: int
    video_codec: str
    audio_codec: str | None
    sha256: str


class ArtifactView(_View):
    """A file that the job has made."""

    name: Annotated[str, Field(description="Its name within the job, such as `output.mp4` or `captions.srt`.")]
    kind: ArtifactKind
    content_type: str
    url: Link | None
    url_expires_at: Timestamp | None
    size_bytes: int
    sha256: str


class LoudnessView(_View):
    """The loudness of the finished sound, as it was measured in the file; `input_lufs` is that before the gain."""

    lufs: float
    true_peak_db: float
    input_lufs: float
    gain_db: float


class ExecutionView(_View):
    queue_ms: int
    execution_ms: int
    encoder: str | None
    video_mode: VideoMode | None
    copied_seconds: Annotated[
        float | None, Field(description="Seconds of the picture that were copied unchanged; null without a video.")
    ]
    encoded_seconds: Annotated[
        float | None, Field(description="Seconds of the picture that were encoded; null without a video.")
    ]
    gpu_type: str | None
    settled_by: Source | None
    word_timing: WordTiming | None
    fonts_used: list[str]
    loudness: Annotated[LoudnessView | None, Field(description="Null if the request left the loudness as it was.")]
    warnings: list[str]


class CostView(_View):
    """An estimate: RunPod also bills a worker's start-up and idle time, per endpoint."""

    gpu_seconds: float
    gpu_usd: float
    basis: Literal["estimate"] = "estimate"
    price_per_second: float


class ErrorView(_View):
    code: Code
    message: str
    blame: Blame
    retryable: bool


class CallbackView(_View):
    status: CallbackStatus
    attempts: int
    next_attempt_at: Timestamp | None
    last_result: Annotated[str | None, Field(description=_LAST_RESULT)]


class LinksView(_View):
    self: Link
    cancel: Link


class JobView(_View):
    job_id: str
    operation: Kind
    status: State
    progress: ProgressView
    created_at: Timestamp
    started_at: Timestamp | None
    completed_at: Timestamp | None
    video_url: Annotated[
        Link | None,
        Field(description="The video, also in `artifacts`; null until it is finished, or if there is none."),
    ]
    video_url_expires_at: Timestamp | None
    video: VideoView | None
    artifacts: Annotated[list[ArtifactView], Field(description="All files of the job, the main one first.")]
    execution: ExecutionView | None
    cost: CostView | None
    error: ErrorView | None
    callback: CallbackView | None
    metadata: dict[str, str]
    links: LinksView
