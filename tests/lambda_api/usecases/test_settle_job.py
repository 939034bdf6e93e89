"""Settle a job: evidence leads to exactly one terminal state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.artifacts import OUTPUT_VIDEO, subtitles
from contract.base import PREVIOUS_VERSION
from contract.errors import Code, Failure
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.job import Source, State
from lambda_api.domain.keys import artifact_key, manifest_key
from lambda_api.domain.policy import MINUTE
from lambda_api.domain.ports import ProviderError, ProviderStatus, ProviderUnknown
from lambda_api.usecases.record_progress import record_progress
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import (
    SIDECAR_CAPTION,
    advance_and_sweep,
    artifact_facts,
    manifest,
    publish,
    report,
    ring_webhook,
    stored_job,
    submission,
)
from tests.support.fakes import HOOK_SECRET, World

pytestmark = pytest.mark.usefixtures("running_job")


@pytest.mark.fault("I8")
def test_manifest_completes_a_job_without_calling_runpod(world: World) -> None:
    publish(world, manifest())
    writes, status_calls = world.store.writes, world.provider.status_calls
    ring_webhook(world)
    job = stored_job(world)
    assert (job.state, job.settled_by, job.artifacts) == (State.COMPLETED, Source.WEBHOOK, manifest().artifacts)
    assert (world.store.writes, world.provider.status_calls) == (writes + 1, status_calls)


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
    ring_webhook(world) if source is Source.WEBHOOK else advance_and_sweep(world, 2 * MINUTE)
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


def manifest_of_version_1(**changes: Any) -> bytes:
    """Return the manifest of a worker of the release before; `changes` of objects are merged into them."""
    raw = manifest(contract_version=PREVIOUS_VERSION).to_json()
    for name, value in changes.items():
        raw[name] = raw[name] | value if isinstance(value, dict) else value
    return json.dumps(raw).encode()


@pytest.mark.fault("K7")
def test_manifest_of_the_previous_version_completes_a_job(world: World) -> None:
    publish(world, manifest())
    world.objects.objects[manifest_key("job-1")] = manifest_of_version_1()
    ring_webhook(world)
    assert (stored_job(world).state, stored_job(world).artifacts) == (State.COMPLETED, manifest().artifacts)


@pytest.mark.fault("I15")
@pytest.mark.parametrize("changed", [artifact.name for artifact in SIDECAR_CAPTION.artifacts()])
@pytest.mark.parametrize("change", ["missing", "short", "unlisted"])
def test_every_artifact_is_needed_for_completion(changed: str, change: str) -> None:
    world = World()
    submit_job(world.services, submission(operation=SIDECAR_CAPTION))
    kept = [it for it in SIDECAR_CAPTION.artifacts() if change != "unlisted" or it.name != changed]
    publish(world, manifest(artifacts=artifact_facts(*kept)))
    objects, key = world.objects.objects, artifact_key("job-1", changed)
    if change == "short":
        objects[key] = objects[key][:-1]
    elif change == "missing":
        del objects[key]
    world.provider.statuses["runpod-1"] = ProviderStatus("COMPLETED")
    ring_webhook(world)
    assert stored_job(world).error == Failure.of(Code.RESULT_MISSING)
    assert stored_job(world).artifacts == ()


def test_job_with_all_its_artifacts_is_completed() -> None:
    world = World()
    submit_job(world.services, submission(operation=SIDECAR_CAPTION))
    stated = artifact_facts(*SIDECAR_CAPTION.artifacts())
    publish(world, manifest(artifacts=stated))
    ring_webhook(world)
    assert (stored_job(world).state, stored_job(world).artifacts) == (State.COMPLETED, stated)


@pytest.mark.fault("I5", "I13")
@pytest.mark.parametrize(
    "raw",
    [
        b"", b"null", b"{", b"[]",
        manifest("job-2").model_dump_json().encode(),
        manifest(artifacts=artifact_facts(OUTPUT_VIDEO, size=7)).model_dump_json().encode(),
        manifest(artifacts=artifact_facts(subtitles("captions", "srt"))).model_dump_json().encode(),
        manifest(artifacts=artifact_facts(OUTPUT_VIDEO, subtitles("captions", "srt"))).model_dump_json().encode(),
        manifest_of_version_1(output={"key": "jobs/job-2/output.mp4"}),
        manifest_of_version_1(output={"key": "output.mp4"}),
        manifest_of_version_1(output={"size_bytes": 7}),
        manifest_of_version_1(job_id="job-2"),
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
    del world.objects.objects[artifact_key("job-1", OUTPUT_VIDEO.name)]
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
    assert world.clock.now < due <= world.clock.now + 3 * MINUTE // 2


def test_job_is_terminal_by_its_deadline_for_any_runpod_status(world: World) -> None:
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
