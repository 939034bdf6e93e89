from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from typing import Any

import pytest

from contract.documentation.describe import describe
from contract.errors import Code
from contract.errors.downloads import Reason
from contract.limits import MIB
from contract.operations import OPERATIONS, Input, Role
from contract.work import WORK
from lambda_api.domain.errors import InvalidRequest, SpeechNotAvailable, Unavailable, UploadNotReady
from lambda_api.domain.inputs import Answer, NoAnswer
from lambda_api.domain.views.dry_run_schema import DryRunView
from lambda_api.usecases.dry_run.dry_run import dry_run
from lambda_api.usecases.dry_run.estimate import COLD_START_SECONDS
from lambda_api.usecases.dry_run.inspect_inputs import inspect_inputs
from tests.support.examples import submission
from tests.support.fakes import World
from tests.support.uploads import add_upload

V, S, A, P = (f"https://media.example/{name}" for name in ("v.mp4", "s.srt", "a.mp3", "p.jpg"))
CAPTION = {"url_video": V, "url_srt": S}


def movie(seconds: float) -> Answer:
    header = struct.pack(">BxxxIIII", 0, 0, 0, 1000, int(seconds * 1000)) + bytes(80)
    boxes = struct.pack(">I4s", 16, b"ftyp") + bytes(8) + struct.pack(">I4sI4s", 9000, b"moov", 108, b"mvhd") + header
    return Answer(206, "media.example", "video/mp4", 1_000_000, boxes)


def run(world: World, kind: str = "caption", body: dict[str, Any] | None = None, **changes: Any) -> DryRunView:
    operation = OPERATIONS[kind].model_validate(CAPTION if body is None else body)
    return dry_run(world.services, submission(operation=operation, **changes))


@dataclass(frozen=True, kw_only=True)
class Past:
    jobs: int
    measured_jobs: int
    execution_ms: int
    start_ms: int
    idle_ms: int
    queue_ms: int
    media_ms: int
    billed_seconds: int
    nano_usd: int


@dataclass
class FakeHistory:
    past: Past | None

    def history(self, owner: str, operation: str, days: int) -> Past:
        assert (owner, operation, days) == ("ada", "caption", 30)
        if self.past is None:
            raise Unavailable("The bill is not readable.")
        return self.past


PAST = Past(
    jobs=10, measured_jobs=5, execution_ms=200_000, start_ms=15_000, idle_ms=25_000, queue_ms=70_000, media_ms=900_000,
    billed_seconds=300, nano_usd=48_000_000,
)  # fmt: skip


def with_history(world: World, past: Past | None) -> World:
    world.services = replace(world.services, history=FakeHistory(past))
    return world


def test_uploads_are_read_from_the_bucket(world: World) -> None:
    name = add_upload(world, bytes(1000), filename="clip.mp4", size_bytes=1000)
    seen = run(world, body={"url_video": f"upload:{name}", "url_srt": S})
    assert [(one.host, one.reachable, one.size_bytes) for one in seen.inputs] == [
        (None, True, 1000), ("media.example", True, 1000)
    ]  # fmt: skip
    (asked,) = world.inputs.asked
    assert [url for url in asked if f"/uploads/ada/{name}?get" in url]


def test_missing_upload_is_refused_as_a_submit_refuses_it(world: World) -> None:
    name = add_upload(world, None, filename="clip.mp4", size_bytes=1000)
    with pytest.raises(UploadNotReady):
        run(world, body={"url_video": f"upload:{name}", "url_srt": S})


def test_files_are_described(world: World) -> None:
    world.inputs.answers = {V: movie(30.0), S: Answer(200, "media.example", "text/plain", 900)}
    seen = run(world)
    assert (seen.dry_run, seen.valid, seen.operation, seen.artifacts) == (True, True, "caption", ["output.mp4"])
    video, subtitles = seen.inputs
    assert (video.field, video.host, video.reachable, video.status) == ("url_video", "media.example", True, 206)
    assert (video.content_type, video.size_bytes, video.duration_seconds) == ("video/mp4", 1_000_000, 30.0)
    assert (subtitles.field, subtitles.size_bytes, subtitles.duration_seconds) == ("url_srt", 900, None)
    assert [entry.warning for entry in seen.inputs] == [None, None]
    assert seen.warnings == []


def test_bytes_are_asked_of_media_only_and_each_url_once(world: World) -> None:
    run(world, "slideshow", {"images": [P, P, {"url_image": P}], "url_audio": A})
    assert world.inputs.asked == [{A: True, P: False}]


@pytest.mark.parametrize(
    ("found", "reachable", "part"),
    [
        (Answer(404, "media.example"), False, "url_video could not be downloaded: its host answered HTTP 404."),
        (Answer(403, "media.example"), False, "HTTP 403. The URL may have expired"),
        (Answer(200, "media.example", "text/html", 90, b"<!doctype html><p>hi"), False, "returned an HTML page"),
        (Answer(200, "media.example", "video/mp4", 0), True, "url_video is an empty file."),
        (Answer(200, "media.example", "video/mp4", 3000 * MIB), True, "larger than the limit of 2048 MB"),
        (NoAnswer(Code.SOURCE_UNREACHABLE, Reason.NO_SUCH_HOST), False, "there is no host of that name (DNS)"),
        (NoAnswer(Code.SOURCE_FORBIDDEN, Reason.REFUSED_REDIRECT), False, "redirects to a URL that is not accepted"),
        (NoAnswer(Code.SOURCE_FORBIDDEN), False, "leads to an address that is not public"),
        (NoAnswer(Code.SOURCE_TIMEOUT, Reason.NO_ANSWER), False, "did not respond in time"),
        (None, None, "There was no time to look at all inputs"),
    ],
)
def test_trouble_is_told_in_the_workers_words(
    world: World, found: Answer | NoAnswer | None, reachable: bool | None, part: str
) -> None:
    world.inputs.answers = {V: found}
    video = run(world).inputs[0]
    assert video.reachable is reachable
    assert part in (video.warning or "")


def test_page_of_a_known_site_has_its_advice(world: World) -> None:
    url = "https://drive.usercontent.google.com/download?id=1"
    world.inputs.answers = {url: Answer(200, "drive.usercontent.google.com", "text/html", 90, b"<html>")}
    video = run(world, body={"url_video": url, "captions": "Hi"}).inputs[0]
    assert "Share the Google Drive file" in (video.warning or "")


def test_empty_subtitles_are_told_as_such(world: World) -> None:
    world.inputs.answers = {S: Answer(200, "media.example", "text/plain", 0)}
    assert "contains no subtitle" in (run(world).inputs[1].warning or "")


def test_nothing_is_stored_or_started(world: World) -> None:
    world.store.down = world.objects.down = True
    run(world, body={"url_video": V, "captions": "A planted text"}, idempotency_key="run-7")
    assert (world.store.writes, world.store.jobs, world.store.keys, world.store.usage) == (0, {}, {}, {})
    assert (world.provider.runs, world.objects.objects, world.queue.sent) == ([], {}, [])
    assert (world.observer.changes, world.observer.warnings) == ([], [])


def test_request_is_checked_as_a_submit_checks_it(world: World) -> None:
    with pytest.raises(InvalidRequest) as refused:
        run(world, body={"url_video": "http://10.0.0.1/v.mp4", "url_srt": S})
    assert refused.value.errors[0][0] == "url_video"
    with pytest.raises(InvalidRequest, match="no signing secret"):
        run(world, owner="bob", webhook_url="https://hooks.example/x")
    with pytest.raises(SpeechNotAvailable):
        run(World(has_speech=False), body={"url_video": V, "captions": "auto"})
    assert world.inputs.asked == []


def test_estimate_without_history_is_of_the_benchmark(world: World) -> None:
    world.inputs.answers = {V: movie(100.0)}
    world.provider.down = True
    seen = run(world)
    work = WORK["caption"].seconds(100.0)
    assert (seen.estimate.basis, seen.estimate.jobs_measured) == ("benchmark", 0)
    assert seen.estimate.gpu_seconds == pytest.approx(work)
    assert seen.estimate.gpu_usd == pytest.approx(math.ceil(work) * 0.0002)
    assert seen.estimate.queue_seconds == COLD_START_SECONDS
    assert seen.warnings == ["RunPod did not tell its queue; the wait is that of a cold start."]


def test_estimate_follows_the_owners_history(world: World) -> None:
    """Ten jobs of 20 s for 90 s of video: 2 s are fixed, 18 s grow with the length. Start and idle time: 8 s a job."""
    with_history(world, PAST)
    world.inputs.answers = {V: movie(45.0)}
    seen = run(world).estimate
    assert (seen.basis, seen.jobs_measured, seen.gpu_seconds) == ("history", 10, 11.0)
    assert seen.gpu_usd == pytest.approx((11 + 8) * 0.00016)


def test_history_without_measurements_counts_executions_alone(world: World) -> None:
    with_history(world, replace(PAST, measured_jobs=0, start_ms=0, idle_ms=0, billed_seconds=0, nano_usd=0))
    assert run(world).estimate.gpu_usd == pytest.approx(20 * 0.0002)


def test_length_that_nothing_tells_is_that_of_usual_jobs(world: World) -> None:
    with_history(world, PAST)
    seen = run(world)
    assert seen.estimate.gpu_seconds == 20.0
    assert "assumes that of your usual job" in seen.warnings[0]
    assert "assumes 60 s" in run(World()).warnings[0]


@pytest.mark.parametrize("past", [None, replace(PAST, jobs=2)])
def test_history_that_is_short_or_unreadable_is_left(world: World, past: Past | None) -> None:
    assert run(with_history(world, past)).estimate.basis == "benchmark"


@pytest.mark.parametrize(
    ("health", "seconds"),
    [
        ({"jobs": {"inQueue": 0}, "workers": {"idle": 1}}, 0.0),
        ({"jobs": {}, "workers": {}}, 7.0),
        ({"jobs": {"inQueue": 6}, "workers": {"idle": 0, "running": 3}}, 7.0 + 6 * 20 / 3),
        ({"jobs": {"inQueue": 2}, "workers": {"idle": 1}}, 7.0 + 2 * 20),
    ],
)
def test_wait_is_that_of_the_queue(world: World, health: dict[str, Any], seconds: float) -> None:
    with_history(world, PAST)
    world.provider.health = lambda _: health  # type: ignore[method-assign]
    assert run(world).estimate.queue_seconds == pytest.approx(seconds)


@pytest.mark.parametrize("kind", list(OPERATIONS))
def test_every_operation_has_a_measurement(world: World, kind: str) -> None:
    body = {name: value for name, value in describe(OPERATIONS[kind]).example.items() if name != "kind"}
    seen = run(world, kind, body)
    assert seen.estimate.gpu_seconds > 0
    assert seen.estimate.gpu_usd > 0


def test_text_that_cannot_be_read_in_the_time_is_foreseen(world: World) -> None:
    world.inputs.answers = {A: NoAnswer(Code.SOURCE_TIMEOUT), V: movie(2.0)}
    text = "A sentence that is much too long to be read in two seconds by anyone"
    (warning,) = run(world, body={"url_video": V, "captions": text}).warnings
    assert warning.startswith(f"`captions` has {len(text)} characters for 2.0 s")
    assert run(world, body={"url_video": V, "captions": "auto"}).warnings == []
    timed = f"1\n00:00:00,000 --> 00:01:00,000\n{text}\n"
    assert run(world, body={"url_video": V, "captions": timed}).warnings == []


def test_words_after_the_end_are_foreseen(world: World) -> None:
    world.inputs.answers = {V: movie(2.0)}
    words = [{"word": "Hi", "start": 0, "end": 1}, {"word": "there", "start": 2.5, "end": 3}]
    (warning,) = run(world, body={"url_video": V, "words": words}).warnings
    assert warning == "Words that begin after the end of the video: 1 of 2. It lasts 2.0 s."


def test_range_after_the_end_is_foreseen(world: World) -> None:
    world.inputs.answers = {V: movie(10.0)}
    (warning,) = run(world, "trim", {"url_video": V, "start": 12}).warnings
    assert warning == "start is not within the video, which lasts 10.0 s. Use an earlier time."


def test_work_beyond_the_limits_is_foreseen(world: World) -> None:
    world.inputs.answers = {V: movie(4 * 3600.0)}
    media, execution = run(world).warnings
    assert media.startswith("url_video needs more work than one job may do: 180 minutes of media.")
    assert execution.startswith("The work may take longer than the 600 s")


def test_files_in_the_bucket_are_read_through_their_own_urls(world: World) -> None:
    """The host of a presigned URL is nobody's business, and its query is a key."""
    signed = "https://bucket.example/uploads/ada/1?X-Amz-Signature=planted-signature"
    world.inputs.answers = {signed: movie(30.0)}
    (inspected,) = inspect_inputs(
        world.services, [Input("url_video", Role.VIDEO, "upload:1")], {"url_video": signed}
    )  # fmt: skip
    assert world.inputs.asked == [{signed: True}]
    assert (inspected.view.host, inspected.view.size_bytes, inspected.view.duration_seconds) == (None, 1_000_000, 30.0)
    assert "planted" not in inspected.view.model_dump_json()
