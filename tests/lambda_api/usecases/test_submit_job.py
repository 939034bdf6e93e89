"""Submit and dispatch: what is stored, what is sent, and what an outage does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.errors import Code
from contract.messages import WorkerJob
from contract.operations import Fit
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from lambda_api.domain.access.tokens import verify_token
from lambda_api.domain.errors import IdempotencyMismatch, InvalidRequest, Unavailable
from lambda_api.domain.job import State
from lambda_api.domain.policy import HOUR, SECOND
from lambda_api.domain.ports import ProviderRefused, ProviderRejected, ProviderUnknown
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.submit_job import fingerprint, submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import CAPTION, manifest, publish, submission
from tests.support.fakes import World


def test_a_job_is_stored_then_sent_in_two_writes() -> None:
    world = World()
    submitted = submit_job(world.services, submission())
    assert (submitted.job.state, submitted.job.runpod_job_id) == (State.IN_QUEUE, "runpod-1")
    assert world.store.jobs["job-1"] == submitted.job
    assert world.store.writes == 2


def test_the_message_carries_everything_a_worker_needs() -> None:
    world = World()
    submit_job(world.services, submission())
    (payload,) = world.provider.runs
    order = WorkerJob.model_validate(payload["input"])
    assert (order.job_id, order.attempt, order.operation) == ("job-1", 1, CAPTION)
    assert order.output.key == "jobs/job-1/output.mp4"
    assert order.deadline * 1000 == world.store.jobs["job-1"].deadline_at
    assert payload["policy"] == {"executionTimeout": 600_000, "ttl": HOUR}
    for purpose, url in (("webhook", payload["webhook"]), ("progress", order.progress_url)):
        prefix = f"https://api.example/runpod/{purpose}/job-1/"
        assert url.startswith(prefix)
        assert verify_token(world.services.hook_secrets, purpose, "job-1", url.removeprefix(prefix)) == 1


@pytest.mark.parametrize(
    ("failure", "attempt"), [(ProviderRefused("http_503"), 1), (ProviderUnknown("ReadTimeoutError"), 2)]
)
def test_an_outage_is_not_the_clients_error(failure: Exception, attempt: int) -> None:
    world = World()
    world.provider.failures = [failure]  # type: ignore[list-item]
    job = submit_job(world.services, submission()).job
    assert (job.state, job.attempt, job.refusals) == (State.ACCEPTED, attempt, 1)
    assert job.due_at is not None
    world.clock.now = job.due_at
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.IN_QUEUE
    assert world.store.jobs["job-1"].attempt == attempt


def test_retry_after_is_honoured() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_429", retry_after_ms=45_000)]
    assert submit_job(world.services, submission()).job.due_at == world.clock.now + 45_000


def test_what_runpod_will_never_take_fails_at_once() -> None:
    world = World()
    world.provider.failures = [ProviderRejected("http_400")]
    job = submit_job(world.services, submission()).job
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.PROVIDER_REJECTED


def test_lost_answers_are_bounded() -> None:
    world = World()
    world.provider.failures = [ProviderUnknown("reset") for _ in range(99)]
    submit_job(world.services, submission())
    for _ in range(200):
        world.clock.advance(20 * SECOND)
        sweep(world.services, 100, lambda: True)
    asked = 99 - len(world.provider.failures)
    assert asked == 3
    assert world.store.jobs["job-1"].state is State.TIMED_OUT


@pytest.mark.fault("B9")
def test_an_earlier_execution_that_succeeded_is_found_before_sending_again() -> None:
    world = World()
    world.provider.failures = [ProviderUnknown("reset")]
    submit_job(world.services, submission())
    publish(world, manifest())
    world.clock.advance(20 * SECOND)
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.COMPLETED
    assert world.provider.runs == []


@pytest.mark.fault("B7")
def test_a_crash_after_the_first_write_is_made_up_by_the_sweeper() -> None:
    world = World()
    world.provider.failures = [MemoryError()]  # type: ignore[list-item]
    with pytest.raises(MemoryError):
        submit_job(world.services, submission())
    assert world.store.jobs["job-1"].state is State.ACCEPTED
    world.clock.advance(15 * SECOND)
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.IN_QUEUE


def test_a_store_that_fails_after_the_first_write_still_accepts() -> None:
    world = World()

    def fail(_: object) -> None:
        raise Unavailable("down")

    world.store.before_save = fail
    assert submit_job(world.services, submission()).job.state is State.ACCEPTED


def test_a_store_that_is_down_stores_nothing_and_says_so() -> None:
    world = World()
    world.store.down = True
    with pytest.raises(Unavailable):
        submit_job(world.services, submission())
    assert world.provider.runs == []


@pytest.mark.fault("B1")
def test_the_same_key_and_body_is_the_same_job() -> None:
    world = World()
    first = submit_job(world.services, submission(idempotency_key="k"))
    again = submit_job(world.services, submission(idempotency_key="k"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.job.job_id == first.job.job_id
    assert len(world.provider.runs) == 1


@pytest.mark.fault("B3")
def test_the_same_key_and_another_body_is_refused() -> None:
    world = World()
    submit_job(world.services, submission(idempotency_key="k"))
    with pytest.raises(IdempotencyMismatch):
        submit_job(world.services, submission(idempotency_key="k", metadata={"scene": "8"}))


STILL = Img2Vid(url_image="https://media.example/p.jpg", fit=Fit.CONTAIN)
BODY = submission(operation=STILL, webhook_url="https://hooks.example/done")
FINGERPRINT = "3924aef5ad94f0e83c9eeb5270ee3dad39e0248a9d891af810277784e92e7203"


class LaterStill(Img2Vid):
    """As a later release may have it."""

    motion: str = "zoom_in"
    easing: str | None = None


def test_a_body_has_the_same_fingerprint_in_each_release() -> None:
    assert fingerprint(BODY) == FINGERPRINT, "keys of clients who repeat a request across an update are refused"
    asked = {"url_image": STILL.url_image, "fit": "contain"}
    later = replace(BODY, operation=LaterStill(**asked))  # type: ignore[arg-type]
    assert fingerprint(later) == FINGERPRINT
    assert fingerprint(replace(BODY, operation=LaterStill(**asked, motion="none"))) != FINGERPRINT  # type: ignore[arg-type]


def test_spelling_defaults_out_makes_no_difference_and_anything_else_does() -> None:
    spelt = {"frame_rate": 24, "duration": 5, "size": "1920x1080", "fit": "contain"}
    assert fingerprint(replace(BODY, operation=Img2Vid(url_image=STILL.url_image, **spelt))) == FINGERPRINT  # type: ignore[arg-type]
    others = [
        replace(BODY, operation=STILL.model_copy(update={"fit": Fit.COVER})),
        replace(BODY, operation=Compose(url_image=STILL.url_image, fit=Fit.CONTAIN)),
        replace(BODY, webhook_url=None),
        replace(BODY, metadata={}),
    ]
    assert len({FINGERPRINT, *map(fingerprint, others)}) == 5


@pytest.mark.fault("B4")
def test_keys_of_two_owners_have_nothing_to_do_with_each_other() -> None:
    world = World()
    first = submit_job(world.services, submission(idempotency_key="k"))
    other = submit_job(world.services, submission(idempotency_key="k", owner="bob"))
    assert other.job.job_id != first.job.job_id


@pytest.mark.fault("B6")
def test_a_key_is_forgotten_after_a_day() -> None:
    world = World()
    submit_job(world.services, submission(idempotency_key="k"))
    world.clock.advance(24 * HOUR)
    assert submit_job(world.services, submission(idempotency_key="k")).replayed is False


def test_addresses_that_are_not_public_are_named_by_field() -> None:
    world = World()
    operation = Caption(url_video="http://169.254.169.254/v.mp4", url_srt="https://media.example/s.srt")
    with pytest.raises(InvalidRequest) as refused:
        submit_job(world.services, submission(operation=operation, webhook_url="http://hooks.example/"))
    assert [field for field, _ in refused.value.errors] == ["url_video", "webhook_url"]
    assert "169.254" not in str(refused.value.errors)
    assert world.store.jobs == {}


def test_callbacks_need_a_signing_secret() -> None:
    world = World()
    with pytest.raises(InvalidRequest):
        submit_job(world.services, submission(owner="bob", webhook_url="https://hooks.example/"))


def test_a_job_cancelled_while_runpod_is_asked_is_cancelled_there_too() -> None:
    world = World()
    world.provider.during_run = lambda: void(cancel_job(world.services, "ada", "job-1"))
    assert submit_job(world.services, submission()).job.state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]


def void(_: object) -> None:
    return None
