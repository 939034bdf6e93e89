"""Receivers that fail in every way over real sockets, and the resulting state of the callback."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from contract.urls import ALLOWED_PORTS, check_target
from lambda_api.adapters import callback_http
from lambda_api.adapters.callback_http import BOUNDS
from lambda_api.domain.job import Callback, CallbackStatus
from lambda_api.domain.policy import CALLBACK_DELAYS, HOUR, MINUTE, SECOND
from lambda_api.observability.observer import PowertoolsObserver
from lambda_api.usecases import submit_job as submit_job_module
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import lasting, manifest, publish, ring_webhook, submission
from tests.support.fakes import World
from tests.support.gateway import context, entrypoint
from tests.support.outbound import SECRET, internet, sender
from tests.support.scripted_server import Peer, Reply, answer, closed_url, drip, peer, reset, stall


@dataclass
class Scene:
    """The gateway with its real sender, and a receiver."""

    receiver: Peer
    world: World

    def finish_job(self, job_id: str, url: str, owner: str = "ada") -> None:
        """Finish a job whose callback is pending."""
        submit_job(self.world.services, submission(owner=owner, webhook_url=url))
        publish(self.world, manifest(job_id))
        ring_webhook(self.world, job_id)

    def deliver(self, *replies: Reply) -> Callback:
        self.receiver.replies = list(replies)
        assert deliver_callback(self.world.services, "job-1")
        return self.callback()

    def callback(self, job_id: str = "job-1") -> Callback:
        found = self.world.store.jobs[job_id].callback
        assert found is not None
        return found

    def limit(self, **seconds: float) -> None:
        """Change the timeouts of the sender, to connect or to read."""
        limited = sender(allow_loopback=True, bounds=replace(BOUNDS, **seconds))
        self.world.services = replace(self.world.services, sender=limited)

    def wait(self) -> int:
        """Return the milliseconds until the next attempt."""
        next_at = self.callback().next_at
        assert next_at is not None
        return next_at - self.world.clock.now


@pytest.fixture
def scene() -> Iterator[Scene]:
    with peer() as receiver:
        world = World()
        signing = replace(world.callers, callback_secrets={"ada": (SECRET,), "bob": (SECRET,)})
        world.callers = signing
        world.services = replace(world.services, sender=sender(allow_loopback=True), allow_loopback=True)
        scene = Scene(receiver, world)
        scene.finish_job("job-1", f"{receiver.url}/hook?token=planted-token")
        yield scene


@pytest.mark.fault("J1")
@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_status_is_a_delivery(scene: Scene, status: int) -> None:
    assert scene.deliver(answer(status)).status is CallbackStatus.DELIVERED
    assert deliver_callback(scene.world.services, "job-1") is False


def test_third_409_is_a_delivery(scene: Scene) -> None:
    """n8n answers 409 before its execution waits, and again after it was resumed."""
    for wait in CALLBACK_DELAYS[1:3]:
        early = scene.deliver(answer(409))
        assert (early.status, early.last_result, scene.wait()) == (CallbackStatus.PENDING, "http_409", wait)
        scene.world.clock.advance(wait)
    assert scene.deliver(answer(409)).status is CallbackStatus.DELIVERED
    assert deliver_callback(scene.world.services, "job-1") is False


@pytest.mark.fault("J3", "J5")
@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
@pytest.mark.parametrize("seconds", [None, 0, 90, 10**6])
def test_failure_is_retried_on_the_published_schedule(scene: Scene, status: int, seconds: int | None) -> None:
    failed = scene.deliver(answer(status, b"", {} if seconds is None else {"Retry-After": str(seconds)}))
    assert (failed.status, failed.last_result) == (CallbackStatus.PENDING, f"http_{status}")
    # Later if the receiver requests it, within a day.
    assert scene.wait() == max(CALLBACK_DELAYS[1], min((seconds or 0) * SECOND, 24 * HOUR))
    scene.world.clock.advance(scene.wait())
    assert scene.deliver(answer(200)).status is CallbackStatus.DELIVERED
    first, second = scene.receiver.seen
    assert (lasting(first.body), first.headers["webhook-id"]) == (lasting(second.body), second.headers["webhook-id"])


@pytest.mark.fault("J4")
def test_410_ends_the_deliveries(scene: Scene) -> None:
    assert scene.deliver(answer(410)).status is CallbackStatus.GIVEN_UP
    scene.world.clock.advance(48 * HOUR)
    sweep(scene.world.services, 100, lambda: True)
    assert len(scene.receiver.seen) == 1


def send_garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x16\x03\x01" + b"SSH-2.0-OpenSSH\r\n" * 9)


def send_endless_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    with suppress(OSError):
        for _ in range(15_000):
            handler.wfile.write(b" " * 65536)


def cut_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def send_many_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n")


@pytest.mark.fault("J6")
@pytest.mark.parametrize("fault", [stall, drip, reset, send_garbage, send_endless_body, cut_body, send_many_headers])
def test_unusable_response_is_a_failed_attempt(scene: Scene, fault: Reply) -> None:
    if fault in {stall, drip}:
        scene.limit(read=0.3)
    failed = scene.deliver(fault)
    scene.limit(read=10.0)
    assert (failed.status, failed.last_result) == (CallbackStatus.PENDING, "no_answer")
    scene.world.clock.advance(scene.wait())
    assert scene.deliver(answer(200)).status is CallbackStatus.DELIVERED


@pytest.mark.fault("J6")
def test_handshake_timeout_is_a_failed_attempt(scene: Scene) -> None:
    """The receiver accepts the connection and sends nothing: TLS waits for its first message."""
    scene.limit(connect=0.3)
    scene.finish_job("job-2", scene.receiver.url.replace("http:", "https:"))
    scene.receiver.replies = [stall]
    assert deliver_callback(scene.world.services, "job-2")
    assert scene.callback("job-2").last_result == "unreachable"


@pytest.mark.fault("J8")
@pytest.mark.parametrize("minutes", [-6, 6])
def test_each_attempt_has_a_fresh_timestamp(scene: Scene, minutes: int) -> None:
    """The stock library refuses a timestamp more than 5 min off. It uses the real clock, and ours is set."""
    clock = scene.world.clock
    world_now = int(time.time() * 1000)

    def verify(handler: BaseHTTPRequestHandler) -> None:
        request = scene.receiver.seen[-1]
        try:
            Webhook(SECRET).verify(request.body, request.headers)
        except WebhookVerificationError:
            answer(400)(handler)
        else:
            answer(204)(handler)

    job = scene.world.store.jobs["job-1"]
    assert job.callback is not None
    clock.now = world_now + minutes * MINUTE
    scene.world.store.jobs["job-1"] = replace(
        job, callback=replace(job.callback, next_at=0), created_at=clock.now, deadline_at=clock.now + HOUR
    )
    assert scene.deliver(verify).last_result == "http_400"
    # The receiver's clock is corrected.
    clock.now = world_now
    moved = scene.world.store.jobs["job-1"]
    assert moved.callback is not None
    scene.world.store.jobs["job-1"] = replace(moved, callback=replace(moved.callback, next_at=0))
    assert scene.deliver(verify).status is CallbackStatus.DELIVERED
    first, second = (request.headers for request in scene.receiver.seen)
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert first["webhook-id"] == second["webhook-id"]


@pytest.mark.fault("J11", "F6")
def test_host_that_became_private_is_given_up_unconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    with internet(monkeypatch) as net:
        public, private = net.site("127.1.0.2", "hooks.example"), net.site("127.0.0.3", "hooks.example")
        public.replies = private.replies = [answer(500)]
        net.dns.hosts["hooks.example"] = [["127.1.0.2"], ["127.0.0.3"]]
        monkeypatch.setattr(
            submit_job_module, "check_target", partial(check_target, ports=net.policy.ports | ALLOWED_PORTS)
        )
        world = World()
        world.services = replace(world.services, sender=sender())
        scene = Scene(public, world)
        scene.finish_job("job-1", "https://hooks.example/")
        job = world.store.jobs["job-1"]
        assert job.callback is not None
        # A submit would refuse the test server's port.
        world.store.jobs["job-1"] = replace(job, callback=replace(job.callback, url=net.url("hooks.example")))
        assert scene.deliver(answer(500)).last_result == "http_500"
        world.clock.advance(scene.wait())
        given_up = scene.deliver(answer(200))
        assert (given_up.status, given_up.last_result) == (CallbackStatus.GIVEN_UP, "forbidden_address")
        assert (len(public.seen), private.seen) == (1, [])


def test_removed_signing_secret_is_a_failed_attempt(scene: Scene) -> None:
    callers = replace(scene.world.callers, callback_secrets={})
    scene.world.services = replace(
        scene.world.services, sender=callback_http.HttpCallbackSender(lambda: callers, allow_loopback=True)
    )
    assert scene.deliver().last_result == "no_secret"
    assert scene.receiver.seen == []


@pytest.mark.fault("J10", "J12")
def test_dead_host_and_poisoned_message_delay_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch, two owners: the dead receivers cost their timeout, the others get their callbacks."""
    # The same timeout for the silent receiver and for those that answer, on a machine that may be busy.
    scene.limit(read=3.0)
    dead = closed_url()
    for number in (2, 3):
        scene.finish_job(f"job-{number}", dead)
    scene.finish_job("job-4", f"{scene.receiver.url}/silent")
    scene.finish_job("job-5", f"{scene.receiver.url}/bobs", owner="bob")

    def respond(handler: BaseHTTPRequestHandler) -> None:
        (stall if handler.path == "/silent" else answer(200))(handler)

    scene.receiver.replies = [respond]
    callbacks = entrypoint("callbacks")
    monkeypatch.setattr(callbacks, "services", lambda: scene.world.services)
    bodies = ["{", *(json.dumps({"job_id": f"job-{number}"}) for number in range(2, 6))]
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    assert callbacks.handler({"Records": records}, context()) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    results = [scene.callback(f"job-{number}").last_result for number in range(2, 6)]
    assert results == ["unreachable", "unreachable", "no_answer", "http_200"]


@pytest.mark.fault("J13")
def test_secrets_in_the_url_are_not_logged(scene: Scene, log: io.StringIO) -> None:
    scene.world.services = replace(scene.world.services, observer=PowertoolsObserver())
    for fault in (answer(500), reset, send_garbage, answer(302, b"", {"Location": "https://x.example/planted-token"})):
        scene.deliver(fault)
        scene.world.clock.advance(scene.wait())
    assert scene.receiver.seen[0].path == "/hook?token=planted-token"
    assert log.getvalue().count("callback_attempted") > 1
    assert "planted" not in log.getvalue()
