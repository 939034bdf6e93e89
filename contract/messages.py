"""Messages between gateway and worker, version 2. Golden copies are in `events/contract/`.

Gateway → worker: `WorkerJob`, inside RunPod's `input`.
Worker → gateway: `ProgressReport` during the work, `ResultManifest` in S3 after a success, `contract.errors.Failure` as
RunPod's `error` after a failure.

`contract.previous` reads and writes the version before.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from contract import previous
from contract.artifacts import ArtifactKind
from contract.base import ACCEPTED_VERSIONS, CONTRACT_VERSION, PREVIOUS_VERSION, Finite, Message
from contract.limits import Limits
from contract.operations import OperationUnion


def _check_version(version: int) -> int:
    if version not in ACCEPTED_VERSIONS:
        raise ValueError("unsupported contract version")
    return version


Version = Annotated[int, AfterValidator(_check_version)]
JOB_ID = r"^[A-Za-z0-9_-]{1,64}$"
JobId = Annotated[str, Field(pattern=JOB_ID)]
Attempt = Annotated[int, Field(ge=1, le=1000)]
Count = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Short = Annotated[str, Field(max_length=128)]

ArtifactName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]

Stage = Literal["fetch", "probe", "transcribe", "encode", "verify", "publish", "done"]
STAGES: tuple[Stage, ...] = ("fetch", "probe", "transcribe", "encode", "verify", "publish", "done")


class ArtifactSlot(Message):
    """The destination of one file.

    `put_url` is presigned with this `Content-Type` and `If-None-Match: *`, so the first complete upload stays.
    With `get_url` a second execution adopts what the first one stored.
    """

    name: ArtifactName
    content_type: Short
    put_url: str
    get_url: str


class ManifestSlot(Message):
    """The destination of the manifest: presigned with `Content-Type: application/json` and `If-None-Match: *`."""

    put_url: str


class WorkerJob(Message):
    """Everything that one execution needs. Contains presigned URLs: never log it whole."""

    contract_version: Version = CONTRACT_VERSION
    """`previous.earliest_version` of the operation, so that a worker that is not updated yet does what it can."""
    job_id: JobId
    attempt: Attempt
    operation: OperationUnion
    artifacts: Annotated[tuple[ArtifactSlot, ...], Field(min_length=1)]
    """One for each of `operation.artifacts()`, in their order: the main one first."""
    manifest: ManifestSlot
    progress_url: str
    limits: Limits = Limits()
    deadline: Finite
    """Seconds since the epoch, by the gateway's clock. A worker does not start a job that it receives after this
    deadline, allowing for clock skew."""

    @model_validator(mode="before")
    @classmethod
    def _upgrade(cls, raw: Any) -> Any:
        return previous.upgrade_job(raw) if previous.is_previous(raw) else raw

    @model_validator(mode="after")
    def _check_artifacts(self) -> Self:
        if [slot.name for slot in self.artifacts] != [artifact.name for artifact in self.operation.artifacts()]:
            raise ValueError("the slots are not those of the operation's artifacts")
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the message in its version."""
        message = self.model_dump(mode="json")
        return previous.downgrade_job(message) if self.contract_version == PREVIOUS_VERSION else message


class ArtifactFacts(Message):
    """A stored file. `sha256` in hex."""

    name: ArtifactName
    kind: ArtifactKind
    content_type: Short
    size_bytes: Annotated[int, Field(gt=0)]
    sha256: Sha256


class MediaFacts(Message):
    """The result of probing the finished video. `frame_rate` in frames per second, rotation applied."""

    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    frame_rate: Finite
    frames: Count
    duration_seconds: Finite
    video_codec: Short
    audio_codec: Short | None = None


class LoudnessFacts(Message):
    """The loudness of the finished sound, measured as ITU-R BS.1770 defines it: in LUFS, dBTP and dB.

    `input_lufs` is that of the sound before the gain.
    """

    lufs: Finite
    true_peak_db: Finite
    input_lufs: Finite
    gain_db: Finite


class ExecutionFacts(Message):
    """Facts about the execution that made the file. Times in milliseconds on the worker's monotonic clock."""

    encoder: Short | None
    """`h264_nvenc`, `libx264`…; None if no picture was encoded."""
    video_mode: Literal["encode", "copy"] | None
    """None if the result is not a video; `encode` if any part of its picture was encoded."""
    copied_seconds: Annotated[Finite, Field(ge=0)] | None = None
    encoded_seconds: Annotated[Finite, Field(ge=0)] | None = None
    """Seconds of the picture that were copied from the inputs, and that were encoded; None without a video."""
    gpu_type: Short | None = None
    execution_ms: Count
    start_ms: Count | None = None
    """From the start of the worker's process until it could take this job; 0 if the process had one before. None, like
    `idle_ms`, from a worker that does not measure it."""
    idle_ms: Count | None = None
    """Time that the worker was awake without a job before this one."""
    timings_ms: dict[str, Count] = Field(default_factory=dict)
    """Milliseconds per stage of `STAGES`."""
    word_timing: Literal["given", "aligned", "estimated"] | None = None
    """The source of the times of words; None if the captions show no words."""
    fonts_used: Annotated[tuple[Short, ...], Field(max_length=32)] = ()
    """Font families that drew the captions."""
    loudness: LoudnessFacts | None = None
    """None if the request left the loudness as it was."""
    warnings: tuple[Short, ...] = ()
    """Sentences for the client about anything unexpected."""


class ResultManifest(Message):
    """The record of success, written last. COMPLETED means that it and all its artifacts exist."""

    contract_version: Version = CONTRACT_VERSION
    """That of the job's message."""
    job_id: JobId
    attempt: Attempt
    artifacts: Annotated[tuple[ArtifactFacts, ...], Field(min_length=1)]
    """All files of the job, the main one first."""
    media: MediaFacts | None = None
    """Facts about the main file if it is a video."""
    execution: ExecutionFacts

    @model_validator(mode="before")
    @classmethod
    def _upgrade(cls, raw: Any) -> Any:
        return previous.upgrade_manifest(raw) if previous.is_previous(raw) else raw

    def to_json(self) -> dict[str, Any]:
        """Return the manifest in its version."""
        manifest = self.model_dump(mode="json")
        return previous.downgrade_manifest(manifest) if self.contract_version == PREVIOUS_VERSION else manifest


class ProgressReport(Message):
    """The progress of an execution. `seq` rises with each report of an attempt, also after RunPod restarts it."""

    contract_version: Version = CONTRACT_VERSION
    attempt: Attempt
    seq: Annotated[int, Field(ge=1, le=1_000_000)]
    percent: Annotated[int, Field(ge=0, le=100)]
    stage: Stage
    runpod_job_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")] | None = None


class ProgressReply(Message):
    """The gateway's response. `stop` requests the worker to stop, because the job has already finished."""

    stop: bool = False
