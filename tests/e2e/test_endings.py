"""Jobs that are canceled, killed, lost, or impossible from the start."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.system import USER_LINES, System, Web, eventually, running

LONG: dict[str, Any] = {"duration": 300, "frame_rate": 60}
SMALL: dict[str, Any] = {"size": "128x128", "duration": 0.5, "frame_rate": 10}


def test_cancel_while_queued(system: System, site: Web) -> None:
    system.faults(worker="hold")
    job_id = system.submit("img2vid", url_image=site("photo.jpg"))["job_id"]
    status, job = system.call("POST", f"/job/{job_id}/cancel")
    assert (status, job["status"], job["error"]["code"]) == (200, "CANCELLED", "cancelled")
    assert [e["status"] for e in system.executions()][-1] == "CANCELLED"
    system.no_faults()
    time.sleep(1)
    assert system.job(job_id)["status"] == "CANCELLED"


def test_cancel_while_ffmpeg_runs(system: System, site: Web) -> None:
    job_id = system.submit("img2vid", url_image=site("photo.jpg"), **LONG)["job_id"]
    system.wait(job_id, lambda job: job["progress"]["stage"] == "encode", 40)
    eventually(system.encoders, bool)
    status, job = system.call("POST", f"/job/{job_id}/cancel")
    assert (status, job["status"]) == (200, "CANCELLED")
    # The whole encode would take minutes.
    eventually(system.encoders, lambda left: not left, 15, 0.05)
    # The job leaves nothing on disk, while the worker keeps running.
    eventually(lambda: list(system.scratch.rglob("in_*")) + list(system.scratch.rglob("*.mp4")), lambda f: not f, 15)
    assert system.run("img2vid", url_image=site("photo.jpg"), **SMALL)["status"] == "COMPLETED"


@pytest.mark.fault("E11")
def test_cancel_of_a_finished_job_returns_its_state(system: System, site: Web) -> None:
    job = system.run("img2vid", url_image=site("photo.jpg"), **SMALL)
    status, problem = system.call("POST", f"/job/{job['job_id']}/cancel")
    assert (status, problem["code"], problem["job_status"]) == (409, "job_already_finished", "COMPLETED")
    assert system.job(job["job_id"])["status"] == "COMPLETED"


@pytest.mark.fault("I2")
def test_killed_worker_is_retried_with_one_result(system: System, site: Web) -> None:
    system.faults(worker={"mode": "kill_mid_job", "seconds": 0.3, "times": 1})
    job = system.wait(system.submit("img2vid", url_image=site("photo.jpg"), duration=2)["job_id"])
    assert job["status"] == "COMPLETED"
    execution = system.executions()[-1]
    assert (execution["retries"], execution["status"]) == (1, "COMPLETED")


@pytest.mark.fault("I2")
def test_lost_worker_times_out_by_the_deadline(site: Web) -> None:
    with running("--workers=1", env={"JOB_TTL_SECONDS": "6", "CHECK_SECONDS": "3"}) as system:
        system.faults(worker="gone")
        began = time.monotonic()
        job_id = system.submit("img2vid", url_image=site("photo.jpg"))["job_id"]
        job = system.wait(job_id, seconds=60)
        took = time.monotonic() - began
        assert (job["status"], job["error"]["code"]) == ("TIMED_OUT", "deadline_exceeded")
        # The deadline and two sweeps, with 15 s for a busy machine.
        assert 5 <= took <= 6 + 2 * 1 + 15


@pytest.mark.parametrize(
    ("operation", "fields", "code", "message"),
    [
        ("caption", {"url_video": "http://127.0.0.1:9/planted/v.mp4?planted"}, "source_unreachable", "refused"),
        ("caption", {"url_video": "@nothing.mp4"}, "source_http", "HTTP 404"),
        ("caption", {"url_video": "@page.mp4"}, "source_is_html", "HTML page"),
        ("caption", {"url_video": "@empty.mp4"}, "source_empty", "empty"),
        ("caption", {"url_video": "@text.mp4"}, "media_unreadable", "not a media file"),
        ("caption", {"url_video": "@truncated.mp4"}, "media_unreadable|media_truncated", "url_video"),
        ("addaudio", {"url_video": "@truncated_fast.mp4", "url_audio": "@voice.mp3"}, "media_truncated", "cut off"),
        ("caption", {"url_srt": "@no_cue.srt"}, "subtitles_empty|subtitles_unreadable", "url_srt"),
        ("caption", {"url_srt": "@empty.srt"}, "subtitles_empty", "url_srt"),
        ("caption", {"url_video": "@audio_only.mp4"}, "media_no_video", "no video"),
        ("addaudio", {"url_video": "@clip.mp4", "url_audio": "@photo.jpg"}, "media_unsupported", "audio"),
        ("img2vid", {"url_image": "@text.mp4"}, "media_unreadable", "url_image"),
    ],
)  # fmt: skip
def test_bad_input_fails_with_a_clear_message_and_no_leak(
    system: System, site: Web, operation: str, fields: dict[str, str], code: str, message: str
) -> None:
    whole = {"url_video": "@clip.mp4", "url_srt": "@clip.srt"} | fields if operation == "caption" else fields
    body = {name: site(value[1:] + "?token=planted") if value[0] == "@" else value for name, value in whole.items()}
    job = system.run(operation, **body)
    error = job["error"]
    assert (job["status"], error["blame"]) == ("FAILED", "caller"), job
    assert error["code"] in code.split("|")
    assert message in error["message"]
    for leak in ("planted", "127.0.0.1", "/tmp", "Traceback", "ffmpeg"):
        assert leak not in str(job)


def test_no_secret_or_signed_url_in_the_log(system: System, site: Web) -> None:
    system.run("caption", url_video=site("clip.mp4?token=planted"), url_srt=site("clip.srt"))
    logged = "".join(line for line in system.log if not USER_LINES.match(line))
    assert "job_changed" in logged
    for secret in ("planted", "X-Amz-", "Erste Zeile", "whsec_", "local-runpod-key"):
        assert secret not in logged
    assert "local-key" not in logged
