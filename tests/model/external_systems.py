"""The world around the gateway, as a model: RunPod and its workers, and the client who receives callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from contract.errors import Code, Failure
from contract.messages import OutputFacts
from lambda_api.domain.keys import manifest_key, output_key
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
from tests.model.invariants import PLANTED, proved
from tests.support.examples import manifest


class Reply(Enum):
    """What becomes of `POST /run`."""

    TAKEN = "taken"
    REFUSED = "refused"
    LOST_BUT_TAKEN = "taken, and the answer lost"
    LOST = "not taken, and nobody knows"
    REJECTED = "rejected"


RETRY_AFTER_MS = 40 * SECOND
"""What RunPod asks for when it refuses: longer than the first waits of the gateway's own."""

_OVER = {"FAILED", "TIMED_OUT", "COMPLETED", "CANCELLED"}


class Stop(Enum):
    """How far a worker comes with a job."""

    BEFORE_OUTPUT = "died before the output was stored"
    BEFORE_MANIFEST = "died between output and manifest"
    OTHER_SIZE = "stored a manifest that is not of its output"
    BEFORE_DONE = "stored both, and RunPod never heard of it"
    NEVER = "done"


@dataclass
class Execution:
    """One job of RunPod's: what it was given, and how it stands."""

    runpod_job_id: str
    endpoint_id: str
    job_id: str
    attempt: int
    webhook: str
    progress_url: str
    status: str = "IN_QUEUE"
    error: str | None = None
    known: bool = True
    """False once RunPod has forgotten it: 404."""
    seq: int = 0
    told: bool = True
    """Whether the gateway was told that it was taken."""
    asked: bool = False
    """Whether it was asked to stop, be it in vain."""
    proved: bool = False
    """Whether its result was there before it said so."""

    @property
    def over(self) -> bool:
        return self.status in _OVER


@dataclass
class Runpod:
    """`domain.ports.Provider`; `executions` are all it ever took."""

    executions: list[Execution] = field(default_factory=list)
    reply: Reply = Reply.TAKEN
    down: bool = False
    """Asked about a job, to cancel it, or how it is, it gives no answer."""
    asked: int = 0
    rejected: int = 0
    refused: set[tuple[str, int]] = field(default_factory=set)
    lost: set[tuple[str, int]] = field(default_factory=set)
    """Job and attempt of each order that was refused, or whose answer was lost."""

    def run(self, endpoint_id: str, payload: Mapping[str, Any]) -> str:
        order = payload["input"]
        job_id, attempt = order["job_id"], order["attempt"]
        if self.reply is Reply.REFUSED:
            self.refused.add((job_id, attempt))
            raise ProviderRefused("http_503", retry_after_ms=RETRY_AFTER_MS)
        if self.reply is Reply.REJECTED:
            self.rejected += 1
            raise ProviderRejected("http_400")
        told = self.reply is Reply.TAKEN
        taken = Execution(
            f"runpod-{len(self.executions) + 1}", endpoint_id, job_id, attempt, payload["webhook"],
            order["progress_url"], told=told,
        )  # fmt: skip
        if self.reply is not Reply.LOST:
            self.executions.append(taken)
        if not told:
            self.lost.add((job_id, attempt))
            raise ProviderUnknown("reset")
        return taken.runpod_job_id

    def status(self, endpoint_id: str, runpod_job_id: str) -> ProviderStatus:
        self.asked += 1
        found = self._find(endpoint_id, runpod_job_id)
        return ProviderStatus(found.status, found.error)

    def cancel(self, endpoint_id: str, runpod_job_id: str) -> None:
        named = self.named(runpod_job_id)
        if named is not None and named.endpoint_id == endpoint_id:
            named.asked = True
        found = self._find(endpoint_id, runpod_job_id)
        if not found.over:
            found.status = "CANCELLED"

    def health(self, endpoint_id: str) -> Mapping[str, Any]:
        if self.down:
            raise ProviderError("http_503")
        return {}

    def config(self, endpoint_id: str) -> Mapping[str, Any]:
        raise NotImplementedError

    def says(self, job_id: str, *statuses: str) -> bool:
        """True if any execution of the job stands so."""
        return any(it.status in statuses for it in self.of(job_id))

    def of(self, job_id: str) -> list[Execution]:
        return [it for it in self.executions if it.job_id == job_id]

    def named(self, runpod_job_id: str | None) -> Execution | None:
        return next((it for it in self.executions if it.runpod_job_id == runpod_job_id), None)

    def _find(self, endpoint_id: str, runpod_job_id: str) -> Execution:
        if self.down:
            raise ProviderError("http_503")
        found = self.named(runpod_job_id)
        if found is None or found.endpoint_id != endpoint_id or not found.known:
            raise ProviderJobMissing("http_404")
        return found


def work(execution: Execution, objects: dict[str, bytes], stop: Stop) -> None:
    """A worker at its job. It stores under `If-None-Match: *`: what is there stays, and is adopted.

    RunPod may have been told to cancel: a worker that hears too late stores its result all the same.
    """
    job_id = execution.job_id
    if stop is Stop.BEFORE_OUTPUT:
        _end(execution, "FAILED", f"Traceback: {PLANTED}")
        return
    # No two executions make the same bytes, so that a mixture of two would be seen.
    made = b"x" * (100 + int(execution.runpod_job_id.rpartition("-")[2]))
    stored = objects.setdefault(output_key(job_id), made)
    if stop is Stop.BEFORE_MANIFEST:
        _end(execution, "FAILED", None)
        return
    size = len(stored) + (stop is Stop.OTHER_SIZE)
    facts = OutputFacts(key=output_key(job_id), size_bytes=size, sha256="0" * 64)
    record = manifest(job_id, attempt=execution.attempt, output=facts)
    objects.setdefault(manifest_key(job_id), record.model_dump_json().encode())
    execution.proved |= not execution.over and proved(job_id, objects) is not None
    if stop is not Stop.BEFORE_DONE:
        _end(execution, "COMPLETED", None)


def fail(execution: Execution) -> None:
    """The worker says why it could not."""
    _end(execution, "FAILED", Failure.of(Code.SOURCE_HTTP, field="url_video", http_status="404").model_dump_json())


def _end(execution: Execution, status: str, error: str | None) -> None:
    if not execution.over:
        execution.status, execution.error = status, error


@dataclass
class Receiver:
    """`domain.ports.CallbackSender`, with the client at its other end."""

    answer: DeliveryResult = field(default_factory=lambda: DeliveryResult(ok=True, result="http_200"))
    posts: dict[str, list[str]] = field(default_factory=dict)
    """Bodies by message id."""

    def send(self, owner: str, url: str, message_id: str, now: int, body: str) -> DeliveryResult:
        self.posts.setdefault(message_id, []).append(body)
        return self.answer
