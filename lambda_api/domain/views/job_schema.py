"""The shape of a job as a client reads it: the same in 202, GET, lists and callbacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from contract.artifacts import ArtifactKind
from contract.errors import Blame, Code
from contract.operations import OPERATIONS
from lambda_api.domain.job import CallbackStatus, Source, State

Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Link = Annotated[str, WithJsonSchema({"type": "string", "format": "uri-reference"})]
Kind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(OPERATIONS)})]
STAGE_TEXTS = {
    "queued": "It waits for a worker.",
    "fetch": "The input files are downloaded.",
    "probe": "The input files are examined.",
    "transcribe": "Speech is recognized.",
    "encode": "The result is made.",
    "verify": "The result is checked.",
    "publish": "The result is stored.",
    "done": "It has ended.",
}
VIDEO_MODE_TEXTS = {"encode": "At least a part was encoded.", "copy": "All of it was copied unchanged."}
WORD_TIMING_TEXTS = {
    "given": "The request states them.",
    "aligned": "They were found in the sound.",
    "estimated": "Each caption's time was shared among its words by their length.",
}

StageName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STAGE_TEXTS)})]
VideoMode = Annotated[str, WithJsonSchema({"type": "string", "enum": list(VIDEO_MODE_TEXTS)})]
WordTiming = Annotated[str, WithJsonSchema({"type": "string", "enum": list(WORD_TIMING_TEXTS)})]

_LAST_RESULT = (
    "Outcome of the last attempt: `http_<status>`, `unreachable`, `no_answer`, `forbidden_address`, `no_secret`, or "
    "`interrupted` if the sender crashed before it recorded the outcome."
)


class _View(BaseModel):
    # Compiled at first use: the webhook's function needs them only for callbacks.
    model_config = ConfigDict(frozen=True, defer_build=True, json_schema_serialization_defaults_required=True)


class ProgressView(_View):
    """How far a job is."""

    percent: Annotated[int, Field(ge=0, le=100)]
    """How much is done, of 100."""
    stage: StageName
    """What it is doing now."""


class VideoView(_View):
    """The finished video as it was measured."""

    width: int
    """Width in pixels."""
    height: int
    """Height in pixels."""
    frame_rate: float
    """Frames per second."""
    duration_seconds: float
    """Its length in seconds."""
    size_bytes: int
    """Size of the file in bytes."""
    video_codec: str
    """The codec of the picture, such as `h264`."""
    audio_codec: str | None
    """The codec of the sound, such as `aac`; null without sound."""
    sha256: str
    """SHA-256 of the file, in hex."""


class ArtifactView(_View):
    """A file that the job has made."""

    name: Annotated[str, Field(description="Its name within the job, such as `output.mp4` or `captions.srt`.")]
    kind: ArtifactKind
    """What it is for."""
    content_type: str
    """Its media type."""
    url: Link | None
    """A signed URL from which it can be downloaded."""
    url_expires_at: Timestamp | None
    """When `url` expires; read the job again for a new one."""
    size_bytes: int
    """Size of the file in bytes."""
    sha256: str
    """SHA-256 of the file, in hex."""


class LoudnessView(_View):
    """The loudness of the finished sound, as it was measured in the file; `input_lufs` is that before the gain."""

    lufs: float
    """Integrated loudness in LUFS."""
    true_peak_db: float
    """Largest true peak in dBTP."""
    input_lufs: float
    """Integrated loudness before the gain, in LUFS."""
    gain_db: float
    """The gain in dB."""


class ExecutionView(_View):
    """How a job was done."""

    queue_ms: int
    """Milliseconds from the submit to the start of the work."""
    execution_ms: int
    """Milliseconds of work."""
    encoder: str | None
    """The encoder of the picture, such as `h264_nvenc`; null if none was encoded."""
    video_mode: VideoMode | None
    """How the picture was made; null without a video."""
    copied_seconds: Annotated[
        float | None, Field(description="Seconds of the picture that were copied unchanged; null without a video.")
    ]
    encoded_seconds: Annotated[
        float | None, Field(description="Seconds of the picture that were encoded; null without a video.")
    ]
    gpu_type: str | None
    """The GPU of the worker; null without one."""
    settled_by: Source | None
    """What ended the job."""
    word_timing: WordTiming | None
    """The source of the times of words; null if the captions show no words."""
    fonts_used: list[str]
    """The font families that drew the captions."""
    loudness: Annotated[LoudnessView | None, Field(description="Null if the request left the loudness as it was.")]
    warnings: list[str]
    """Sentences about anything unexpected."""


class CostView(_View):
    """What RunPod bills for the job, at the price of the day on which it completed."""

    gpu_seconds: float
    """Seconds of work."""
    start_seconds: float | None
    """Start of the worker, if this was its first job; null if not measured."""
    idle_seconds: float | None
    """Time that the worker waited for this job; null if not measured."""
    billed_seconds: int
    """All of them together, rounded up."""
    gpu_usd: float
    """What they cost, in US dollars."""
    gpu_type: str | None
    """The GPU's name; null on a machine without one."""
    price_per_second: float
    """US dollars per second of the GPU."""
    price_table: str | None
    """Version of the price table; null for jobs from before it had one."""
    basis: Literal["measured", "estimated"]
    """`measured`, or `estimated` if the worker measured the execution only: start and idle time are missing."""


class ErrorView(_View):
    """Why a job failed."""

    code: Code
    """What went wrong."""
    message: str
    """A sentence for people, with what to do next."""
    blame: Blame
    """Who must act."""
    retryable: bool
    """Whether the same request may succeed later."""


class CallbackView(_View):
    """The callback to the `webhook_url`."""

    status: CallbackStatus
    """Whether the receiver has accepted it."""
    attempts: int
    """Deliveries so far."""
    next_attempt_at: Timestamp | None
    """When it is sent next; null if it is not."""
    last_result: Annotated[str | None, Field(description=_LAST_RESULT)]


class LinksView(_View):
    """Where to read and to cancel a job."""

    self: Link
    """The job."""
    cancel: Link
    """Where to cancel it, with POST."""
    video: Link | None
    """Redirects to the main file, at any time; null until it is finished."""


class JobView(_View):
    """A job."""

    job_id: str
    """Its id."""
    operation: Kind
    """What was requested."""
    status: State
    """Its state."""
    progress: ProgressView
    """How far it is."""
    created_at: Timestamp
    """When it was submitted."""
    started_at: Timestamp | None
    """When its work began; null until then."""
    completed_at: Timestamp | None
    """When it ended; null until then."""
    video_url: Annotated[
        Link | None,
        Field(description="The video, also in `artifacts`; null until it is finished, or if there is none."),
    ]
    video_url_expires_at: Timestamp | None
    """When `video_url` expires; read the job again for a new one."""
    video: VideoView | None
    """The finished video; null until then, or if there is none."""
    artifacts: Annotated[list[ArtifactView], Field(description="All files of the job, the main one first.")]
    execution: ExecutionView | None
    """How it was done; null until a worker has finished it."""
    cost: CostView | None
    """What its work cost; null until it is known."""
    error: ErrorView | None
    """Why it failed; null unless it did."""
    callback: CallbackView | None
    """The callback; null without a `webhook_url`."""
    metadata: dict[str, str]
    """The `metadata` of the submit."""
    links: LinksView
    """Paths of the job."""
