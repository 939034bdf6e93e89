"""Settle, webhook, progress, cancel and sweep: evidence leads to exactly one terminal state."""

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


@pytest.fixture(autouse=True)
def running_job(world: World) -> None:
    """One job that RunPod reports as running."""
    submit_job(world.services, submission())
    world.provider.statuses["runpod-1"] = ProviderStatus("IN_PROGRESS")


def stored_job(world: World) -> Job:
    return world.store.jobs["job-1"]


def ring_webhook(world: World, error_text: str | None = None, attempt: int = 1) -> None:
    handle_webhook(world.services, "job-1", make_token(HOOK_SECRET, "webhook", "job-1", attempt), error_text)


def advance_and_sweep(world: World, ms: int = 61 * SECOND) -> None:
    world.clock.advance(ms)
    sweep(world.services, 100, lambda: True)


@pytest.mark.fault("I8")
def test_manifest_completes_a_job_without_calling_runpod(world: World) -> None:
    publish(world, manifest())
    writes, status_calls = world.store.writes, world.provider.status_calls
    ring_webhook(world)
    job = stored_job(world)
    assert (job.state, job.settled_by, job.output) == (State.COMPLETED, Source.WEBHOOK, manifest().output)
    assert (world.store.writes, world.provider.status_calls) == (writes + 1, status_calls)


def test_second_webhook_changes_nothing(world: World) -> None:
    publish(world, manifest())
    ring_webhook(world)
    before = stored_job(world)
    ring_webhook(world)
    advance_and_sweep(world, HOUR * 2)
    assert stored_job(world) == before


@pytest.mark.fault("D5")
def test_webhook_alone_cannot_complete_a_running_job(world: World) -> None:
    ring_webhook(world, error_text="COMPLETED")
    assert stored_job(world).state is State.IN_PROGRESS


def test_webhook_token_of_an_earlier_attempt_is_accepted(world: World) -> None:
    publish(world, manifest())
    ring_webhook(world, attempt=3)
    assert stored_job(world).state is State.COMPLETED


def lose_first_response(world: World) -> None:
    """Lose the response to the first attempt, which RunPod has accepted, and dispatch the second."""
    world.provider.failures = [ProviderUnknown("TimeoutError")]
    submit_job(world.services, submission())
    advance_and_sweep(world)
    assert (stored_job(world).attempt, stored_job(world).runpod_job_id) == (2, "runpod-1")


@pytest.mark.parametrize("source", [Source.WEBHOOK, Source.SWEEPER])
def test_redundant_second_execution_is_cancelled(source: Source) -> None:
    world = World()
    lose_first_response(world)
    publish(world, manifest(attempt=1))
    ring_webhook(world) if source is Source.WEBHOOK else advance_and_sweep(world)
    assert (stored_job(world).state, stored_job(world).settled_by) == (State.COMPLETED, source)
    assert world.provider.cancelled == ["runpod-1"]


def test_execution_that_made_the_video_is_not_cancelled(world: World) -> None:
    publish(world, manifest(attempt=1))
    ring_webhook(world)
    second = World()
    lose_first_response(second)
    publish(second, manifest(attempt=2))
    ring_webhook(second, attempt=2)
    # The first attempt got no response, but its worker reports.
    reported = World()
    reported.provider.failures = [ProviderUnknown("TimeoutError")]
    submit_job(reported.services, submission())
    token = make_token(HOOK_SECRET, "progress", "job-1", 1)
    record_progress(reported.services, "job-1", token, report(runpod_job_id="runpod-of-the-worker"))
    publish(reported, manifest(attempt=1))
    ring_webhook(reported)
    for one in (world, second, reported):
        assert (stored_job(one).state, one.provider.cancelled) == (State.COMPLETED, [])


def test_failed_cancel_of_the_redundant_execution_is_ignored() -> None:
    world = World()
    lose_first_response(world)
    publish(world, manifest(attempt=1))
    world.provider.failures = [ProviderError("http_503")]
    ring_webhook(world)
    assert stored_job(world).state is State.COMPLETED


@pytest.mark.parametrize("job_id", ["job-1", "job-404"])
def test_wrong_token_reads_nothing(world: World, job_id: str) -> None:
    with pytest.raises(NotFound):
        handle_webhook(world.services, job_id, make_token(HOOK_SECRET, "progress", job_id, 1), None)
    assert world.provider.status_calls == 0


@pytest.mark.fault("D1")
def test_sweeper_settles_after_a_lost_webhook(world: World) -> None:
    publish(world, manifest())
    advance_and_sweep(world)
    assert (stored_job(world).state, stored_job(world).settled_by) == (State.COMPLETED, Source.SWEEPER)


@pytest.mark.fault("I5", "I13")
@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"{", b"[]",
        manifest("job-2").model_dump_json().encode(),
        manifest("job-2", output=manifest("job-1").output).model_dump_json().encode(),
        manifest(output=manifest("job-2").output).model_dump_json().encode(),
        manifest(output={"key": output_key("job-1"), "size_bytes": 7, "sha256": "0" * 64}).model_dump_json().encode(),
        b" " * 70_000,
    ],
)  # fmt: skip
def test_invalid_manifest_is_no_proof(world: World, raw: bytes) -> None:
    publish(world, manifest())
    world.objects.objects[manifest_key("job-1")] = raw
    world.provider.statuses["runpod-1"] = ProviderStatus("COMPLETED")
    ring_webhook(world)
    job = stored_job(world)
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.RESULT_MISSING


def test_job_that_completes_between_bucket_and_status_check(world: World) -> None:
    def complete(*_: str) -> ProviderStatus:
        publish(world, manifest())
        return ProviderStatus("COMPLETED")

    world.provider.status = complete  # type: ignore[method-assign]
    ring_webhook(world)
    assert stored_job(world).state is State.COMPLETED


def test_manifest_without_its_output_is_no_proof(world: World) -> None:
    publish(world, manifest())
    del world.objects.objects[output_key("job-1")]
    ring_webhook(world)
    assert stored_job(world).state is State.IN_PROGRESS


def test_workers_own_failure_is_kept(world: World) -> None:
    failure = Failure.of(Code.SOURCE_HTTP, field="url_video", http_status="404")
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", failure.model_dump_json())
    ring_webhook(world)
    assert stored_job(world).error == failure


@pytest.mark.fault("C14")
def test_foreign_error_text_is_never_exposed(world: World) -> None:
    text = json.dumps({"error_type": "ValueError", "error_message": "/secret/path", "hostname": "pod-1"})
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", text)
    ring_webhook(world)
    job = stored_job(world)
    assert job.error == Failure.of(Code.WORKER_CRASHED)
    assert "secret" not in repr(job)


def test_webhook_error_is_used_only_if_runpod_confirms_failure(world: World) -> None:
    error_text = Failure.of(Code.SUBTITLES_EMPTY, field="url_srt").model_dump_json()
    ring_webhook(world, error_text)
    assert stored_job(world).state is State.IN_PROGRESS
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED")
    ring_webhook(world, error_text)
    assert stored_job(world).error == Failure.of(Code.SUBTITLES_EMPTY, field="url_srt")


def test_runpods_error_takes_precedence_over_the_webhooks(world: World) -> None:
    """Anyone who knows the URL can send any text."""
    confirmed, error_text = (Failure.of(code, field="url_srt") for code in (Code.SOURCE_TIMEOUT, Code.SUBTITLES_EMPTY))
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", confirmed.model_dump_json())
    ring_webhook(world, error_text.model_dump_json())
    assert stored_job(world).error == confirmed


@pytest.mark.fault("I5")
@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("TIMED_OUT", State.TIMED_OUT, Code.EXECUTION_TIMEOUT),
        ("CANCELLED", State.CANCELLED, Code.CANCELLED),
        ("COMPLETED", State.FAILED, Code.RESULT_MISSING),
    ],
)
def test_runpods_terminal_statuses_are_mapped(world: World, status: str, state: State, code: Code) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus(status)
    ring_webhook(world)
    job = stored_job(world)
    assert job.state is state
    assert job.error is not None
    assert job.error.code is code


@pytest.mark.parametrize("status", ["IN_QUEUE", "RUNNING", "SOMETHING_NEW"])
def test_unfinished_job_is_checked_again(world: World, status: str) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus(status)
    advance_and_sweep(world)
    due = stored_job(world).due_at
    assert not stored_job(world).is_terminal
    assert due is not None
    assert world.clock.now < due <= world.clock.now + MINUTE


def test_job_is_terminal_by_its_deadline_whatever_runpod_reports(world: World) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus("IN_QUEUE")
    for _ in range(62):
        advance_and_sweep(world)
    job = stored_job(world)
    assert job.state is State.TIMED_OUT
    assert job.error is not None
    assert job.error.code is Code.DEADLINE_EXCEEDED
    assert world.provider.cancelled == ["runpod-1"]
    assert job.completed_at is not None
    assert job.completed_at <= job.deadline_at + 2 * MINUTE


def test_endless_runpod_outage_ends_in_a_timeout(world: World) -> None:
    world.provider.failures = [ProviderError("http_503") for _ in range(9999)]
    for _ in range(62):
        advance_and_sweep(world)
    assert stored_job(world).state is State.TIMED_OUT


def test_bucket_outage_decides_nothing(world: World) -> None:
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED")
    world.objects.down = True
    ring_webhook(world)
    assert not stored_job(world).is_terminal


def test_new_job_unknown_to_runpod_is_not_lost_yet(world: World) -> None:
    world.provider.statuses.clear()
    ring_webhook(world)
    assert stored_job(world).state is State.IN_QUEUE


@pytest.mark.fault("C7")
def test_lost_job_is_dispatched_3_times_at_most(world: World) -> None:
    world.provider.statuses.clear()
    for _ in range(20):
        advance_and_sweep(world, 2 * MINUTE)
    job = stored_job(world)
    assert len(world.provider.runs) == 3
    assert [run["input"]["attempt"] for run in world.provider.runs] == [1, 2, 3]
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code is Code.PROVIDER_LOST


def test_progress_updates_the_job_and_postpones_the_sweeper(world: World) -> None:
    world.clock.advance(30 * SECOND)
    token = make_token(HOOK_SECRET, "progress", "job-1", 1)
    assert record_progress(world.services, "job-1", token, report(3)) is False
    job = stored_job(world)
    assert (job.state, job.percent, job.stage) == (State.IN_PROGRESS, 30, "encode")
    assert job.started_at == world.clock.now
    assert job.due_at == world.clock.now + MINUTE


def test_progress_of_a_finished_job_stops_the_worker(world: World) -> None:
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
    assert stored_job(world).settled_by is Source.CANCEL


@pytest.mark.fault("C11")
def test_cancel_during_a_runpod_outage_is_retried(world: World) -> None:
    world.provider.failures = [ProviderError("http_429")]
    assert cancel_job(world.services, "ada", "job-1").cancel_requested
    assert not stored_job(world).is_terminal
    advance_and_sweep(world)
    assert stored_job(world).state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]


@pytest.mark.fault("E11")
def test_cancel_of_a_finished_job_reports_its_state(world: World) -> None:
    publish(world, manifest())
    ring_webhook(world)
    with pytest.raises(AlreadyFinished) as refused:
        cancel_job(world.services, "ada", "job-1")
    assert refused.value.extra == {"job_status": "COMPLETED"}


def test_cancel_that_loses_the_race_reports_the_winner(world: World) -> None:
    publish(world, manifest())
    world.store.before_save = lambda _: ring_webhook(world)
    with pytest.raises(AlreadyFinished):
        cancel_job(world.services, "ada", "job-1")
    assert stored_job(world).state is State.COMPLETED


def test_another_owners_job_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as foreign:
        cancel_job(world.services, "bob", "job-1")
    with pytest.raises(NotFound) as missing:
        cancel_job(world.services, "bob", "job-404")
    assert str(foreign.value) == str(missing.value)


@pytest.mark.fault("E8")
def test_concurrent_sweeps_dispatch_once() -> None:
    world = World()
    world.provider.failures = [ProviderRefused("http_503")]
    submit_job(world.services, submission())
    world.clock.advance(15 * SECOND)
    world.store.before_save = lambda _: sweep(world.services, 100, lambda: True) and None
    sweep(world.services, 100, lambda: True)
    assert len(world.provider.runs) == 1


@pytest.mark.fault("E3")
def test_stale_due_index_is_harmless(world: World) -> None:
    world.store.due = lambda now, limit: iter(["job-1", "job-404"])  # type: ignore[method-assign]
    status_calls, runs = world.provider.status_calls, len(world.provider.runs)
    sweep(world.services, 100, lambda: True)
    assert (world.provider.status_calls, len(world.provider.runs)) == (status_calls, runs)


def test_poisoned_job_does_not_stop_the_sweep(world: World) -> None:
    submit_job(world.services, submission())
    world.store.jobs["job-1"] = world.store.jobs["job-1"].__class__(
        **{f: getattr(stored_job(world), f) for f in stored_job(world).__slots__} | {"endpoint_id": object()}
    )
    world.provider.statuses["runpod-2"] = ProviderStatus("IN_PROGRESS")
    original = world.store.get
    world.store.get = lambda job_id: raise_poison() if job_id == "job-1" else original(job_id)  # type: ignore[method-assign]
    world.clock.advance(2 * MINUTE)
    result = sweep(world.services, 100, lambda: True)
    assert (result.handled, result.failed) == (2, 1)
    assert world.store.jobs["job-2"].state is State.IN_PROGRESS


def raise_poison() -> Job:
    raise RuntimeError("poison")


def test_sweep_stops_when_its_time_is_up(world: World) -> None:
    world.clock.advance(2 * MINUTE)
    assert sweep(world.services, 100, lambda: False).handled == 0


def test_job_due_for_over_five_minutes_is_overdue(world: World) -> None:
    world.clock.now = (stored_job(world).due_at or 0) + OVERDUE_MS
    assert sweep(world.services, 100, lambda: True).overdue == 0
    world.clock.now = (stored_job(world).due_at or 0) + OVERDUE_MS + 1
    world.provider.failures = [ProviderError("down")]
    assert sweep(world.services, 100, lambda: True).overdue == 1


def test_poisoned_job_can_be_overdue(world: World) -> None:
    world.clock.now = (stored_job(world).due_at or 0) + OVERDUE_MS + 1
    world.store.before_save = lambda _: raise_poison() and None  # type: ignore[func-returns-value]
    result = sweep(world.services, 100, lambda: True)
    assert (result.failed, result.overdue) == (1, 1)
