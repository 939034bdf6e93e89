"""Gateway and worker of this release and of 0.2.0, side by side during an update."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract.artifacts import OUTPUT_VIDEO
from contract.base import PREVIOUS_VERSION
from contract.errors import Code, Failure
from contract.messages import ExecutionFacts, LoudnessFacts
from contract.operations.caption import Caption
from contract.operations.transcribe import Transcribe
from contract.options.captions import CaptionOptions
from lambda_api.adapters.aws.job_row import to_item, to_job
from lambda_api.domain.errors import SpeechNotAvailable
from lambda_api.domain.job import State
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import (
    CAPTION,
    SIDECAR_CAPTION,
    artifact_facts,
    finish_job,
    manifest,
    publish,
    ring_webhook,
    stored_job,
    submission,
)
from tests.support.fakes import World
from tests.support.gateway import Client, assert_problem

TRANSCRIBE = Transcribe(url_audio="https://media.example/a.mp3")
AUTO = Caption(url_video=CAPTION.url_video, captions="auto")


@pytest.mark.fault("K7")
def test_gateway_states_a_job_in_the_earliest_version_that_can(world: World) -> None:
    for operation, version in ((CAPTION, 1), (SIDECAR_CAPTION, 2), (TRANSCRIBE, 2), (AUTO, 2)):
        submit_job(world.services, submission(operation=operation))
        message = world.provider.runs[-1]["input"]
        assert message["contract_version"] == version
        assert ("output" in message, "artifacts" in message) == (version == 1, version == 2)


@pytest.mark.fault("K7")
def test_worker_of_release_0_2_0_refuses_what_it_cannot_do(world: World) -> None:
    submit_job(world.services, submission(operation=SIDECAR_CAPTION))
    refusal = Failure.of(Code.MESSAGE_UNSUPPORTED)
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", refusal.model_dump_json())
    ring_webhook(world)
    assert (stored_job(world).state, stored_job(world).error) == (State.FAILED, refusal)
    assert refusal.retryable


def completed(world: World) -> dict[str, Any]:
    """Complete a job, and return its row's document."""
    submit_job(world.services, submission(webhook_url="https://hooks.example/"))
    finish_job(world)
    document: dict[str, Any] = json.loads(to_item(stored_job(world), HOUR)["doc"]["S"])
    return document


@pytest.mark.fault("K7")
def test_row_can_be_read_by_release_0_2_0(world: World) -> None:
    document = completed(world)
    (stored,) = manifest().artifacts
    assert document["output"] == {
        "key": "jobs/job-1/output.mp4", "size_bytes": stored.size_bytes, "sha256": stored.sha256,
    }  # fmt: skip
    assert to_job({"doc": {"S": json.dumps(document)}}) == stored_job(world)


@pytest.mark.fault("K7")
@pytest.mark.parametrize("is_completed", [True, False])
def test_row_of_release_0_2_0_is_read(world: World, is_completed: bool) -> None:
    if is_completed:
        document = completed(world)
    else:
        job = submit_job(world.services, submission()).job
        document = json.loads(to_item(job, HOUR)["doc"]["S"]) | {"output": None}
    del document["artifacts"]
    newer = CaptionOptions.model_fields.keys() - {"url_srt"}
    document["operation"] = {name: value for name, value in document["operation"].items() if name not in newer}
    assert to_job({"doc": {"S": json.dumps(document)}}) == stored_job(world)


def test_unfinished_row_has_no_output(world: World) -> None:
    job = submit_job(world.services, submission()).job
    assert "output" not in json.loads(to_item(job, HOUR)["doc"]["S"])


@pytest.mark.fault("K7")
def test_manifest_of_either_version_completes_a_job(world: World) -> None:
    for number, version in enumerate((PREVIOUS_VERSION, 2), 1):
        job = submit_job(world.services, submission()).job
        result = manifest(job.job_id, contract_version=version)
        publish(world, result)
        world.objects.objects[f"jobs/{job.job_id}/manifest.json"] = json.dumps(result.to_json()).encode()
        ring_webhook(world, job.job_id)
        done = stored_job(world, f"job-{number}")
        assert (done.state, [stored.name for stored in done.artifacts]) == (State.COMPLETED, [OUTPUT_VIDEO.name])


@pytest.mark.parametrize("operation", [TRANSCRIBE, AUTO], ids=["transcribe", "auto"])
def test_speech_that_no_worker_recognizes_is_refused_before_anything_is_paid(operation: Any) -> None:
    world = World(has_speech=False)
    with pytest.raises(SpeechNotAvailable):
        submit_job(world.services, submission(operation=operation))
    assert (world.store.jobs, world.objects.objects, world.provider.runs) == ({}, {}, [])
    path, body = operation.path, operation.model_dump(mode="json", exclude_defaults=True)
    problem = assert_problem(Client(world).call("POST", path, body), 422, "speech_not_available")
    assert "`captions`" in problem["detail"]


@pytest.mark.parametrize("version", [PREVIOUS_VERSION, 2])
def test_measured_loudness_is_shown(world: World, version: int) -> None:
    submit_job(world.services, submission())
    loudness = {"lufs": -14.02, "true_peak_db": -1.31, "input_lufs": -20.5, "gain_db": 6.85}
    facts = ExecutionFacts(encoder=None, video_mode="copy", execution_ms=9, loudness=LoudnessFacts(**loudness))
    result = manifest(contract_version=version, execution=facts)
    publish(world, result)
    world.objects.objects["jobs/job-1/manifest.json"] = json.dumps(result.to_json()).encode()
    ring_webhook(world)
    assert Client(world).call("GET", "/job/job-1").json["execution"]["loudness"] == loudness
    stored = stored_job(world, "job-1")
    assert to_job(to_item(stored, HOUR)).execution == stored.execution == facts


def test_transcript_has_files_and_no_video(world: World) -> None:
    submit_job(world.services, submission(operation=TRANSCRIBE))
    facts = ExecutionFacts(encoder=None, video_mode=None, execution_ms=9)
    publish(world, manifest(artifacts=artifact_facts(*TRANSCRIBE.artifacts()), media=None, execution=facts))
    ring_webhook(world)
    shown = Client(world).call("GET", "/job/job-1").json
    assert (shown["status"], shown["video_url"], shown["video"]) == ("COMPLETED", None, None)
    assert [it["kind"] for it in shown["artifacts"]] == ["data", "subtitles", "subtitles"]
    listed = Client(world).call("GET", "/jobs").json["jobs"][0]
    assert listed["artifacts"] == shown["artifacts"]
