"""Run jobs from message to manifest, against a fake of all other services."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code
from contract.messages import WorkerJob
from gpu_worker.job.lifetime import Lifetime
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import MediaFactory
from tests.support.worker import handle, parse_failure, run_on

SRT = "1\n00:00:00,200 --> 00:00:01,000\nTop secret words\n"


@pytest.fixture
def network(media: MediaFactory) -> FakeNetwork:
    srt = media.folder / "words.srt"
    srt.write_text(SRT)
    page = media.folder / "page.html"
    page.write_text("<!DOCTYPE html><html><body>please log in</body></html>")
    return FakeNetwork(
        files={
            "video.mp4": media.make_video(),
            "sound.mp3": media.make_audio(),
            "photo.jpg": media.make_circle("photo.jpg", (400, 300), 60),
            "words.srt": srt,
            "page.mp4": page,
        }
    )


IMG2VID = {"kind": "img2vid", "url_image": "photo.jpg", "duration": 0.5, "size": "320x180"}
OPERATIONS = {
    "caption": {"kind": "caption", "url_video": "video.mp4", "url_srt": "words.srt"},
    "img2vid": IMG2VID,
    "addaudio": {"kind": "addaudio", "url_video": "video.mp4", "url_audio": "sound.mp3"},
    "compose": {
        "kind": "compose",
        "url_image": "photo.jpg",
        "url_audio": "sound.mp3",
        "url_srt": "words.srt",
        "size": "320x180",
    },
}


SLOT = {"name": "output.mp4", "content_type": "video/mp4", "put_url": "u", "get_url": "u"}
FRAMES = {"caption": 50, "img2vid": 12, "addaudio": 38, "compose": 36}


@pytest.mark.parametrize("kind", OPERATIONS)
def test_operation_stores_its_video_before_its_manifest(kind: str, network: FakeNetwork, work_dir: Path) -> None:
    result = run_on(network, OPERATIONS[kind])
    assert result == {"job_id": "job1", "attempt": 1}
    assert network.puts == ["output.mp4", "manifest.json"]
    manifest, video = network.manifest(), network.stored["output.mp4"]
    (stored,) = manifest.artifacts
    assert (stored.name, stored.kind, stored.content_type) == ("output.mp4", "video", "video/mp4")
    assert (stored.size_bytes, stored.sha256) == (len(video), hashlib.sha256(video).hexdigest())
    assert manifest.media is not None
    assert abs(manifest.media.frames - FRAMES[kind]) <= (1 if kind == "addaudio" else 0)
    assert (manifest.media.width, manifest.media.height) == (320, 180)
    assert (manifest.media.audio_codec == "aac") == (kind != "img2vid")
    assert manifest.execution.video_mode == ("copy" if kind == "addaudio" else "encode")
    assert manifest.execution.encoder == (None if kind == "addaudio" else "libx264")
    assert {"fetch", "probe", "encode", "publish"} <= set(manifest.execution.timings_ms)
    assert list(work_dir.iterdir()) == []


def test_manifest_tells_what_preceded_the_job(network: FakeNetwork, work_dir: Path) -> None:
    """A worker that took four seconds to start, and its next job after half a second."""
    now = [100.0]
    lifetime = Lifetime(96.0, lambda: now[0])
    waits = []
    for _ in range(2):
        assert "error" not in run_on(network, IMG2VID, lifetime)
        execution = network.manifest().execution
        waits.append((execution.start_ms, execution.idle_ms))
        network.stored.clear()
        now[0] += 0.5
    assert waits == [(4000, 0), (0, 500)]


def test_uploads_have_exactly_the_signed_headers(network: FakeNetwork, work_dir: Path) -> None:
    run_on(network, IMG2VID)
    video, manifest = network.headers["output.mp4"], network.headers["manifest.json"]
    assert (video["Content-Type"], video["If-None-Match"]) == ("video/mp4", "*")
    assert video["Content-Length"] == str(len(network.stored["output.mp4"]))
    assert "Transfer-Encoding" not in video
    assert (manifest["Content-Type"], manifest["If-None-Match"]) == ("application/json", "*")


def test_progress_reports_are_numbered_in_order(network: FakeNetwork, work_dir: Path) -> None:
    run_on(network, OPERATIONS["compose"])
    assert network.reports[0]["runpod_job_id"] == "runpod-1"
    first = network.reports[0]["seq"]
    assert [report["seq"] for report in network.reports] == list(range(first, first + len(network.reports)))
    # A repeated execution continues from a higher number.
    assert first > 1000


@pytest.mark.fault("I6")
def test_second_execution_adopts_the_stored_output(network: FakeNetwork, work_dir: Path, media: MediaFactory) -> None:
    first = media.make_video("first.mp4", seconds=1, size="128x72", sound=False).read_bytes()
    network.stored["output.mp4"] = first
    assert run_on(network, IMG2VID) == {"job_id": "job1", "attempt": 1}
    manifest = network.manifest()
    assert manifest.artifacts[0].sha256 == hashlib.sha256(first).hexdigest()
    assert manifest.media is not None
    assert (manifest.media.width, manifest.media.frames) == (128, 25)


@pytest.mark.parametrize(("stored", "frames"), [("output_1.mp4", 25), ("output_2.mp4", 12)])
def test_media_is_that_of_the_first_of_several_videos(
    network: FakeNetwork, work_dir: Path, media: MediaFactory, stored: str, frames: int
) -> None:
    """The first execution stored one of the videos and died."""
    first = media.make_video("first.mp4", seconds=1, size="128x72", sound=False).read_bytes()
    network.stored[stored] = first
    images = [{"url_image": "photo.jpg"}, {"url_image": "photo.jpg", "duration": 0.25}]
    operation = {"kind": "img2vid", "images": images, "duration": 0.5, "size": "160x90"}
    assert run_on(network, operation) == {"job_id": "job1", "attempt": 1}
    assert network.puts == ["output_1.mp4", "output_2.mp4", "manifest.json"]
    manifest = network.manifest()
    assert [file.name for file in manifest.artifacts] == network.puts[:2]
    assert {file.name: file.sha256 for file in manifest.artifacts}[stored] == hashlib.sha256(first).hexdigest()
    assert manifest.media is not None
    assert manifest.media.frames == frames
    assert manifest.execution.encoded_seconds == 0.75


CAPTION_FILES = {"sidecar": ["srt", "vtt", "ass"], "style": "karaoke"}


def test_all_files_are_stored_before_the_manifest(network: FakeNetwork, work_dir: Path) -> None:
    assert "error" not in run_on(network, OPERATIONS["caption"] | CAPTION_FILES)
    names = ["output.mp4", "captions.srt", "captions.vtt", "captions.ass"]
    assert network.puts == [*names, "manifest.json"]
    manifest = network.manifest()
    assert [stored.name for stored in manifest.artifacts] == names
    for stored in manifest.artifacts:
        data = network.stored[stored.name]
        assert (stored.size_bytes, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert network.headers[stored.name]["Content-Type"] == stored.content_type
        assert network.headers[stored.name]["If-None-Match"] == "*"
    assert b"Top secret words" in network.stored["captions.srt"]
    assert (manifest.contract_version, network.reports[-1]["contract_version"]) == (2, 2)


@pytest.mark.fault("I6", "I15")
@pytest.mark.parametrize("stored", [["captions.srt"], ["output.mp4"], ["output.mp4", "captions.srt"]])
def test_files_of_two_executions_are_described_as_stored(
    network: FakeNetwork, work_dir: Path, media: MediaFactory, stored: list[str]
) -> None:
    """The first execution stored some of the files and died."""
    first = {
        "output.mp4": media.make_video("first.mp4", seconds=1, size="128x72", sound=False).read_bytes(),
        "captions.srt": b"of the first",
    }
    network.stored.update({name: first[name] for name in stored})
    assert "error" not in run_on(network, OPERATIONS["caption"] | {"sidecar": ["srt"]})
    manifest = network.manifest()
    for facts in manifest.artifacts:
        data = network.stored[facts.name]
        assert (facts.size_bytes, facts.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert (data == first[facts.name]) is (facts.name in stored)
    assert manifest.media is not None
    assert manifest.media.width == (128 if "output.mp4" in stored else 320)


@pytest.mark.fault("K7")
@pytest.mark.parametrize("kind", ["img2vid", "caption"])
def test_message_of_the_previous_version_is_answered_in_it(kind: str, network: FakeNetwork, work_dir: Path) -> None:
    """The gateway is still that of release 0.2.0."""
    newer = {"captions", "words", "replace", "exclude", "language", "align", "subtitle_mode", "sidecar", "style"}

    async def work() -> dict[str, Any]:
        async with network.open():
            job = network.job(OPERATIONS[kind])
            message = WorkerJob.model_validate(job["input"]).model_copy(update={"contract_version": 1}).to_json()
            message["operation"] = {name: value for name, value in message["operation"].items() if name not in newer}
            assert "artifacts" not in message
            return await handle(job | {"input": message})

    assert asyncio.run(work()) == {"job_id": "job1", "attempt": 1}
    video, written = network.stored["output.mp4"], json.loads(network.stored["manifest.json"])
    assert written["contract_version"] == 1
    assert "artifacts" not in written
    assert written["output"] == {
        "key": "jobs/job1/output.mp4", "size_bytes": len(video), "sha256": hashlib.sha256(video).hexdigest(),
    }  # fmt: skip
    assert {report["contract_version"] for report in network.reports} == {1}
    assert "transcribe" not in {report["stage"] for report in network.reports}


@pytest.mark.fault("I6")
def test_existing_manifest_is_a_success(network: FakeNetwork, work_dir: Path) -> None:
    network.stored["manifest.json"] = b"the first one"
    assert run_on(network, IMG2VID) == {"job_id": "job1", "attempt": 1}
    assert network.stored["manifest.json"] == b"the first one"


@pytest.mark.fault("I4")
def test_upload_that_fails_once_is_retried(network: FakeNetwork, work_dir: Path) -> None:
    network.scripted["output.mp4"] = [500]
    assert "error" not in run_on(network, IMG2VID)
    assert network.puts == ["output.mp4", "output.mp4", "manifest.json"]


@pytest.mark.fault("I4")
def test_refused_upload_fails_the_job_without_a_manifest(network: FakeNetwork, work_dir: Path) -> None:
    network.scripted["output.mp4"] = [403]
    assert parse_failure(run_on(network, IMG2VID)).code == Code.PUBLISH_FAILED
    assert "manifest.json" not in network.stored
    assert list(work_dir.iterdir()) == []


def test_failure_names_the_field_and_leaks_nothing(network: FakeNetwork, work_dir: Path) -> None:
    result = run_on(network, OPERATIONS["caption"] | {"url_video": "page.mp4"})
    failure = parse_failure(result)
    assert failure.code == Code.SOURCE_IS_HTML
    assert failure.message.startswith("url_video")
    for secret in ("127.0.0.1", "s3cret", "page.mp4", str(work_dir), "Traceback"):
        assert secret not in json.dumps(result)
    assert list(work_dir.iterdir()) == []


@pytest.mark.fault("F15", "F16")
def test_missing_source_is_reported_with_its_status(network: FakeNetwork, work_dir: Path) -> None:
    failure = parse_failure(run_on(network, IMG2VID | {"url_image": "nothing.jpg"}))
    assert (failure.code, failure.params) == (Code.SOURCE_HTTP, {"field": "url_image", "http_status": "404"})


@pytest.mark.fault("I12")
@pytest.mark.parametrize(
    "changes",
    [
        {"contract_version": 99},
        {"contract_version": 0},
        {"operation": {"kind": "dance"}},
        {"deadline": None},
        {"artifacts": []},
        {"artifacts": [SLOT | {"name": "captions.srt"}]},
        {"artifacts": [SLOT, SLOT | {"name": "captions.srt"}]},
        {"contract_version": 1, "artifacts": None},
    ],
)
def test_unsupported_message_is_rejected(changes: dict[str, Any], network: FakeNetwork, work_dir: Path) -> None:
    assert parse_failure(run_on(network, IMG2VID, **changes)).code == Code.MESSAGE_UNSUPPORTED


def test_junk_instead_of_a_message_is_rejected() -> None:
    for junk in ({}, {"input": None}, {"id": 5, "input": "x"}):
        assert parse_failure(asyncio.run(handle(junk))).code == Code.MESSAGE_UNSUPPORTED


@pytest.mark.fault("I12")
def test_unknown_fields_of_a_newer_gateway_are_ignored(network: FakeNetwork, work_dir: Path) -> None:
    assert "error" not in run_on(network, IMG2VID, something_new={"a": 1})


def test_logs_contain_only_ids_and_numbers(
    network: FakeNetwork, work_dir: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        run_on(network, OPERATIONS["caption"])
        run_on(network, OPERATIONS["caption"] | {"url_video": "page.mp4"})
    written = caplog.text + "".join(capfd.readouterr())
    assert "job1" in written
    for secret in ("s3cret", "X-Sig", "token", "secret words", "video.mp4?"):
        assert secret not in written


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), Code.RESOURCES),
        (OSError(28, "No space left on device", "/secret/path"), Code.RESOURCES),
        (OSError(13, "Permission denied", "/secret/path"), Code.INTERNAL),
        (RuntimeError("https://host/secret"), Code.INTERNAL),
    ],
)
def test_unexpected_error_has_a_code_and_no_traceback(
    error: Exception, code: Code, network: FakeNetwork, work_dir: Path
) -> None:
    async def broken(*_args: object) -> None:
        raise error

    network.base = "http://127.0.0.1:9"
    result = asyncio.run(handle(network.job(IMG2VID), run=broken))
    assert parse_failure(result).code == code
    assert "secret" not in json.dumps(result)
