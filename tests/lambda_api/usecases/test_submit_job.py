"""Submit and dispatch: the stored job, the message to RunPod, and the effect of outages."""

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
from lambda_api.domain.job import Source, State
from lambda_api.domain.policy import HOUR, SECOND
from lambda_api.domain.ports import ProviderRefused, ProviderRejected, ProviderUnknown
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.submit_job import fingerprint, submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import CAPTION, manifest, publish, submission
from tests.support.fakes import World


def test_job_is_stored_then_dispatched_in_two_writes() -> None:
    world = World()
    submitted = submit_job(world.services, submission())
    assert (submitted.job.state, submitted.job.runpod_job_id) == (State.IN_QUEUE, "runpod-1")
    assert world.store.jobs["job-1"] == submitted.job
    assert world.store.writes == 2


def test_message_contains_everything_a_worker_needs() -> None:
    world = World()
    submit_job(world.services, submission())
    (payload,) = world.provider.runs
    message = WorkerJob.model_validate(payload["input"])
    assert (message.job_id, message.attempt, message.operation) == ("job-1", 1, CAPTION)
    assert [slot.name for slot in message.artifacts] == ["output.mp4"]
    assert payload["input"]["output"]["key"] == "jobs/job-1/output.mp4"
    assert message.deadline * 1000 == world.store.jobs["job-1"].deadline_at
    assert payload["policy"] == {"executionTimeout": 600_000, "ttl": HOUR}
    for purpose, url in (("webhook", payload["webhook"]), ("progress", message.progress_url)):
        prefix = f"https://api.example/runpod/{purpose}/job-1/"
        assert url.startswith(prefix)
        assert verify_token(world.services.hook_secrets, purpose, "job-1", url.removeprefix(prefix)) == 1


@pytest.mark.parametrize(
    ("failure", "attempt"), [(ProviderRefused("http_503"), 1), (ProviderUnknown("ReadTimeoutError"), 2)]
)
def test_runpod_outage_is_not_the_clients_error(failure: Exception, attempt: int) -> None:
    world = World()
    world.provider.failures = [failure]  # type: ignore[list-item]
    job = submit_job(world.services, submission()).job
    assert (job.state, job.attempt, job.refusals) == (State.ACCEPTED, attempt, 1)
    assert job.due_at is not None
    world.clock.now = job.due_at
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.IN_QUEUE
    assert world.store.jobs["job-1"].attempt == attempt


def test_retry_after_is_honored() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_429", retry_after_ms=45_000)]
    assert submit_job(world.services, submission()).job.due_at == world.clock.now + 45_000


def test_job_rejected_by_runpod_fails_at_once() -> None:
    world = World()
    world.provider.failures = [ProviderRejected("http_400")]
    job = submit_job(world.services, submission()).job
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.PROVIDER_REJECTED
    assert job.settled_by is Source.SUBMIT


def test_attempts_with_lost_responses_are_bounded() -> None:
    world = World()
    world.provider.failures = [ProviderUnknown("reset") for _ in range(99)]
    submit_job(world.services, submission())
    for _ in range(200):
        world.clock.advance(20 * SECOND)
        sweep(world.services, 100, lambda: True)
    attempts = 99 - len(world.provider.failures)
    assert attempts == 3
    assert world.store.jobs["job-1"].state is State.TIMED_OUT


@pytest.mark.fault("B9")
def test_earlier_result_is_found_before_dispatching_again() -> None:
    world = World()
    world.provider.failures = [ProviderUnknown("reset")]
    submit_job(world.services, submission())
    publish(world, manifest())
    world.clock.advance(20 * SECOND)
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.COMPLETED
    assert world.provider.runs == []


@pytest.mark.fault("B7")
def test_sweeper_dispatches_after_a_crash_of_the_submit() -> None:
    world = World()
    world.provider.failures = [MemoryError()]  # type: ignore[list-item]
    with pytest.raises(MemoryError):
        submit_job(world.services, submission())
    assert world.store.jobs["job-1"].state is State.ACCEPTED
    world.clock.advance(15 * SECOND)
    sweep(world.services, 100, lambda: True)
    assert world.store.jobs["job-1"].state is State.IN_QUEUE


def test_store_failure_after_the_first_write_still_accepts() -> None:
    world = World()

    def fail(_: object) -> None:
        raise Unavailable("down")

    world.store.before_save = fail
    assert submit_job(world.services, submission()).job.state is State.ACCEPTED


def test_store_outage_stores_nothing_and_raises() -> None:
    world = World()
    world.store.down = True
    with pytest.raises(Unavailable):
        submit_job(world.services, submission())
    assert world.provider.runs == []


@pytest.mark.fault("B1")
def test_same_key_and_body_returns_the_same_job() -> None:
    world = World()
    first = submit_job(world.services, submission(idempotency_key="k"))
    repeated = submit_job(world.services, submission(idempotency_key="k"))
    assert (first.replayed, repeated.replayed) == (False, True)
    assert repeated.job.job_id == first.job.job_id
    assert len(world.provider.runs) == 1


@pytest.mark.fault("B3")
def test_same_key_with_another_body_is_refused() -> None:
    world = World()
    submit_job(world.services, submission(idempotency_key="k"))
    with pytest.raises(IdempotencyMismatch):
        submit_job(world.services, submission(idempotency_key="k", metadata={"scene": "8"}))


STILL = Img2Vid(url_image="https://media.example/p.jpg", fit=Fit.CONTAIN)
BODY = submission(operation=STILL, webhook_url="https://hooks.example/done")
FINGERPRINT = "3924aef5ad94f0e83c9eeb5270ee3dad39e0248a9d891af810277784e92e7203"


class LaterStill(Img2Vid):
    """The model of a possible later release."""

    sharpness: str = "usual"
    easing: str | None = None


def test_fingerprint_is_stable_across_releases() -> None:
    assert fingerprint(BODY) == FINGERPRINT, "a request repeated across an update would be refused"
    fields = {"url_image": STILL.url_image, "fit": "contain"}
    later = replace(BODY, operation=LaterStill(**fields))  # type: ignore[arg-type]
    assert fingerprint(later) == FINGERPRINT
    assert fingerprint(replace(BODY, operation=LaterStill(**fields, sharpness="none"))) != FINGERPRINT  # type: ignore[arg-type]


def test_fingerprint_ignores_spelled_out_defaults_only() -> None:
    defaults = {"frame_rate": 24, "duration": 5, "size": "1920x1080", "fit": "contain"}
    assert fingerprint(replace(BODY, operation=Img2Vid(url_image=STILL.url_image, **defaults))) == FINGERPRINT  # type: ignore[arg-type]
    others = [
        replace(BODY, operation=STILL.model_copy(update={"fit": Fit.COVER})),
        replace(BODY, operation=Compose(url_image=STILL.url_image, fit=Fit.CONTAIN)),
        replace(BODY, webhook_url=None),
        replace(BODY, metadata={}),
    ]
    assert len({FINGERPRINT, *map(fingerprint, others)}) == 5


@pytest.mark.fault("B4")
def test_keys_of_two_owners_are_independent() -> None:
    world = World()
    first = submit_job(world.services, submission(idempotency_key="k"))
    other = submit_job(world.services, submission(idempotency_key="k", owner="bob"))
    assert other.job.job_id != first.job.job_id


@pytest.mark.fault("B6")
def test_key_expires_after_a_day() -> None:
    world = World()
    submit_job(world.services, submission(idempotency_key="k"))
    world.clock.advance(24 * HOUR)
    assert submit_job(world.services, submission(idempotency_key="k")).replayed is False


def test_private_addresses_are_named_by_field() -> None:
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


def test_cancel_during_dispatch_also_cancels_at_runpod() -> None:
    world = World()
    world.provider.during_run = lambda: ignore(cancel_job(world.services, "ada", "job-1"))
    assert submit_job(world.services, submission()).job.state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]


def ignore(_: object) -> None:
    return None
