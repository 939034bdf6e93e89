"""The delivery log, redelivery, held deliveries, events, progress, tests and defaults."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lambda_api.adapters.aws.job_row import to_item, to_job
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.errors import InvalidRequest, JobNotFinished, NotFound, NoWebhookUrl
from lambda_api.domain.job import Callback, CallbackStatus
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult
from lambda_api.domain.webhooks.delivery import DeliveryStatus, WebhookDefault
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.record_progress import record_progress
from lambda_api.usecases.submit_job import fingerprint, submit_job
from lambda_api.usecases.sweep import sweep
from lambda_api.usecases.webhooks.default_target import remove_default, set_default
from lambda_api.usecases.webhooks.deliver_progress import deliver_progress
from lambda_api.usecases.webhooks.list_deliveries import list_deliveries, list_job_deliveries
from lambda_api.usecases.webhooks.redeliver import redeliver
from lambda_api.usecases.webhooks.send_test import send_test
from tests.support.examples import finish_job, lasting, report, submission
from tests.support.fakes import HOOK_SECRET, START, World
from tests.support.gateway import context, entrypoint

URL = "https://hooks.example/n8n?token=abc"
REFUSED = DeliveryResult(ok=False, result="http_401", response="Invalid token", headers={"webhook-id": "msg_job-1"})


def finish(world: World, url: str = URL, *, events: tuple[str, ...] | None = None) -> None:
    """Submit and finish a job."""
    submit_job(world.services, submission(webhook_url=url, webhook_events=events))
    finish_job(world)


def callback(world: World) -> Callback:
    found = world.store.jobs["job-1"].callback
    assert found is not None
    return found


def progress(world: World, seq: int, percent: int) -> None:
    token = make_token(HOOK_SECRET, "progress", "job-1", 1)
    record_progress(world.services, "job-1", token, report(seq, percent=percent))


class TestLog:
    def test_attempts_are_logged_with_what_was_sent_and_answered(self, world: World) -> None:
        finish(world)
        world.sender.responses = [REFUSED]
        deliver_callback(world.services, "job-1")
        world.clock.now = callback(world).next_at or 0
        deliver_callback(world.services, "job-1")
        second, first = list_job_deliveries(world.services, "ada", "job-1")
        assert [(it.attempt, it.status, it.result, it.response) for it in (first, second)] == [
            (1, DeliveryStatus.FAILED, "http_401", "Invalid token"),
            (2, DeliveryStatus.DELIVERED, "http_200", None),
        ]
        assert (first.type, first.webhook_id, first.url) == ("job.completed", "msg_job-1", URL)
        assert (first.created_at, first.next_attempt_at, second.next_attempt_at) == (START, START + 5 * SECOND, None)
        assert [first.body, second.body] == [post[4] for post in world.sender.posts]
        assert first.headers == REFUSED.headers

    def test_outage_of_the_log_does_not_repeat_or_fail_a_delivery(self, world: World) -> None:
        finish(world)
        world.deliveries.down = True
        assert deliver_callback(world.services, "job-1")
        assert callback(world).status is CallbackStatus.DELIVERED
        assert world.observer.warnings == ["delivery_log_failed"]
        assert len(world.sender.posts) == 1

    def test_attempt_is_in_the_log_before_the_job_shows_it(self, world: World) -> None:
        finish(world)
        deliver, logged = world.deliveries.write, list[str]()

        def write(delivery: object) -> None:
            logged.append(callback(world).status)
            deliver(delivery)  # type: ignore[arg-type]

        world.deliveries.write = write  # type: ignore[method-assign]
        deliver_callback(world.services, "job-1")
        assert (logged, callback(world).status) == (["PENDING"], "DELIVERED")

    def test_only_the_owner_reads_it(self, world: World) -> None:
        finish(world)
        deliver_callback(world.services, "job-1")
        for act in (list_job_deliveries, redeliver):
            with pytest.raises(NotFound):
                act(world.services, "bob", "job-1")
        assert list_deliveries(world.services, "bob", 10).deliveries == ()
        world.clock.advance(2 * SECOND)
        assert list_deliveries(world.services, "bob", 10, after="0").deliveries == ()
        assert len(list_deliveries(world.services, "ada", 10, after="0").deliveries) == 1


class TestRedeliver:
    def test_redelivery_restarts_the_schedule_with_the_same_id(self, world: World) -> None:
        finish(world)
        world.sender.responses = [replace(REFUSED, final=True), REFUSED]
        deliver_callback(world.services, "job-1")
        assert callback(world).status is CallbackStatus.GIVEN_UP
        world.clock.advance(HOUR)
        job = redeliver(world.services, "ada", "job-1")
        assert job.callback is not None
        assert job.callback.is_pending
        assert world.queue.sent[-1] == ("job-1", 0)
        deliver_callback(world.services, "job-1")
        assert callback(world).next_at == world.clock.now + 5 * SECOND
        world.clock.advance(5 * SECOND)
        deliver_callback(world.services, "job-1")
        assert (callback(world).status, callback(world).attempts) == (CallbackStatus.DELIVERED, 3)
        assert len({(message_id, lasting(body)) for _, _, message_id, _, body in world.sender.posts}) == 1
        assert [it.attempt for it in list_job_deliveries(world.services, "ada", "job-1")] == [3, 2, 1]

    def test_redelivery_has_nine_attempts_of_its_own(self, world: World) -> None:
        finish(world)
        world.sender.responses = [REFUSED] * 18
        for _ in range(2):
            while callback(world).is_pending:
                world.clock.now = max(world.clock.now, callback(world).next_at or 0)
                deliver_callback(world.services, "job-1")
            assert callback(world).status is CallbackStatus.GIVEN_UP
            redeliver(world.services, "ada", "job-1")
        assert len({it.delivery_id for it in list_job_deliveries(world.services, "ada", "job-1")}) == 18

    def test_sweeper_redelivers_what_the_queue_lost(self, world: World) -> None:
        finish(world)
        deliver_callback(world.services, "job-1")
        world.queue.up = False
        redeliver(world.services, "ada", "job-1")
        world.clock.advance(MINUTE)
        sweep(world.services, 100, lambda: True)
        assert len(world.sender.posts) == 2

    def test_redelivery_during_an_attempt_is_kept(self, world: World) -> None:
        finish(world)
        real = world.sender.send

        def meanwhile(*args: object) -> DeliveryResult:
            world.sender.send = real  # type: ignore[method-assign]
            redeliver(world.services, "ada", "job-1")
            return real(*args)  # type: ignore[arg-type]

        world.sender.send = meanwhile  # type: ignore[method-assign,assignment]
        deliver_callback(world.services, "job-1")
        assert callback(world).is_pending
        deliver_callback(world.services, "job-1")
        assert (callback(world).status, len(world.sender.posts)) == (CallbackStatus.DELIVERED, 2)
        assert [it.attempt for it in list_job_deliveries(world.services, "ada", "job-1")] == [2, 1]

    def test_nothing_to_send_is_refused(self, world: World) -> None:
        submit_job(world.services, submission(webhook_url=URL))
        with pytest.raises(JobNotFinished):
            redeliver(world.services, "ada", "job-1")
        submit_job(world.services, submission())
        finish_job(world, "job-2")
        with pytest.raises(NoWebhookUrl):
            redeliver(world.services, "ada", "job-2")


class TestEvents:
    def test_end_that_is_not_wanted_is_skipped_until_it_is_asked_for(self, world: World) -> None:
        finish(world, events=("job.failed",))
        assert callback(world).status is CallbackStatus.SKIPPED
        assert (world.queue.sent, world.store.jobs["job-1"].due_at) == ([], None)
        assert deliver_callback(world.services, "job-1") is False
        redeliver(world.services, "ada", "job-1")
        assert deliver_callback(world.services, "job-1") is True
        assert json.loads(world.sender.posts[0][4])["type"] == "job.completed"

    def test_no_events_is_no_callback(self, world: World) -> None:
        world.defaults.set("ada", WebhookDefault(URL))
        submitted = submit_job(world.services, submission(webhook_url=URL, webhook_events=()))
        assert submitted.job.callback is None

    def test_fingerprint_of_a_request_without_events_is_that_of_the_release_before(self) -> None:
        plain = submission(webhook_url="https://hooks.example/")
        assert fingerprint(plain) == "a986719da883c86fdd23bb39c658807528b035e603b71efba4ce56bb261d76cf"
        assert fingerprint(plain) != fingerprint(replace(plain, webhook_events=()))

    def test_callback_stored_by_the_release_before_is_read_and_sent(self, world: World) -> None:
        finish(world)
        item = to_item(world.store.jobs["job-1"], HOUR)
        fields = json.loads(item["doc"]["S"])["callback"]
        # What only a request can add is not in the row: neither release pays for it, and both read it.
        assert set(fields) == {"url", "status", "body", "attempts", "next_at", "last_result"}
        assert to_job(item) == world.store.jobs["job-1"]


class TestProgress:
    @pytest.fixture(autouse=True)
    def job(self, world: World) -> None:
        submit_job(world.services, submission(webhook_url=URL, webhook_events=("job.completed", "job.progress")))
        world.queue.sent = []

    def test_each_mark_is_queued_once(self, world: World) -> None:
        for seq, percent in enumerate((10, 24, 25, 25, 49, 60, 50, 80, 99), 1):
            progress(world, seq, percent)
        assert world.queue.progress == [("job-1", 25), ("job-1", 50), ("job-1", 75)]
        assert world.queue.sent == []

    def test_jump_over_marks_is_one_event(self, world: World) -> None:
        progress(world, 1, 90)
        assert world.queue.progress == [("job-1", 75)]

    def test_event_is_sent_once_with_an_id_of_its_own(self, world: World) -> None:
        progress(world, 1, 30)
        world.sender.responses = [REFUSED]
        assert [deliver_progress(world.services, "job-1", 25) for _ in range(2)] == [True, False]
        ((owner, url, message_id, _, body),) = world.sender.posts
        fields = json.loads(body)
        assert (owner, url, message_id) == ("ada", URL, "msg_job-1_25")
        assert (fields["type"], fields["status"], fields["progress"]["percent"]) == ("job.progress", "IN_PROGRESS", 30)
        assert "callback" not in fields
        assert fields["links"]["self"] == "https://api.example/job/job-1"
        (logged,) = list_job_deliveries(world.services, "ada", "job-1")
        assert (logged.type, logged.attempt, logged.status, logged.response) == (
            "job.progress", 1, DeliveryStatus.FAILED, "Invalid token",
        )  # fmt: skip

    def test_stale_and_forged_events_are_not_sent(self, world: World) -> None:
        progress(world, 1, 30)
        progress(world, 2, 55)
        assert [deliver_progress(world.services, "job-1", mark) for mark in (25, 26, 75)] == [False] * 3
        cancel_job(world.services, "ada", "job-1")
        assert deliver_progress(world.services, "job-1", 50) is False
        assert world.sender.posts == []

    def test_message_with_a_mark_is_an_event_and_others_are_deliveries(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        callbacks = entrypoint("callbacks")
        monkeypatch.setattr(callbacks, "services", lambda: world.services)
        progress(world, 1, 30)
        bodies = ({"job_id": "job-1", "progress": 25}, {"job_id": "job-1"}, {"job_id": "job-1", "progress": 25})
        records = [{"messageId": str(n), "body": json.dumps(body)} for n, body in enumerate(bodies)]
        assert callbacks.handler({"Records": records}, context()) == {"batchItemFailures": []}
        assert [post[2] for post in world.sender.posts] == ["msg_job-1_25"]

    def test_unwanted_progress_is_not_queued(self, world: World) -> None:
        world.store.jobs["job-1"] = replace(world.store.jobs["job-1"], callback=Callback(url=URL))
        progress(world, 1, 30)
        assert world.queue.progress == []


class TestHeld:
    @pytest.mark.parametrize("url", ["listen:", "listen:http://localhost:5678/hook?x=1"])
    def test_held_delivery_is_signed_logged_and_contacts_nobody(self, world: World, url: str) -> None:
        finish(world, url)
        deliver_callback(world.services, "job-1")
        assert (callback(world).status, callback(world).last_result) == (CallbackStatus.HELD, "held")
        assert (world.sender.posts, world.store.jobs["job-1"].due_at) == ([], None)
        (held,) = list_job_deliveries(world.services, "ada", "job-1")
        assert (held.status, held.url, held.headers["webhook-id"]) == (DeliveryStatus.HELD, url, "msg_job-1")
        redeliver(world.services, "ada", "job-1")
        deliver_callback(world.services, "job-1")
        assert (callback(world).status, callback(world).attempts) == (CallbackStatus.HELD, 2)


class TestDefault:
    def test_default_is_used_when_a_submit_names_no_url(self, world: World) -> None:
        set_default(world.services, "ada", WebhookDefault(URL, ("job.failed",)))
        for given, expected in (
            ({}, Callback(url=URL, events=("job.failed",))),
            ({"webhook_events": ("job.completed",)}, Callback(url=URL, events=("job.completed",))),
            ({"webhook_url": "https://other.example/"}, Callback(url="https://other.example/")),
            ({"webhook_events": ()}, None),
            ({"owner": "bob"}, None),
        ):
            assert submit_job(world.services, submission(**given)).job.callback == expected
        remove_default(world.services, "ada")
        assert submit_job(world.services, submission()).job.callback is None

    @pytest.mark.parametrize(
        ("url", "part"),
        [
            ("http://hooks.example/", "https://"),
            ("https://127.0.0.1/", "listen:"),
            ("http://localhost:5678/hook", "listen:http://localhost:5678/hook"),
            ("https://api.example/x", "your own receiver"),
        ],
    )
    def test_url_is_checked_as_webhook_url_is(self, world: World, url: str, part: str) -> None:
        with pytest.raises(InvalidRequest, match=part):
            set_default(world.services, "ada", WebhookDefault(url))
        with pytest.raises(InvalidRequest, match=part):
            submit_job(world.services, submission(webhook_url=url))

    def test_owner_without_a_secret_is_refused(self, world: World) -> None:
        for url in (URL, "listen:"):
            with pytest.raises(InvalidRequest, match="signing secret"):
                set_default(world.services, "bob", WebhookDefault(url))
            with pytest.raises(InvalidRequest, match="signing secret"):
                send_test(world.services, "bob", url)


class TestTest:
    def test_test_is_sent_at_once_and_logged(self, world: World) -> None:
        world.sender.responses = [REFUSED]
        sent = send_test(world.services, "ada", URL)
        assert (sent.type, sent.result, sent.status, sent.response) == (
            "webhook.test", "http_401", DeliveryStatus.FAILED, "Invalid token",
        )  # fmt: skip
        assert json.loads(sent.body)["type"] == "webhook.test"
        assert list_deliveries(world.services, "ada", 10).deliveries == (sent,)

    def test_test_goes_to_the_default(self, world: World) -> None:
        with pytest.raises(NoWebhookUrl):
            send_test(world.services, "ada", None)
        set_default(world.services, "ada", WebhookDefault("listen:"))
        assert send_test(world.services, "ada", None).status is DeliveryStatus.HELD
