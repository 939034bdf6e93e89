"""Messages between gateway and worker, in this version and in the one before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contract.artifacts import OUTPUT_VIDEO, subtitles
from contract.base import CONTRACT_VERSION, PREVIOUS_VERSION
from contract.documentation.describe import describe
from contract.limits import Limits
from contract.messages import ArtifactSlot, LoudnessFacts, ManifestSlot, ResultManifest, WorkerJob
from contract.operations import OPERATIONS, Operation, OperationUnion
from contract.operations.caption import Caption
from contract.options.stored import stored_reference
from contract.previous import earliest_version
from tests.support.examples import CAPTION, artifact_facts, manifest

URL = "https://media.example/v.mp4"
EVENTS = Path(__file__).parents[2] / "events" / "contract"
SLOT = ArtifactSlot(name=OUTPUT_VIDEO.name, content_type=OUTPUT_VIDEO.content_type, put_url="p", get_url="g")


def worker_job(**changes: Any) -> WorkerJob:
    base: dict[str, Any] = {
        "job_id": "job-1", "attempt": 1, "operation": CAPTION, "deadline": 1.0, "limits": Limits(),
        "artifacts": (SLOT,), "manifest": ManifestSlot(put_url="m"), "progress_url": "u",
    }  # fmt: skip
    return WorkerJob(**(base | changes))


def operation(**fields: Any) -> Operation:
    read: Operation = TypeAdapter(OperationUnion).validate_python(fields)
    return read


@pytest.mark.fault("K7")
def test_unknown_fields_are_ignored_and_unknown_versions_refused() -> None:
    message = worker_job().to_json()
    style = message["operation"]["style"] | {"glow": True}
    newer = message | {"color": "blue", "operation": message["operation"] | {"style": style, "later": {"a": 1}}}
    assert WorkerJob.model_validate(newer).operation == WorkerJob.model_validate(message).operation
    for version in (0, CONTRACT_VERSION + 1):
        with pytest.raises(ValidationError):
            WorkerJob.model_validate(message | {"contract_version": version})


def test_manifest_numbers_are_validated() -> None:
    valid = manifest().to_json()
    (stored,) = valid["artifacts"]
    for name, value in [("size_bytes", 0), ("sha256", "x"), ("name", "../x"), ("name", ""), ("kind", "secret")]:
        with pytest.raises(ValidationError):
            ResultManifest.model_validate(valid | {"artifacts": [stored | {name: value}]})
    for broken in ({"media": valid["media"] | {"width": 0}}, {"artifacts": []}):
        with pytest.raises(ValidationError):
            ResultManifest.model_validate(valid | broken)


def test_loudness_is_a_number_or_absent() -> None:
    valid = manifest().to_json()
    assert ResultManifest.model_validate(valid).execution.loudness is None
    facts = {"lufs": -14.02, "true_peak_db": -1.3, "input_lufs": -20.5, "gain_db": 6.9}
    read = ResultManifest.model_validate(valid | {"execution": valid["execution"] | {"loudness": facts}})
    assert read.execution.loudness == LoudnessFacts(**facts)
    with pytest.raises(ValidationError):
        LoudnessFacts(**facts | {"lufs": float("-inf")})


def test_slots_are_those_of_the_operations_artifacts() -> None:
    captions = ArtifactSlot(name="captions.srt", content_type="t", put_url="p", get_url="g")
    with_sidecar = operation(kind="caption", url_video=URL, url_srt=URL, sidecar=["srt"])
    assert worker_job(operation=with_sidecar, artifacts=(SLOT, captions)).artifacts[1] == captions
    for slots in ((), (SLOT,), (captions, SLOT), (SLOT, captions, captions)):
        with pytest.raises(ValidationError):
            worker_job(operation=with_sidecar, artifacts=slots)


@pytest.mark.fault("K7")
def test_message_in_version_1_has_exactly_the_shape_of_release_0_2_0() -> None:
    golden = json.loads((EVENTS / "v1/worker_job.json").read_text())
    written = worker_job(contract_version=PREVIOUS_VERSION).to_json()
    assert {name: type(value) for name, value in written.items()} == {k: type(v) for k, v in golden.items()}
    assert written["output"] == {"key": "jobs/job-1/output.mp4", "put_url": "p", "get_url": "g"}
    assert golden["operation"].items() <= written["operation"].items()


@pytest.mark.fault("K7")
def test_manifest_in_version_1_has_exactly_the_shape_of_release_0_2_0() -> None:
    golden = json.loads((EVENTS / "v1/result_manifest.json").read_text())
    written = manifest(contract_version=PREVIOUS_VERSION).to_json()
    assert written.keys() == golden.keys()
    assert {name: written[name] for name in ("output", "media")} == {name: golden[name] for name in ("output", "media")}
    assert golden["execution"].items() <= written["execution"].items()


@pytest.mark.parametrize(
    "message",
    [worker_job(), worker_job(contract_version=1), manifest(), manifest(contract_version=1)],
    ids=["job 2", "job 1", "manifest 2", "manifest 1"],
)
def test_message_survives_writing_and_reading(message: WorkerJob | ResultManifest) -> None:
    assert type(message).model_validate(message.to_json()) == message


@pytest.mark.parametrize("raw", [None, 5, [], {}, {"contract_version": 1}, {"contract_version": 1, "output": 5}])
def test_anything_but_a_message_is_refused(raw: object) -> None:
    for model in (WorkerJob, ResultManifest):
        with pytest.raises(ValidationError):
            model.model_validate(raw)


OF_RELEASE_0_2_0 = [
    {"kind": "caption", "url_video": URL, "url_srt": URL},
    {"kind": "img2vid", "url_image": URL, "size": "1080x1920", "fit": "contain", "duration": 3, "frame_rate": 30},
    {"kind": "addaudio", "url_video": URL, "url_audio": URL, "mode": "mix", "volume": 2},
    {"kind": "compose", "url_image": URL, "url_audio": URL, "url_srt": URL, "duration": 9},
    {"kind": "compose", "url_video": URL, "url_srt": URL, "style": "classic", "subtitle_mode": "burn"},
]
NEWER = [
    {"kind": "caption", "url_video": URL, "url_srt": URL} | option
    for option in (
        {"style": "karaoke"}, {"style": {"size": 7}}, {"subtitle_mode": "soft"}, {"sidecar": ["srt"]},
        {"exclude": [{"start": 0, "end": 1}]}, {"replace": [{"find": "a", "replace": "b"}]}, {"language": "en"},
        {"align": "off"},
    )
] + [
    {"kind": "caption", "url_video": URL, "captions": "auto"},
    {"kind": "compose", "url_image": URL, "captions": "inline"},
    {"kind": "compose", "url_video": URL, "words": [{"word": "a", "start": 0, "end": 1}]},
    {"kind": "transcribe", "url_audio": URL, "formats": ["json"]},
    {"kind": "compose", "url_image": URL, "music": URL},
    {"kind": "compose", "url_video": URL, "loudness": -16},
    {"kind": "img2vid", "url_image": URL, "fit": "blur"},
    {"kind": "img2vid", "images": [URL]},
] + [
    {"kind": "addaudio", "url_video": URL, "url_audio": URL} | option
    for option in (
        {"mode": "music"}, {"volume_db": -6}, {"fade_in": 1}, {"fit_audio": "pad"}, {"music": URL},
        {"loudness": "youtube"}, {"true_peak_db": -2},
    )
]  # fmt: skip


@pytest.mark.fault("K7")
@pytest.mark.parametrize("fields", OF_RELEASE_0_2_0)
def test_job_that_release_0_2_0_can_do_is_stated_in_version_1(fields: dict[str, Any]) -> None:
    assert earliest_version(operation(**fields)) == PREVIOUS_VERSION
    assert operation(**fields).artifacts() == (OUTPUT_VIDEO,)


@pytest.mark.fault("K7")
@pytest.mark.parametrize("fields", NEWER)
def test_job_with_newer_options_is_never_stated_in_version_1(fields: dict[str, Any]) -> None:
    requested = operation(**fields)
    assert earliest_version(requested) == CONTRACT_VERSION
    stored, _ = requested.extract_inline()
    assert earliest_version(stored) == CONTRACT_VERSION


def test_stored_captions_need_version_2() -> None:
    stored = Caption.model_construct(url_video=URL, url_srt=stored_reference("captions"))
    assert earliest_version(stored) == CONTRACT_VERSION


def test_names_of_artifacts_are_names_of_files() -> None:
    for model in OPERATIONS.values():
        artifacts = model.model_validate(describe(model).example).artifacts()
        assert len({artifact.name for artifact in artifacts}) == len(artifacts)
        assert artifact_facts(*artifacts)
    assert artifact_facts(subtitles("captions", "ass"))[0].name == "captions.ass"
