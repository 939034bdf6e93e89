"""Each function responds before its timeout when AWS, RunPod and receivers are silent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from lambda_api import wiring
from lambda_api.adapters import callback_http, deadline, runpod
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult, ProviderError, ProviderStatus
from lambda_api.usecases.services import Services
from lambda_api.usecases.settle_job import settle_job
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import manifest, publish, submission
from tests.support.fakes import HOOK_SECRET, FakeClock, FakeProvider, FakeSender, World
from tests.support.gateway import context, entrypoint, environment, golden, reset_wiring
from tests.support.scripted_server import Peer, answer, assert_faster_than, peer

callbacks, runpod_webhook, sweeper = map(entrypoint, ("callbacks", "runpod_webhook", "sweeper"))

CAPTION = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt"}

INLINE = {"url_video": "https://media.example/v.mp4", "captions": "Hello there"}


def function(seconds: float) -> Any:
    """Return the context of a function that has this many seconds left."""
    ends = time.monotonic() + seconds
    return SimpleNamespace(
        **vars(context()) | {"get_remaining_time_in_millis": lambda: int((ends - time.monotonic()) * 1000)}
    )


@dataclass
class Silence:
    """Two servers, AWS and RunPod, that do not respond until the test has finished."""

    aws: Peer
    runpod: Peer
    finished: threading.Event

    def silent(self, handler: BaseHTTPRequestHandler) -> None:
        self.finished.wait(30)


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    with peer() as aws, peer() as runpod_api:
        made = Silence(aws, runpod_api, threading.Event())
        aws.replies, runpod_api.replies = [made.silent], [made.silent]
        variables = environment() | {
            "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "planted", "RUNPOD_API_URL": runpod_api.url, "HOOK_SECRET": HOOK_SECRET,
        }  # fmt: skip
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        reset_wiring()
        yield made
        reset_wiring()
        made.finished.set()


def submit(seconds: float, services: Services, body: Mapping[str, str] = CAPTION, **headers: str) -> dict[str, Any]:
    """Submit a job to the API's function, which has this many seconds, and return its response."""
    api = entrypoint("api")
    event = golden("api/caption") | {"body": json.dumps(body)}
    event["headers"] |= headers
    state = api.app.state
    before, state.services = state.services, services
    try:
        response: dict[str, Any] = api.handler(event, function(seconds))
    finally:
        state.services = before
    return response


@pytest.mark.parametrize("body", [CAPTION, INLINE], ids=["silent-table", "silent-bucket"])
def test_submit_without_any_response_returns_503_before_the_timeout(silence: Silence, body: dict[str, str]) -> None:
    with assert_faster_than(2):
        outcome = submit(2, wiring.services(), body)
    assert (outcome["statusCode"], outcome["headers"]["retry-after"]) == (503, "2")
    assert silence.runpod.seen == []


@pytest.mark.parametrize("prefer", [{}, {"prefer": "wait=25"}], ids=["at-once", "waiting"])
def test_stored_job_returns_202_before_the_timeout(silence: Silence, prefer: dict[str, str]) -> None:
    """The table has no default webhook and stores the job; then RunPod and the table are silent."""
    silence.aws.replies = [answer(200, {}), answer(200, {}), silence.silent]
    with assert_faster_than(3):
        outcome = submit(3, wiring.services(), **prefer)
    assert (outcome["statusCode"], json.loads(outcome["body"])["status"]) == (202, "ACCEPTED")
    assert [request.path for request in silence.runpod.seen] == ["/endpoint/run"]


def test_api_calls_end_before_the_function_timeout() -> None:
    world = World()
    seen = left_at_each_write(world)
    assert submit(29, world.services)["statusCode"] == 202
    assert 27 < seen[0] <= 28


def left_at_each_write(world: World) -> list[float]:
    seen: list[float] = []

    def save(job: Job, *, ends: bool = False) -> bool:
        seen.append(deadline.left())
        return saved(job, ends=ends)

    saved = world.store.save
    world.store.save = save  # type: ignore[method-assign]
    return seen


def ring_webhook(monkeypatch: pytest.MonkeyPatch, services: Services) -> dict[str, Any]:
    monkeypatch.setattr(runpod_webhook, "services", lambda: services)
    path = f"/runpod/webhook/job-1/{make_token(HOOK_SECRET, 'webhook', 'job-1', 1)}"
    outcome: dict[str, Any] = runpod_webhook.handler(
        golden("runpod/webhook_completed") | {"rawPath": path}, function(20)
    )
    return outcome


@pytest.mark.usefixtures("silence")
def test_webhook_waits_3_s_for_runpod_then_leaves_the_job_to_the_sweeper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    before = submit_job(world.services, submission()).job
    services = replace(world.services, provider=runpod_webhook.services().provider)
    with assert_faster_than(3.5):
        assert ring_webhook(monkeypatch, services)["statusCode"] == 200
    after = world.store.jobs["job-1"]
    assert after.state is State.IN_QUEUE
    assert after.due_at is not None
    assert before.due_at is not None
    # The webhook makes the next check due earlier.
    assert after.due_at < before.due_at


@pytest.mark.usefixtures("silence")
def test_webhook_responds_within_5_s_when_all_peers_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with assert_faster_than(5.5):
        assert ring_webhook(monkeypatch, runpod_webhook.services())["statusCode"] == 200


@pytest.mark.usefixtures("silence")
def test_sweep_over_a_silent_table_ends_before_the_timeout() -> None:
    with assert_faster_than(3), pytest.raises(Unavailable):
        sweeper.handler({}, function(3))


def test_sweep_calls_end_before_the_function_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    for _ in range(40):
        submit_job(world.services, submission())
    world.provider.default_status = ProviderStatus("IN_PROGRESS")
    world.clock.advance(2 * MINUTE)
    seen = left_at_each_write(world)
    monkeypatch.setattr(sweeper, "services", lambda: world.services)
    assert sweeper.handler({}, function(55)) == {"handled": 40, "failed": 0}
    assert len(seen) == 40
    assert all(40 < left <= 53 for left in seen)


@pytest.mark.usefixtures("silence")
def test_callback_batch_fails_per_message_when_the_table_is_silent() -> None:
    records = [{"messageId": str(number), "body": json.dumps({"job_id": "job-1"})} for number in range(4)]
    with assert_faster_than(4):
        outcome = callbacks.handler({"Records": records}, function(4))
    assert [failure["itemIdentifier"] for failure in outcome["batchItemFailures"]] == ["0", "1", "2", "3"]


RUNPOD_MS = int((runpod.BOUNDS.connect + runpod.BOUNDS.read) * SECOND)
RECEIVER_MS = int((callback_http.BOUNDS.connect + callback_http.BOUNDS.read) * SECOND)


class SlowProvider(FakeProvider):
    """Responds or fails as scripted, always at the last moment."""

    clock: FakeClock

    def _fail(self) -> None:
        self.clock.advance(RUNPOD_MS)
        super()._fail()

    _up = _fail


class SlowSender(FakeSender):
    clock: FakeClock

    def send(self, *args: Any) -> DeliveryResult:
        self.clock.advance(RECEIVER_MS)
        return DeliveryResult(ok=False, result="no_answer")


def slow_world() -> World:
    provider, sender = SlowProvider(), SlowSender()
    world = World(provider=provider, sender=sender)
    provider.clock = sender.clock = world.clock
    submit_job(world.services, submission(webhook_url="https://hooks.example/"))
    world.clock.advance(2 * MINUTE)
    return world


def update_stored_job(world: World, **changes: Any) -> None:
    world.store.jobs["job-1"] = replace(world.store.jobs["job-1"], due_at=world.clock.now, **changes)


def cancelled_and_silent_at_its_deadline(world: World) -> None:
    """RunPod gets a cancel, a status request and another cancel."""
    world.clock.advance(HOUR)
    world.provider.failures = [ProviderError("TimeoutError")] * 3
    update_stored_job(world, cancel_requested=True)


def lost_and_cancelled_meanwhile(world: World) -> None:
    """RunPod does not know the job, accepts it again, and gets a cancel because the job ended meanwhile."""
    update_stored_job(world)

    def cancel() -> None:
        job = world.store.jobs["job-1"]
        update_stored_job(world, version=job.version + 1, state=State.CANCELLED)

    world.provider.during_run = cancel


def possibly_accepted(world: World) -> None:
    update_stored_job(world, state=State.ACCEPTED, attempt=2, runpod_job_id=None)


def completed_by_another(world: World) -> None:
    publish(world, manifest(attempt=1))
    update_stored_job(world, attempt=2)


def with_a_pending_callback(world: World) -> None:
    publish(world, manifest(attempt=1))
    settle_job(world.services, world.store.jobs["job-1"], Source.SWEEPER)
    update_stored_job(world)


@pytest.mark.parametrize(
    ("prepare", "calls"),
    [
        (cancelled_and_silent_at_its_deadline, 3), (lost_and_cancelled_meanwhile, 3), (possibly_accepted, 2),
        (completed_by_another, 1), (with_a_pending_callback, 3),
    ],
)  # fmt: skip
def test_longest_job_of_a_sweep_fits_into_its_reserve(prepare: Callable[[World], None], calls: int) -> None:
    """`calls` take 5 s each; our own to the table and the bucket have the rest of the reserve."""
    world = slow_world()
    prepare(world)
    began = world.clock.now
    assert sweep(world.services, 10, lambda: True).failed == 0
    assert world.clock.now - began == calls * RUNPOD_MS
    assert world.clock.now - began <= sweeper.RESERVE_MS - sweeper.RESPONSE_MS - 3 * SECOND
