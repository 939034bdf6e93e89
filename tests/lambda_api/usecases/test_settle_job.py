"""Settle, ring, progress, cancel and sweep: evidence in, one ending out."""

from __future__ import annotations

import json

import pytest

from contract.errors import Code, Failure
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.errors import AlreadyFinished, NotFound
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.keys import manifest_key, output_key
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderStatus, ProviderUnknown
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.handle_webhook import handle_webhook
from lambda_api.usecases.record_progress import record_progress
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import OVERDUE_MS, sweep
from tests.support.examples import manifest, publish, report, submission
from tests.support.fakes import HOOK_SECRET, World


@pytest.fixture
def world() -> World:
    """One job, taken by RunPod, which says that it is running."""
    world = World()
    submit_job(world.services, submission())
    world.provider.statuses["runpod-1"] = ProviderStatus("IN_PROGRESS")
    return world


def stored(world: World) -> Job:
    return world.store.jobs["job-1"]


def bell(world: World, hint: str | None = None, attempt: int = 1) -> None:
    handle_webhook(world.services, "job-1", make_token(HOOK_SECRET, "webhook", "job-1", attempt), hint)


def late(world: World, ms: int = 61 * SECOND) -> None:
    world.clock.advance(ms)
    sweep(world.services, 100, lambda: True)


@pytest.mark.fault("I8")
def test_the_manifest_completes_a_job_in_one_write_and_without_asking_runpod(world: World) -> None:
    publish(world, manifest())
    writes, asked = world.store.writes, world.provider.asked
    bell(world)
    job = stored(world)
    assert (job.state, job.settled_by, job.output) == (State.COMPLETED, Source.WEBHOOK, manifest().output)
    assert (world.store.writes, world.provider.asked) == (writes + 1, asked)


def test_a_second_bell_changes_nothing(world: World) -> None:
    publish(world, manifest())
    bell(world)
    before = stored(world)
    bell(world)
    late(world, HOUR * 2)
    assert stored(world) == before


@pytest.mark.fault("D5")
def test_a_bell_alone_cannot_complete_a_running_job(world: World) -> None:
    bell(world, hint="COMPLETED")
    assert stored(world).state is State.IN_PROGRESS


def test_the_token_of_an_earlier_attempt_still_rings(world: World) -> None:
    publish(world, manifest())
    bell(world, attempt=3)
    assert stored(world).state is State.COMPLETED


def doubled(world: World) -> None:
    """The answer to the first attempt is lost, RunPod has it all the same, and then the second."""
    world.provider.failures = [ProviderUnknown("TimeoutError")]
    submit_job(world.services, submission())
    late(world)
    assert (stored(world).attempt, stored(world).runpod_job_id) == (2, "runpod-1")


@pytest.mark.parametrize("source", [Source.WEBHOOK, Source.SWEEPER])
def test_the_second_of_two_executions_is_cancelled_when_the_first_made_the_video(source: Source) -> None:
    world = World()
    doubled(world)
    publish(world, manifest(attempt=1))
    bell(world) if source is Source.WEBHOOK else late(world)
    assert (stored(world).state, stored(world).settled_by) == (State.COMPLETED, source)
    assert world.provider.cancelled == ["runpod-1"]


def test_an_execution_that_made_the_video_is_not_cancelled(world: World) -> None:
    publish(world, manifest(attempt=1))
    bell(world)
    again = World()
    doubled(again)
    publish(again, manifest(attempt=2))
    bell(again, attempt=2)
    # Of the first attempt there is no answer, but its worker's word.
    told = World()
    told.provider.failures = [ProviderUnknown("TimeoutError")]
    submit_job(told.services, submission())
    token = make_token(HOOK_SECRET, "progress", "job-1", 1)
    record_progress(told.services, "job-1", token, report(runpod_job_id="runpod-of-the-worker"))
    publish(told, manifest(attempt=1))
    bell(told)
    for one in (world, again, told):
        assert (stored(one).state, one.provider.cancelled) == (State.COMPLETED, [])


def test_a_runpod_that_refuses_to_cancel_the_other_execution_changes_nothing() -> None:
    world = World()
    doubled(world)
    publish(world, manifest(attempt=1))
    world.provider.failures = [ProviderError("http_503")]
    bell(world)
    assert stored(world).state is State.COMPLETED


@pytest.mark.parametrize("job_id", ["job-1", "job-404"])
def test_a_wrong_token_reads_nothing(world: World, job_id: str) -> None:
    with pytest.raises(NotFound):
        handle_webhook(world.services, job_id, make_token(HOOK_SECRET, "progress", job_id, 1), None)
    assert world.provider.asked == 0


@pytest.mark.fault("D1")
def test_a_lost_web_hook_is_made_up_by_the_sweeper(world: World) -> None:
    publish(world, manifest())
    late(world)
    assert (stored(world).state, stored(world).settled_by) == (State.COMPLETED, Source.SWEEPER)


@pytest.mark.fault("I5", "I13")
@pytest.mark.parametrize(
    "broken",
    [
        b"", b"null", b"{", b"[]",
        manifest("job-2").model_dump_json().encode(),
        manifest("job-2", output=manifest("job-1").output).model_dump_json().encode(),
        manifest(output=manifest("job-2").output).model_dump_json().encode(),
        manifest(output={"key": output_key("job-1"), "size_bytes": 7, "sha256": "0" * 64}).model_dump_json().encode(),
        b" " * 70_000,
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_hold_is_no_proof(world: World, broken: bytes) -> None:
    publish(world, manifest())
    world.objects.objects[manifest_key("job-1")] = broken
    world.provider.statuses["runpod-1"] = ProviderStatus("COMPLETED")
    bell(world)
    job = stored(world)
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.RESULT_MISSING


def test_a_job_that_ends_between_the_look_and_the_question(world: World) -> None:
    def ended(*_: str) -> ProviderStatus:
        publish(world, manifest())
        return ProviderStatus("COMPLETED")

    world.provider.status = ended  # type: ignore[method-assign]
    bell(world)
    assert stored(world).state is State.COMPLETED


def test_a_manifest_without_its_output_is_no_proof(world: World) -> None:
    publish(world, manifest())
    del world.objects.objects[output_key("job-1")]
    bell(world)
    assert stored(world).state is State.IN_PROGRESS


def test_a_failure_is_our_workers_own_words(world: World) -> None:
    failure = Failure.of(Code.SOURCE_HTTP, field="url_video", http_status="404")
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", failure.model_dump_json())
    bell(world)
    assert stored(world).error == failure


@pytest.mark.fault("C14")
def test_any_other_error_text_stays_inside(world: World) -> None:
    text = json.dumps({"error_type": "ValueError", "error_message": "/secret/path", "hostname": "pod-1"})
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", text)
    bell(world)
    job = stored(world)
    assert job.error == Failure.of(Code.WORKER_CRASHED)
    assert "secret" not in repr(job)


def test_the_body_of_a_web_hook_is_the_text_of_a_failure_that_runpod_confirms(world: World) -> None:
    hint = Failure.of(Code.SUBTITLES_EMPTY, field="url_srt").model_dump_json()
    bell(world, hint)
    assert stored(world).state is State.IN_PROGRESS
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED")
    bell(world, hint)
    assert stored(world).error == Failure.of(Code.SUBTITLES_EMPTY, field="url_srt")


def test_what_runpod_says_of_a_failure_goes_before_the_text_of_a_web_hook(world: World) -> None:
    """Anybody who has seen the address can write the text."""
    told, hint = (Failure.of(code, field="url_srt") for code in (Code.SOURCE_TIMEOUT, Code.SUBTITLES_EMPTY))
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", told.model_dump_json())
    bell(world, hint.model_dump_json())
    assert stored(world).error == told


@pytest.mark.fault("I5")
@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("TIMED_OUT", State.TIMED_OUT, Code.EXECUTION_TIMEOUT),
        ("CANCELLED", State.CANCELLED, Code.CANCELLED),
        ("COMPLETED", State.FAILED, Code.RESULT_MISSING),
    ],
)
def test_runpods_endings(world: World, status: str, state: State, code: Code) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus(status)
    bell(world)
    job = stored(world)
    assert job.state is state
    assert job.error is not None
    assert job.error.code is code


@pytest.mark.parametrize("status", ["IN_QUEUE", "RUNNING", "SOMETHING_NEW"])
def test_a_job_that_lives_on_is_looked_at_again(world: World, status: str) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus(status)
    late(world)
    due = stored(world).due_at
    assert not stored(world).is_terminal
    assert due is not None
    assert world.clock.now < due <= world.clock.now + MINUTE


def test_a_job_is_terminal_by_its_deadline_whatever_runpod_says(world: World) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus("IN_QUEUE")
    for _ in range(62):
        late(world)
    job = stored(world)
    assert job.state is State.TIMED_OUT
    assert job.error is not None
    assert job.error.code is Code.DEADLINE_EXCEEDED
    assert world.provider.cancelled == ["runpod-1"]
    assert job.completed_at is not None
    assert job.completed_at <= job.deadline_at + 2 * MINUTE


def test_a_runpod_that_is_down_for_ever_ends_in_a_timeout_too(world: World) -> None:
    world.provider.failures = [ProviderError("http_503") for _ in range(9999)]
    for _ in range(62):
        late(world)
    assert stored(world).state is State.TIMED_OUT


def test_a_bucket_that_is_down_decides_nothing(world: World) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED")
    world.objects.down = True
    bell(world)
    assert not stored(world).is_terminal


def test_a_fresh_job_that_runpod_does_not_know_is_not_lost_yet(world: World) -> None:
    world.provider.statuses.clear()
    bell(world)
    assert stored(world).state is State.IN_QUEUE


@pytest.mark.fault("C7")
def test_a_lost_job_is_sent_again_three_times_at_most(world: World) -> None:
    world.provider.statuses.clear()
    for _ in range(20):
        late(world, 2 * MINUTE)
    job = stored(world)
    assert len(world.provider.runs) == 3
    assert [run["input"]["attempt"] for run in world.provider.runs] == [1, 2, 3]
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.PROVIDER_LOST


def test_progress_moves_the_job_and_postpones_the_sweeper(world: World) -> None:
    world.clock.advance(30 * SECOND)
    token = make_token(HOOK_SECRET, "progress", "job-1", 1)
    assert record_progress(world.services, "job-1", token, report(3)) is False
    job = stored(world)
    assert (job.state, job.percent, job.stage) == (State.IN_PROGRESS, 30, "encode")
    assert job.started_at == world.clock.now
    assert job.due_at == world.clock.now + MINUTE


def test_progress_of_a_job_that_is_over_tells_the_worker_to_stop(world: World) -> None:
    cancel_job(world.services, "ada", "job-1")
    assert record_progress(world.services, "job-1", make_token(HOOK_SECRET, "progress", "job-1", 1), report()) is True


@pytest.mark.parametrize(("purpose", "attempt"), [("webhook", 1), ("progress", 2)])
def test_progress_needs_the_token_of_its_attempt(world: World, purpose: str, attempt: int) -> None:
    token = make_token(HOOK_SECRET, purpose, "job-1", attempt)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        record_progress(world.services, "job-1", token, report())


def test_cancel_ends_the_job_at_runpod_and_here(world: World) -> None:
    assert cancel_job(world.services, "ada", "job-1").state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]
    assert stored(world).settled_by is Source.CANCEL


@pytest.mark.fault("C11")
def test_cancel_while_runpod_is_down_is_pursued(world: World) -> None:
    world.provider.failures = [ProviderError("http_429")]
    assert cancel_job(world.services, "ada", "job-1").cancel_requested
    assert not stored(world).is_terminal
    late(world)
    assert stored(world).state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]


@pytest.mark.fault("E11")
def test_cancel_after_the_end_says_how_it_ended(world: World) -> None:
    publish(world, manifest())
    bell(world)
    with pytest.raises(AlreadyFinished) as refused:
        cancel_job(world.services, "ada", "job-1")
    assert refused.value.extra == {"job_status": "COMPLETED"}


def test_cancel_that_loses_the_race_reports_the_winner(world: World) -> None:
    publish(world, manifest())
    world.store.before_save = lambda _: bell(world)
    with pytest.raises(AlreadyFinished):
        cancel_job(world.services, "ada", "job-1")
    assert stored(world).state is State.COMPLETED


def test_another_owners_job_does_not_exist(world: World) -> None:
    with pytest.raises(NotFound) as theirs:
        cancel_job(world.services, "bob", "job-1")
    with pytest.raises(NotFound) as nobodys:
        cancel_job(world.services, "bob", "job-404")
    assert str(theirs.value) == str(nobodys.value)


@pytest.mark.fault("E8")
def test_two_sweeps_at_once_dispatch_once() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_503")]
    submit_job(world.services, submission())
    world.clock.advance(15 * SECOND)
    world.store.before_save = lambda _: sweep(world.services, 100, lambda: True) and None
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 1


@pytest.mark.fault("E3")
def test_an_index_that_lags_behind_does_no_harm(world: World) -> None:
    world.store.due = lambda now, limit: iter(["job-1", "job-404"])  # type: ignore[method-assign]
    asked, runs = world.provider.asked, len(world.provider.runs)
    sweep(world.services, 100, lambda: True)
    assert (world.provider.asked, len(world.provider.runs)) == (asked, runs)


def test_one_poisoned_job_does_not_stop_the_sweep(world: World) -> None:
    submit_job(world.services, submission())
    world.store.jobs["job-1"] = world.store.jobs["job-1"].__class__(
        **{f: getattr(stored(world), f) for f in stored(world).__slots__} | {"endpoint_id": object()}
    )
    world.provider.statuses["runpod-2"] = ProviderStatus("IN_PROGRESS")
    original = world.store.get
    world.store.get = lambda job_id: boom() if job_id == "job-1" else original(job_id)  # type: ignore[method-assign]
    world.clock.advance(2 * MINUTE)
    swept = sweep(world.services, 100, lambda: True)
    assert (swept.handled, swept.failed) == (2, 1)
    assert world.store.jobs["job-2"].state is State.IN_PROGRESS


def boom() -> Job:
    raise RuntimeError("poison")


def test_the_sweep_stops_when_its_time_is_up(world: World) -> None:
    world.clock.advance(2 * MINUTE)
    assert sweep(world.services, 100, lambda: False).handled == 0


def test_a_job_that_waited_long_for_the_sweeper_counts_as_overdue(world: World) -> None:
    world.clock.now = (stored(world).due_at or 0) + OVERDUE_MS
    assert sweep(world.services, 100, lambda: True).overdue == 0
    world.clock.now = (stored(world).due_at or 0) + OVERDUE_MS + 1
    world.provider.failures = [ProviderError("down")]
    assert sweep(world.services, 100, lambda: True).overdue == 1


def test_a_poisoned_job_is_overdue_too(world: World) -> None:
    world.clock.now = (stored(world).due_at or 0) + OVERDUE_MS + 1
    world.store.before_save = lambda _: boom() and None  # type: ignore[func-returns-value]
    swept = sweep(world.services, 100, lambda: True)
    assert (swept.failed, swept.overdue) == (1, 1)
