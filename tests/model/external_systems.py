"""Models of the systems around the gateway: RunPod, its workers, and the client that receives callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from contract.artifacts import Artifact
from contract.errors import Code, Failure
from contract.messages import ArtifactFacts, WorkerJob
from lambda_api.domain.keys import artifact_key, manifest_key
from lambda_api.domain.policy import SECOND
from lambda_api.domain.ports import (
    DeliveryResult,
    ProviderError,
    ProviderJobMissing,
    ProviderRefused,
    ProviderRejected,
    ProviderStatus,
    ProviderUnknown,
)
from tests.model.invariants import PLANTED, find_result
from tests.support.examples import manifest


class RunReply(Enum):
    """Outcomes of `POST /run`."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOST_BUT_ACCEPTED = "accepted, response lost"
    LOST = "not accepted, response lost"
    REJECTED = "rejected"


RETRY_AFTER_MS = 40 * SECOND
"""RunPod's `Retry-After` in a refusal: longer than the gateway's first waits."""


_TERMINAL = {"FAILED", "TIMED_OUT", "COMPLETED", "CANCELLED"}


class WorkerOutcome(Enum):
    """The progress of a worker with a job."""

    DIED_BEFORE_OUTPUT = "died before a file was stored"
    DIED_BETWEEN_FILES = "died after the first file was stored"
    DIED_BEFORE_MANIFEST = "died between the files and the manifest"
    SIZE_MISMATCH = "stored a manifest whose size of the first file differs"
    LAST_SIZE_MISMATCH = "stored a manifest whose size of the last file differs"
    LAST_UNSTORED = "stored a manifest without its last file"
    LAST_UNLISTED = "stored all files, and a manifest that does not list the last one"
    UNREPORTED = "stored everything, but never reported it to RunPod"
    FINISHED = "finished"


@dataclass
class Execution:
    """One job at RunPod: its input and its state."""

    runpod_job_id: str
    endpoint_id: str
    job_id: str
    attempt: int
    webhook: str
    progress_url: str
    artifacts: tuple[Artifact, ...]
    status: str = "IN_QUEUE"
    error: str | None = None
    known: bool = True
    """False once RunPod has forgotten it: 404."""
    seq: int = 0
    acknowledged: bool = True
    """True if the gateway received the response to `/run`."""
    cancel_requested: bool = False
    """True if a cancel was requested, even without effect."""
    had_result: bool = False
    """True if its result was stored before it reported success."""

    @property
    def finished(self) -> bool:
        return self.status in _TERMINAL


@dataclass
class ModelRunpod:
    """`domain.ports.Provider`; `executions` are all that it ever accepted."""

    executions: list[Execution] = field(default_factory=list)
    reply: RunReply = RunReply.ACCEPTED
    down: bool = False
    """True while `/status`, `/cancel` and `/health` fail."""
    status_calls: int = 0
    rejected: int = 0
    refused: set[tuple[str, int]] = field(default_factory=set)
    lost: set[tuple[str, int]] = field(default_factory=set)
    """Job and attempt of each `/run` that was refused, or whose response was lost."""

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        order = payload["input"]
        job_id, attempt = order["job_id"], order["attempt"]
        if self.reply is RunReply.REFUSED:
            self.refused.add((job_id, attempt))
            raise ProviderRefused("http_503", retry_after_ms=RETRY_AFTER_MS)
        if self.reply is RunReply.REJECTED:
            self.rejected += 1
            raise ProviderRejected("http_400")
        acknowledged = self.reply is RunReply.ACCEPTED
        accepted = Execution(
            f"runpod-{len(self.executions) + 1}", endpoint_id, job_id, attempt, payload["webhook"],
            order["progress_url"], WorkerJob.model_validate(order).operation.artifacts(), acknowledged=acknowledged,
        )  # fmt: skip
        if self.reply is not RunReply.LOST:
            self.executions.append(accepted)
        if not acknowledged:
            self.lost.add((job_id, attempt))
            raise ProviderUnknown("reset")
        return accepted.runpod_job_id

    def status(self, endpoint_id: str, runpod_job_id: str) -> ProviderStatus:
        self.status_calls += 1
        found = self._require(endpoint_id, runpod_job_id)
        return ProviderStatus(found.status, found.error)

    def cancel(self, endpoint_id: str, runpod_job_id: str) -> None:
        named = self.find(runpod_job_id)
        if named is not None and named.endpoint_id == endpoint_id:
            named.cancel_requested = True
        found = self._require(endpoint_id, runpod_job_id)
        if not found.finished:
            found.status = "CANCELLED"

    def health(self, endpoint_id: str) -> Mapping[str, Any]:
        if self.down:
            raise ProviderError("http_503")
        return {}

    def config(self, endpoint_id: str) -> Mapping[str, Any]:
        raise NotImplementedError

    def has_status(self, job_id: str, *statuses: str) -> bool:
        """True if any execution of the job has one of these statuses."""
        return any(it.status in statuses for it in self.executions_of(job_id))

    def executions_of(self, job_id: str) -> list[Execution]:
        return [it for it in self.executions if it.job_id == job_id]

    def find(self, runpod_job_id: str | None) -> Execution | None:
        return next((it for it in self.executions if it.runpod_job_id == runpod_job_id), None)

    def _require(self, endpoint_id: str, runpod_job_id: str) -> Execution:
        if self.down:
            raise ProviderError("http_503")
        found = self.find(runpod_job_id)
        if found is None or found.endpoint_id != endpoint_id or not found.known:
            raise ProviderJobMissing("http_404")
        return found


def run_worker(execution: Execution, objects: dict[str, bytes], stop: WorkerOutcome) -> None:
    """Run a worker. It stores with `If-None-Match: *`: existing objects stay and are adopted.

    A worker that receives a cancel too late stores its result anyway.
    """
    if stop is WorkerOutcome.DIED_BEFORE_OUTPUT:
        _finish(execution, "FAILED", f"Traceback: {PLANTED}")
        return
    facts = _store_files(execution, objects, stop)
    if stop in {WorkerOutcome.DIED_BETWEEN_FILES, WorkerOutcome.DIED_BEFORE_MANIFEST}:
        _finish(execution, "FAILED", None)
        return
    record = manifest(execution.job_id, attempt=execution.attempt, artifacts=tuple(facts))
    objects.setdefault(manifest_key(execution.job_id), record.model_dump_json().encode())
    result = find_result(execution.job_id, execution.artifacts, objects)
    execution.had_result |= not execution.finished and result is not None
    if stop is not WorkerOutcome.UNREPORTED:
        _finish(execution, "COMPLETED", None)


def _store_files(execution: Execution, objects: dict[str, bytes], stop: WorkerOutcome) -> list[ArtifactFacts]:
    """Store the files of an execution. Returns what its manifest would state about them."""
    # Each execution makes different bytes, so that a wrong fact about a mixture of two would be detected.
    made = b"x" * (100 + int(execution.runpod_job_id.rpartition("-")[2]))
    facts = []
    for artifact in execution.artifacts:
        is_first, is_last = artifact == execution.artifacts[0], artifact == execution.artifacts[-1]
        if stop is WorkerOutcome.DIED_BETWEEN_FILES and not is_first:
            break
        key = artifact_key(execution.job_id, artifact.name)
        stored = made if stop is WorkerOutcome.LAST_UNSTORED and is_last else objects.setdefault(key, made)
        is_wrong = stop is WorkerOutcome.SIZE_MISMATCH and is_first
        is_wrong |= stop is WorkerOutcome.LAST_SIZE_MISMATCH and is_last
        facts.append(ArtifactFacts(**artifact._asdict(), size_bytes=len(stored) + is_wrong, sha256="0" * 64))
    return facts[:-1] if stop is WorkerOutcome.LAST_UNLISTED else facts


def fail_execution(execution: Execution) -> None:
    """Let the worker report why it failed."""
    _finish(execution, "FAILED", Failure.of(Code.SOURCE_HTTP, field="url_video", http_status="404").model_dump_json())


def _finish(execution: Execution, status: str, error: str | None) -> None:
    if not execution.finished:
        execution.status, execution.error = status, error


@dataclass
class ModelReceiver:
    """`domain.ports.CallbackSender` and the client that it sends to."""

    response: DeliveryResult = field(default_factory=lambda: DeliveryResult(ok=True, result="http_200"))
    posts: dict[str, list[str]] = field(default_factory=dict)
    """Bodies by message id."""

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        self.posts.setdefault(message_id, []).append(body)
        return self.response

    def hold(self, owner: str, message_id: str, now: int, body: str) -> DeliveryResult:
        raise NotImplementedError
