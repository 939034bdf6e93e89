"""Run jobs from message to manifest, against a fake of all other services."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code, Failure
from gpu_worker.sandbox.cpus import usable_cpus
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import MediaFactory
from tests.support.processes import is_running, processes_below
from tests.support.worker import handle

SRT = "1\n00:00:00,200 --> 00:00:01,000\nTop secret words\n"


@pytest.fixture
def work_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, media: MediaFactory) -> Path:
    work = tmp_path / "work"
    monkeypatch.setenv("WORK_DIR", str(work))
    monkeypatch.setenv("FFMPEG", media.ffmpeg)
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    return work


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


def run(network: FakeNetwork, operation: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    async def work() -> dict[str, Any]:
        async with network.open():
            return await handle(network.job(operation, **changes))

    return asyncio.run(work())


def parse_failure(answer: dict[str, Any]) -> Failure:
    assert set(answer) == {"error"}
    read = Failure.parse(answer["error"])
    assert read is not None
    return read


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
FRAMES = {"caption": 50, "img2vid": 12, "addaudio": 38, "compose": 36}


@pytest.mark.parametrize("kind", OPERATIONS)
def test_operation_stores_its_video_before_its_manifest(kind: str, network: FakeNetwork, work_dir: Path) -> None:
    answer = run(network, OPERATIONS[kind])
    assert answer == {"job_id": "job1", "attempt": 1}
    assert network.puts == ["output.mp4", "manifest.json"]
    manifest, video = network.manifest(), network.stored["output.mp4"]
    assert manifest.output.key == "jobs/job1/output.mp4"
    assert manifest.output.size_bytes == len(video)
    assert manifest.output.sha256 == hashlib.sha256(video).hexdigest()
    assert abs(manifest.media.frames - FRAMES[kind]) <= (1 if kind == "addaudio" else 0)
    assert (manifest.media.width, manifest.media.height) == (320, 180)
    assert (manifest.media.audio_codec == "aac") == (kind != "img2vid")
    assert manifest.execution.video_mode == ("copy" if kind == "addaudio" else "encode")
    assert manifest.execution.encoder == (None if kind == "addaudio" else "libx264")
    assert {"fetch", "probe", "encode", "publish"} <= set(manifest.execution.timings_ms)
    assert list(work_dir.iterdir()) == []


def test_uploads_have_exactly_the_signed_headers(network: FakeNetwork, work_dir: Path) -> None:
    run(network, IMG2VID)
    video, manifest = network.headers["output.mp4"], network.headers["manifest.json"]
    assert (video["Content-Type"], video["If-None-Match"]) == ("video/mp4", "*")
    assert video["Content-Length"] == str(len(network.stored["output.mp4"]))
    assert "Transfer-Encoding" not in video
    assert (manifest["Content-Type"], manifest["If-None-Match"]) == ("application/json", "*")


def test_progress_reports_are_numbered_in_order(network: FakeNetwork, work_dir: Path) -> None:
    run(network, OPERATIONS["compose"])
    assert network.reports[0]["runpod_job_id"] == "runpod-1"
    first = network.reports[0]["seq"]
    assert [report["seq"] for report in network.reports] == list(range(first, first + len(network.reports)))
    # A repeated execution continues from a higher number.
    assert first > 1000


@pytest.mark.fault("I6")
def test_second_execution_adopts_the_stored_output(network: FakeNetwork, work_dir: Path, media: MediaFactory) -> None:
    first = media.make_video("first.mp4", seconds=1, size="128x72", sound=False).read_bytes()
    network.stored["output.mp4"] = first
    assert run(network, IMG2VID) == {"job_id": "job1", "attempt": 1}
    manifest = network.manifest()
    assert manifest.output.sha256 == hashlib.sha256(first).hexdigest()
    assert (manifest.media.width, manifest.media.frames) == (128, 25)


@pytest.mark.fault("I6")
def test_existing_manifest_is_a_success(network: FakeNetwork, work_dir: Path) -> None:
    network.stored["manifest.json"] = b"the first one"
    assert run(network, IMG2VID) == {"job_id": "job1", "attempt": 1}
    assert network.stored["manifest.json"] == b"the first one"


@pytest.mark.fault("I4")
def test_upload_that_fails_once_is_retried(network: FakeNetwork, work_dir: Path) -> None:
    network.scripted["output.mp4"] = [500]
    assert "error" not in run(network, IMG2VID)
    assert network.puts == ["output.mp4", "output.mp4", "manifest.json"]


@pytest.mark.fault("I4")
def test_refused_upload_fails_the_job_without_a_manifest(network: FakeNetwork, work_dir: Path) -> None:
    network.scripted["output.mp4"] = [403]
    assert parse_failure(run(network, IMG2VID)).code == Code.PUBLISH_FAILED
    assert "manifest.json" not in network.stored
    assert list(work_dir.iterdir()) == []


def test_failure_names_the_field_and_leaks_nothing(network: FakeNetwork, work_dir: Path) -> None:
    answer = run(network, OPERATIONS["caption"] | {"url_video": "page.mp4"})
    failure = parse_failure(answer)
    assert failure.code == Code.SOURCE_IS_HTML
    assert failure.message.startswith("url_video")
    for secret in ("127.0.0.1", "s3cret", "page.mp4", str(work_dir), "Traceback"):
        assert secret not in json.dumps(answer)
    assert list(work_dir.iterdir()) == []


@pytest.mark.fault("F15", "F16")
def test_missing_source_is_reported_with_its_status(network: FakeNetwork, work_dir: Path) -> None:
    failure = parse_failure(run(network, IMG2VID | {"url_image": "nothing.jpg"}))
    assert (failure.code, failure.params) == (Code.SOURCE_HTTP, {"field": "url_image", "http_status": "404"})


@pytest.mark.fault("I12")
@pytest.mark.parametrize(
    "changes",
    [
        {"contract_version": 99},
        {"contract_version": 0},
        {"operation": {"kind": "dance"}},
        {"deadline": None},
        {"output": {}},
    ],
)
def test_unsupported_message_is_rejected(changes: dict[str, Any], network: FakeNetwork, work_dir: Path) -> None:
    assert parse_failure(run(network, IMG2VID, **changes)).code == Code.MESSAGE_UNSUPPORTED


def test_junk_instead_of_a_message_is_rejected() -> None:
    for junk in ({}, {"input": None}, {"id": 5, "input": "x"}):
        assert parse_failure(asyncio.run(handle(junk))).code == Code.MESSAGE_UNSUPPORTED


@pytest.mark.fault("I12")
def test_unknown_fields_of_a_newer_gateway_are_ignored(network: FakeNetwork, work_dir: Path) -> None:
    assert "error" not in run(network, IMG2VID, something_new={"a": 1})


def test_job_past_its_deadline_is_not_started(network: FakeNetwork, work_dir: Path) -> None:
    failure = parse_failure(run(network, IMG2VID, deadline=time.time() - 3601))
    assert failure.code == Code.DEADLINE_EXCEEDED
    assert network.reports == []


@pytest.mark.fault("K6")
@pytest.mark.parametrize("ahead", [-3599, 3599], ids=["behind", "ahead"])
def test_clock_skew_of_an_hour_ends_no_job_early(network: FakeNetwork, work_dir: Path, ahead: int) -> None:
    left = 30.0
    assert "error" not in run(network, IMG2VID, deadline=time.time() + left - ahead)


@pytest.mark.fault("G10")
def test_job_ends_at_the_execution_limit(network: FakeNetwork, work_dir: Path) -> None:
    def failed_after(seconds_of_video: float, size: str = "1920x1080") -> Code:
        long = IMG2VID | {"duration": seconds_of_video, "size": size, "frame_rate": 24}
        return parse_failure(run(network, long, limits={"execution_seconds": 4.0})).code

    # 60 billion pixels in 4 s are beyond any machine, so the plan is refused before it is run...
    assert failed_after(300.0, "3840x2160") == Code.MEDIA_OVER_BUDGET
    # ...and what looks possible is stopped when its time is up: the budget takes this for 2 s, and its rates are four
    # times what a core does.
    started = time.monotonic()
    assert failed_after(min(300.0, 22.0 * usable_cpus())) == Code.EXECUTION_TIMEOUT
    assert time.monotonic() - started < 20
    assert list(work_dir.iterdir()) == []


def test_gateway_can_stop_a_job(network: FakeNetwork, work_dir: Path) -> None:
    network.reply = {"stop": True, "and": "more"}
    failure = parse_failure(run(network, IMG2VID | {"duration": 60.0, "size": "1280x720"}))
    assert failure.code == Code.CANCELLED
    assert list(work_dir.iterdir()) == []
    assert len(network.reports) == 1


@pytest.mark.fault("I1")
def test_cancelled_job_leaves_no_process_and_no_file(network: FakeNetwork, work_dir: Path, media: MediaFactory) -> None:
    async def work() -> float:
        async with network.open():
            task = asyncio.create_task(handle(network.job(IMG2VID | {"duration": 300.0, "size": "1280x720"})))
            while not is_running(media.ffmpeg, work_dir):  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.05)
            started = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - started

    assert asyncio.run(work()) < 10
    assert list(work_dir.iterdir()) == []
    assert processes_below(work_dir) == []


def test_logs_contain_only_ids_and_numbers(
    network: FakeNetwork, work_dir: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        run(network, OPERATIONS["caption"])
        run(network, OPERATIONS["caption"] | {"url_video": "page.mp4"})
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
    answer = asyncio.run(handle(network.job(IMG2VID), run=broken))
    assert parse_failure(answer).code == code
    assert "secret" not in json.dumps(answer)
