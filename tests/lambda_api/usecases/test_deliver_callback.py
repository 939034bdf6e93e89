"""Callbacks: pending with the end of a job, the same facts each time, until delivered or given up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from contract.messages import ExecutionFacts
from contract.operations.caption import Caption
from contract.operations.img2vid import Img2Vid
from contract.operations.transcribe import Transcribe
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Callback, CallbackStatus, State
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult
from lambda_api.domain.views.job_view import timestamp
from lambda_api.usecases.deliver_callback import defer_callback, deliver_callback
from lambda_api.usecases.job_record import callback_body
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import SweepResult, sweep
from tests.support.examples import (
    CAPTION,
    SIDECAR_CAPTION,
    artifact_facts,
    lasting,
    manifest,
    publish,
    ring_webhook,
    submission,
)
from tests.support.fakes import World

URL = "https://hooks.example/n8n?token=abc"
FAILED = DeliveryResult(ok=False, result="http_500")


@pytest.fixture(autouse=True)
def job_with_a_pending_callback(world: World) -> None:
    """A job that has just completed."""
    submit_job(world.services, submission(webhook_url=URL))
    publish(world, manifest())
    ring_webhook(world)


def callback(world: World) -> Callback:
    found = world.store.jobs["job-1"].callback
    assert found is not None
    return found


def test_end_and_pending_callback_are_one_write(world: World) -> None:
    ended = [after for before, after in world.observer.changes if before is not None and after.is_terminal]
    assert [job.callback.is_pending for job in ended if job.callback] == [True]
    assert world.queue.sent == [("job-1", 0)]


def test_body_is_the_job_with_its_video(world: World) -> None:
    deliver_callback(world.services, "job-1")
    ((owner, url, message_id, _, body),) = world.sender.posts
    fields = json.loads(body)
    assert (owner, url, message_id) == ("ada", URL, "msg_job-1")
    assert (fields["job_id"], fields["status"], fields["metadata"]) == ("job-1", "COMPLETED", {"scene": "7"})
    assert fields["video_url"].startswith("https://bucket.example/jobs/job-1/output.mp4")
    assert URL not in body
    # The callback's own state differs between attempts.
    assert "callback" not in fields


def test_body_has_a_type_and_absolute_links(world: World) -> None:
    deliver_callback(world.services, "job-1")
    body = world.sender.posts[0][4]
    fields = json.loads(body)
    assert next(iter(fields)) == "type"
    assert fields["type"] == "job.completed"
    assert fields["links"] == {
        "self": "https://api.example/job/job-1",
        "cancel": "https://api.example/job/job-1/cancel",
        "video": "https://api.example/job/job-1/video",
    }
    # As JavaScript serializes it: integers without a fraction, no spaces.
    assert '"frame_rate":24,"duration_seconds":5,' in body
    assert not re.search(r"\.0[,}]", body)


@pytest.mark.parametrize(
    ("state", "kind"),
    [(State.FAILED, "job.failed"), (State.CANCELLED, "job.cancelled"), (State.TIMED_OUT, "job.timed_out")],
)
def test_other_terminal_states_have_types_and_no_video(world: World, state: State, kind: str) -> None:
    job = replace(world.store.jobs["job-1"], state=state, artifacts=())
    stored = json.dumps(json.loads(callback(world).body or "") | {"status": state, "video_url": None, "artifacts": []})
    fields = json.loads(callback_body.build_attempt_body(world.services, job, stored))
    assert (fields["type"], fields["status"], fields["video_url"], fields["artifacts"]) == (kind, state, None, [])


@pytest.mark.parametrize("operation", [CAPTION, SIDECAR_CAPTION], ids=["one file", "three files"])
def test_each_attempt_has_fresh_links(operation: Caption) -> None:
    world = World()
    submit_job(world.services, submission(webhook_url=URL, operation=operation))
    publish(world, manifest(artifacts=artifact_facts(*operation.artifacts())))
    ring_webhook(world)
    world.sender.responses = [FAILED] * 3
    ends = set()
    for hours in (0, 12, 24):
        world.clock.now = max(world.clock.now + hours * HOUR, callback(world).next_at or 0)
        deliver_callback(world.services, "job-1")
        fields = json.loads(world.sender.posts[-1][4])
        end = timestamp(world.clock.now + HOUR)
        assert {fields["video_url_expires_at"], *(it["url_expires_at"] for it in fields["artifacts"])} == {end}
        for stored in fields["artifacts"]:
            assert stored["url"].startswith(f"https://bucket.example/jobs/job-1/{stored['name']}?get")
        assert fields["video_url"] == fields["artifacts"][0]["url"]
        ends.add(end)
    assert len(ends) == 3


def test_video_is_the_first_of_several() -> None:
    world = World()
    operation = Img2Vid(images=["https://media.example/a.jpg", "https://media.example/b.jpg"])  # type: ignore[arg-type]
    submit_job(world.services, submission(webhook_url=URL, operation=operation))
    first, second = artifact_facts(*operation.artifacts())
    publish(world, manifest(artifacts=(first, second.model_copy(update={"sha256": "1" * 64}))))
    ring_webhook(world)
    deliver_callback(world.services, "job-1")
    fields = json.loads(world.sender.posts[-1][4])
    assert [stored["name"] for stored in fields["artifacts"]] == ["output_1.mp4", "output_2.mp4"]
    assert (fields["video_url"], fields["video"]["sha256"]) == (fields["artifacts"][0]["url"], "0" * 64)
    assert fields["artifacts"][1]["sha256"] == "1" * 64


def test_job_without_a_video_has_links_to_its_files() -> None:
    world = World()
    operation = Transcribe(url_audio="https://media.example/a.mp3")
    submit_job(world.services, submission(webhook_url=URL, operation=operation))
    facts = ExecutionFacts(encoder=None, video_mode=None, execution_ms=9)
    publish(world, manifest(artifacts=artifact_facts(*operation.artifacts()), media=None, execution=facts))
    ring_webhook(world)
    deliver_callback(world.services, "job-1")
    fields = json.loads(world.sender.posts[0][4])
    assert (fields["status"], fields["video_url"], fields["video_url_expires_at"]) == ("COMPLETED", None, None)
    assert (fields["video"], fields["execution"]["video_mode"]) == (None, None)
    assert [it["name"] for it in fields["artifacts"]] == ["transcript.json", "transcript.srt", "transcript.vtt"]
    assert all("X-Amz-Signature" in it["url"] for it in fields["artifacts"])


def test_body_stored_by_the_previous_release_is_completed(world: World) -> None:
    old = (
        '{"job_id":"job-1","status":"COMPLETED","video_url":"https://bucket.example/expired","video_url_expires_at":"x",'
        '"video":{"frame_rate":30.0},"cost":{"gpu_usd":3e-05},"metadata":{"b":"1","10":"2","2":"3"},'
        '"links":{"self":"/job/job-1","cancel":"/job/job-1/cancel"}}'
    )
    sent = callback_body.build_attempt_body(world.services, world.store.jobs["job-1"], old)
    assert sent.startswith('{"type":"job.completed","job_id":"job-1"')
    assert '"video":{"frame_rate":30},"cost":{"gpu_usd":0.00003},"metadata":{"2":"3","10":"2","b":"1"}' in sent
    assert "expired" not in sent


def test_no_attempt_without_a_signed_link(world: World) -> None:
    def fail_to_sign(*_given: object, **_named: object) -> str:
        raise Unavailable("The video store did not answer. Try again.")

    world.objects.presign_get = fail_to_sign  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        deliver_callback(world.services, "job-1")
    assert (callback(world).attempts, world.sender.posts) == (0, [])


def test_delivered_callback_is_never_sent_again(world: World) -> None:
    assert deliver_callback(world.services, "job-1") is True
    assert (callback(world).status, callback(world).attempts) == (CallbackStatus.DELIVERED, 1)
    assert deliver_callback(world.services, "job-1") is False
    world.clock.advance(48 * HOUR)
    sweep(world.services, 100, lambda: True)
    assert len(world.sender.posts) == 1


@pytest.mark.fault("J3")
def test_failed_callback_follows_the_schedule_with_one_id(world: World) -> None:
    world.sender.responses = [FAILED] * 9
    waits = []
    deliver_callback(world.services, "job-1")
    while callback(world).status is CallbackStatus.PENDING:
        next_at = callback(world).next_at
        assert next_at is not None
        waits.append(next_at - world.clock.now)
        world.clock.now = next_at - 1
        assert deliver_callback(world.services, "job-1") is False
        world.clock.now = next_at
        assert deliver_callback(world.services, "job-1") is True
    assert waits == [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR]
    assert (callback(world).status, callback(world).attempts) == (CallbackStatus.GIVEN_UP, 9)
    assert len({(message_id, lasting(body)) for _, _, message_id, _, body in world.sender.posts}) == 1
    assert world.store.jobs["job-1"].due_at is None


def test_queue_handles_short_waits_and_sweeper_long_ones(world: World) -> None:
    world.sender.responses = [FAILED] * 9
    for _ in range(5):
        deliver_callback(world.services, "job-1")
        world.clock.now = callback(world).next_at or 0
    assert [delay for _, delay in world.queue.sent] == [0, 5 * SECOND, MINUTE, 5 * MINUTE]
    sweep(world.services, 100, lambda: True)
    assert callback(world).attempts == 6


@pytest.mark.fault("J4")
def test_final_response_ends_the_deliveries(world: World) -> None:
    world.sender.responses = [DeliveryResult(ok=False, result="http_410", final=True)]
    deliver_callback(world.services, "job-1")
    assert (callback(world).status, callback(world).last_result) == (CallbackStatus.GIVEN_UP, "http_410")


def test_retry_after_is_honored(world: World) -> None:
    world.sender.responses = [DeliveryResult(ok=False, result="http_503", retry_after_ms=10 * MINUTE)]
    deliver_callback(world.services, "job-1")
    assert callback(world).next_at == world.clock.now + 10 * MINUTE


def test_sweeper_delivers_after_a_lost_message(world: World) -> None:
    world.clock.advance(14 * SECOND)
    sweep(world.services, 100, lambda: True)
    assert world.sender.posts == []
    world.clock.advance(SECOND)
    sweep(world.services, 100, lambda: True)
    assert callback(world).status is CallbackStatus.DELIVERED


@pytest.mark.fault("J12")
@pytest.mark.parametrize("up", [True, False])
def test_sweep_sends_one_callback_per_owner_at_a_time(world: World, up: bool) -> None:
    """During one delivery, the others of its owner are handed to the queue if it is up."""
    first = world.store.jobs["job-1"]
    for job_id, owner in (("job-2", "ada"), ("job-3", "bob"), ("job-4", "ada")):
        world.store.jobs[job_id] = replace(first, job_id=job_id, owner=owner)
    world.queue.sent, world.queue.up = [], up
    world.clock.advance(MINUTE)
    sent: list[list[str]] = []

    def run_concurrently(handle: Callable[[str], SweepResult], _: Iterable[str]) -> list[SweepResult]:
        def meanwhile(*_: object) -> DeliveryResult:
            world.sender.send = real  # type: ignore[method-assign]
            handle("job-2")
            handle("job-3")
            sent.append([post[2] for post in world.sender.posts])
            return DeliveryResult(ok=True, result="http_200")

        real, world.sender.send = world.sender.send, meanwhile  # type: ignore[method-assign]
        return [handle("job-1"), handle("job-4")]

    sweep(world.services, 100, lambda: True, run_concurrently)
    assert world.queue.sent == ([("job-2", 0)] if up else [])
    assert sent == [["msg_job-3"] if up else ["msg_job-2", "msg_job-3"]]
    assert [post[2] for post in world.sender.posts][-1] == "msg_job-4"
    assert world.store.jobs["job-2"].due_at == (world.clock.now + 15 * MINUTE if up else None)


def test_sweep_delivers_a_deferral_that_the_queue_lost(world: World) -> None:
    world.clock.advance(MINUTE)
    defer_callback(world.services, world.store.jobs["job-1"])
    for minutes, posts in ((14, 0), (1, 1)):
        world.clock.advance(minutes * MINUTE)
        sweep(world.services, 100, lambda: True)
        assert len(world.sender.posts) == posts


@pytest.mark.fault("J9")
def test_crash_after_the_post_sends_the_same_again(world: World) -> None:
    real = world.sender.send

    def send_and_crash(*args: object) -> DeliveryResult:
        real(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    world.sender.send = send_and_crash  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        deliver_callback(world.services, "job-1")
    world.sender.send = real  # type: ignore[method-assign]
    assert deliver_callback(world.services, "job-1") is False
    world.clock.advance(MINUTE)
    sweep(world.services, 100, lambda: True)
    first, second = world.sender.posts
    assert (first[2], lasting(first[4])) == (second[2], lasting(second[4]))
    assert callback(world).status is CallbackStatus.DELIVERED


def test_concurrent_deliveries_send_once(world: World) -> None:
    world.store.before_save = lambda _: str(deliver_callback(world.services, "job-1")) and None
    assert deliver_callback(world.services, "job-1") is False
    assert len(world.sender.posts) == 1


def test_job_without_webhook_url_sends_nothing() -> None:
    world = World()
    submit_job(world.services, submission())
    publish(world, manifest())
    ring_webhook(world)
    assert deliver_callback(world.services, "job-1") is False
    assert world.queue.sent == []
    assert deliver_callback(world.services, "job-404") is False
