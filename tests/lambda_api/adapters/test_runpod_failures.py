"""RunPod's API misbehaves on real sockets, and the job reaches the right state."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler

import pytest

from contract.errors import Code
from lambda_api.adapters.runpod import BOUNDS, RunpodProvider
from lambda_api.domain.errors import AlreadyFinished
from lambda_api.domain.job import Job, State
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.services import Services
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import World
from tests.support.gateway import Client
from tests.support.scripted_server import SLOW_SECONDS, Peer, Reply, answer, drip, peer, reset, slowly, stall

TAKEN = answer(200, {"id": "runpod-1", "status": "IN_QUEUE"})


@dataclass
class Scene:
    """The gateway with RunPod's real client, and a server that plays RunPod."""

    runpod: Peer
    world: World

    @property
    def services(self) -> Services:
        return self.world.services

    @property
    def job(self) -> Job:
        return self.world.store.jobs["job-1"]

    def submit(self, *replies: Reply) -> Job:
        self.runpod.replies = list(replies)
        return submit_job(self.services, submission()).job

    def submit_impatiently(self, slow: Reply) -> Job:
        """Submit while RunPod has 0.3 s for its response."""
        patient = self.services
        provider = RunpodProvider(self.runpod.url, self.runpod.url, "planted-key", replace(BOUNDS, read=0.3))
        self.world.services = replace(patient, provider=provider)
        try:
            return self.submit(slow)
        finally:
            self.world.services = patient

    def sweep(self, after: int = 61 * SECOND, *replies: Reply) -> Job:
        if replies:
            self.runpod.replies = list(replies)
        self.world.clock.advance(after)
        sweep(self.services, 100, lambda: True)
        return self.job

    def requests(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.runpod.seen]


@pytest.fixture
def scene() -> Iterator[Scene]:
    with peer() as server:
        world = World()
        world.services = replace(world.services, provider=RunpodProvider(server.url, server.url, "planted-key"))
        yield Scene(server, world)


def status_reply(status: str, **more: object) -> Reply:
    return answer(200, {"id": "runpod-1", "status": status, **more})


@pytest.mark.fault("C1")
@pytest.mark.parametrize("seconds", [None, 45])
def test_throttled_dispatch_waits(scene: Scene, seconds: int | None) -> None:
    job = scene.submit(answer(429, {}, {} if seconds is None else {"Retry-After": str(seconds)}))
    assert (job.state, job.attempt) == (State.ACCEPTED, 1)
    assert job.due_at is not None
    wait = job.due_at - scene.world.clock.now
    assert wait == 45_000 if seconds else 0 < wait <= MINUTE
    scene.sweep(wait - 1, TAKEN)
    assert len(scene.runpod.seen) == 1
    assert scene.sweep(1).state is State.IN_QUEUE


@pytest.mark.fault("C2", "C5", "C6", "C13")
@pytest.mark.parametrize(
    "fault",
    [
        answer(500), answer(502, b"<html>"), answer(503), answer(504), reset, stall, drip, answer(200, b"<html>"),
        answer(200), answer(200, {}), answer(200, {"id": None}), answer(200, {"id": 7}), answer(200, {"id": ["a"]}),
        answer(200, []), answer(200, b"\xff\xfe"), answer(200, {"id": "a", "pad": "x" * 20_000_000}),
        answer(200, b"[" * 100_000), answer(200, {"id": "\ud800"}), answer(200, {"id": "a" * 500_000}),
    ],
)  # fmt: skip
def test_unusable_run_response_is_not_the_clients_error(scene: Scene, fault: Reply) -> None:
    submitted = scene.submit_impatiently(fault) if fault in {stall, drip} else scene.submit(fault)
    assert submitted.state is State.ACCEPTED
    job = scene.sweep(MINUTE, TAKEN)
    assert (job.state, job.runpod_job_id) == (State.IN_QUEUE, "runpod-1")
    assert [request for request in scene.requests() if request != "GET /endpoint/health"] == ["POST /endpoint/run"] * 2


@pytest.mark.parametrize("fault", [answer(502, b"<html>"), reset])
def test_job_survives_ten_minutes_of_faults(scene: Scene, fault: Reply) -> None:
    scene.submit(fault)
    for _ in range(10):
        assert scene.sweep(MINUTE).state is State.ACCEPTED
    job = scene.sweep(MINUTE, TAKEN)
    assert (job.state, job.attempt) == (State.IN_QUEUE, 2)
    requests = ["POST /endpoint/run", *["GET /endpoint/health"] * 11, "POST /endpoint/run"]
    assert scene.requests() == requests


@pytest.mark.fault("C2")
def test_job_waits_while_dns_does_not_know_runpod(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", unknown)
        job = scene.submit(TAKEN)
    assert (job.state, job.attempt, scene.runpod.seen) == (State.ACCEPTED, 1, [])
    assert scene.sweep(MINUTE).state is State.IN_QUEUE


@pytest.mark.fault("C3")
@pytest.mark.parametrize("status", [401, 403])
def test_wrong_key_ends_no_job_before_its_deadline(scene: Scene, status: int) -> None:
    scene.runpod.replies = [answer(status, {"error": "unauthorized"})]
    result = Client(scene.world).call("POST", "/video/img2vid", {"url_image": "https://media.example/a.png"})
    assert result.status == 202
    while scene.world.clock.now < scene.job.deadline_at:
        assert scene.job.state is State.ACCEPTED
        scene.sweep(5 * MINUTE)
    assert scene.job.state is State.TIMED_OUT
    assert scene.job.error is not None
    assert scene.job.error.code is Code.PROVIDER_UNAVAILABLE
    assert "dispatch_refused" in scene.world.observer.warnings


@pytest.mark.fault("C3")
def test_key_fixed_in_time_saves_the_jobs(scene: Scene) -> None:
    scene.submit(answer(401))
    scene.sweep(30 * MINUTE)
    assert scene.sweep(MINUTE, TAKEN).state is State.IN_QUEUE


@pytest.mark.fault("C4")
def test_rejected_job_is_not_submitted_again(scene: Scene) -> None:
    job = scene.submit(answer(400, {"error": "bad input"}))
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.PROVIDER_REJECTED
    scene.sweep(HOUR)
    assert scene.requests() == ["POST /endpoint/run"]


@pytest.mark.fault("C7")
def test_young_unknown_job_stays_queued(scene: Scene) -> None:
    scene.submit(TAKEN)
    scene.services.store.save(replace(scene.job, due_at=scene.world.clock.now, version=scene.job.version + 1))
    job = scene.sweep(SECOND, answer(404))
    assert scene.requests()[-1] == "GET /endpoint/status/runpod-1"
    assert (job.state, job.attempt) == (State.IN_QUEUE, 1)


@pytest.mark.fault("C7")
def test_old_unknown_job_with_manifest_is_completed(scene: Scene) -> None:
    scene.submit(TAKEN)
    publish(scene.world, manifest())
    assert scene.sweep(HOUR // 2, answer(404)).state is State.COMPLETED


@pytest.mark.fault("C7")
def test_lost_job_ends_by_its_deadline(scene: Scene) -> None:
    scene.submit(TAKEN)

    def forgetful(handler: BaseHTTPRequestHandler) -> None:
        (TAKEN if handler.path.endswith("/run") else answer(404))(handler)

    scene.runpod.replies = [forgetful]
    while not scene.job.is_terminal:
        scene.sweep(2 * MINUTE)
    assert scene.job.error is not None
    assert scene.job.error.code is Code.PROVIDER_LOST
    assert scene.requests().count("POST /endpoint/run") == 3
    assert scene.job.completed_at is not None
    assert scene.job.completed_at <= scene.job.deadline_at


@pytest.mark.fault("C8")
def test_unknown_status_is_counted_and_checked_again(scene: Scene) -> None:
    scene.submit(TAKEN)
    job = scene.sweep(61 * SECOND, status_reply("PAUSED_FOR_TEA"))
    assert not job.is_terminal
    assert job.due_at is not None
    assert job.due_at <= scene.world.clock.now + 3 * MINUTE // 2
    assert scene.world.observer.warnings == ["provider_status_unknown"]
    assert "TEA" not in repr(job)


@pytest.mark.fault("C9")
def test_backwards_status_changes_nothing(scene: Scene) -> None:
    scene.submit(TAKEN)
    assert scene.sweep(61 * SECOND, status_reply("IN_PROGRESS")).state is State.IN_PROGRESS
    started = scene.job.started_at
    job = scene.sweep(61 * SECOND, status_reply("IN_QUEUE"))
    assert (job.state, job.started_at) == (State.IN_PROGRESS, started)


@pytest.mark.fault("C10")
def test_job_keeps_the_endpoint_that_accepted_it(scene: Scene) -> None:
    scene.submit(TAKEN)
    scene.world.services = replace(scene.services, endpoint_id="another")
    scene.sweep(61 * SECOND, status_reply("IN_PROGRESS"))
    cancel_job(scene.services, "ada", "job-1")
    assert scene.requests()[1:] == ["GET /endpoint/status/runpod-1", "POST /endpoint/cancel/runpod-1"]


@pytest.mark.fault("C11")
def test_throttled_cancel_is_retried(scene: Scene) -> None:
    scene.submit(TAKEN)
    scene.runpod.replies = [answer(429, {}, {"Retry-After": "1"})]
    assert cancel_job(scene.services, "ada", "job-1").cancel_requested
    assert not scene.job.is_terminal
    assert scene.sweep(61 * SECOND, status_reply("CANCELLED")).state is State.CANCELLED
    assert scene.requests().count("POST /endpoint/cancel/runpod-1") == 2
    with pytest.raises(AlreadyFinished):
        cancel_job(scene.services, "ada", "job-1")


@pytest.mark.fault("C12")
def test_job_that_no_worker_takes_ends_by_its_deadline(scene: Scene) -> None:
    scene.submit(TAKEN)
    scene.runpod.replies = [status_reply("IN_QUEUE")]
    while not scene.job.is_terminal:
        scene.sweep(MINUTE)
    assert scene.job.state is State.TIMED_OUT
    assert scene.world.clock.now <= scene.job.deadline_at + 2 * MINUTE
    assert scene.requests()[-1] == "POST /endpoint/cancel/runpod-1"


@pytest.mark.fault("C13")
def test_endless_response_is_not_read_to_its_end(scene: Scene) -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            while sent < 500_000_000:
                handler.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent += 65536

    assert scene.submit(endless).state is State.ACCEPTED
    assert sent < 100_000_000


@pytest.mark.fault("C6")
def test_endless_headers_are_bounded(scene: Scene) -> None:
    endless = slowly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02)
    began = time.monotonic()
    assert scene.submit_impatiently(endless).state is State.ACCEPTED
    assert time.monotonic() - began < SLOW_SECONDS / 2


@pytest.mark.fault("C14")
@pytest.mark.parametrize(
    "text", ["Traceback (most recent call last): /app/secret.py", {"hostname": "pod-7.secret"}, None]
)
def test_worker_traceback_stays_private(scene: Scene, text: object) -> None:
    scene.submit(TAKEN)
    error = text if isinstance(text, str) else json.dumps({"error_message": "secret", "error_traceback": text})
    assert scene.sweep(61 * SECOND, status_reply("FAILED", error=error, output={"secret": 1})).state is State.FAILED
    result = Client(scene.world).call("GET", "/job/job-1")
    assert result.json["error"]["code"] == "worker_crashed"
    assert "secret" not in result.text
    assert "secret" not in repr(scene.job)
