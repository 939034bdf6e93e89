"""Callbacks arrive until accepted, with one id and the same content, and cannot be forged."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from local.settings import CALLBACK_SECRET
from tests.support.examples import lasting
from tests.support.system import Job, System, Web, running

SMALL: dict[str, Any] = {"size": "128x128", "duration": 0.5, "frame_rate": 10}


class Receiver:
    """A receiver that fails the first `fail` times."""

    def __init__(self, fail: int = 0) -> None:
        self.fail = fail
        self.seen: list[tuple[dict[str, str], bytes]] = []

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.seen.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        handler.send_response(500 if len(self.seen) <= self.fail else 204)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@pytest.fixture
def receiver(site: Web) -> Iterator[Receiver]:
    site.routes["hook"] = receiver = Receiver()
    yield receiver
    del site.routes["hook"]


def submit(system: System, site: Web, **more: Any) -> str:
    fields = SMALL | {"webhook_url": site("hook"), "metadata": {"scene": "7"}} | more
    return str(system.submit("img2vid", url_image=site("photo.jpg"), **fields)["job_id"])


def reserialize(body: bytes) -> bytes:
    """Parse and serialize with Node, as a receiver does that verifies the parsed body."""
    program = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    return subprocess.run(["node", "-e", program], input=body, capture_output=True, timeout=60, check=True).stdout


def wait_for_callback(system: System, job_id: str) -> Job:
    return system.wait(job_id, lambda job: job["callback"]["status"] != "PENDING", 40)


@pytest.mark.fault("I15")
def test_callback_has_links_to_every_file_of_the_job(system: System, site: Web, receiver: Receiver) -> None:
    fields = {"url_video": site("clip.mp4"), "url_srt": site("clip.srt"), "sidecar": ["srt", "vtt", "ass"]}
    submitted = system.submit("caption", webhook_url=site("hook"), style="karaoke", **fields)
    job = wait_for_callback(system, submitted["job_id"])
    assert (job["status"], job["callback"]["status"], submitted["artifacts"]) == ("COMPLETED", "DELIVERED", [])
    headers, body = receiver.seen[-1]
    event = Webhook(CALLBACK_SECRET).verify(body, headers)
    listed = next(one for one in system.call("GET", "/jobs")[1]["jobs"] if one["job_id"] == job["job_id"])
    data = {}
    for shown in (job, event, listed):
        names = [stored["name"] for stored in shown["artifacts"]]
        assert names == ["output.mp4", "captions.srt", "captions.vtt", "captions.ass"]
        for stored in shown["artifacts"]:
            with urllib.request.urlopen(stored["url"], timeout=30) as answer:
                data[stored["name"]] = answer.read()
                assert answer.headers["Content-Type"] == stored["content_type"]
            assert len(data[stored["name"]]) == stored["size_bytes"]
            assert hashlib.sha256(data[stored["name"]]).hexdigest() == stored["sha256"]
        assert shown["video_url"].partition("?")[0] == shown["artifacts"][0]["url"].partition("?")[0]
    assert "Erste Zeile: ein Café" in data["captions.srt"].decode()
    assert data["captions.vtt"].startswith(b"WEBVTT\n")
    assert b"Dialogue: " in data["captions.ass"]


@pytest.mark.fault("J3", "J7")
@pytest.mark.parametrize("failures", [0, 3])
def test_receiver_failing_k_times_gets_k_plus_one_callbacks(
    system: System, site: Web, receiver: Receiver, failures: int
) -> None:
    receiver.fail = failures
    job = wait_for_callback(system, submit(system, site))
    assert (job["callback"]["status"], job["callback"]["attempts"]) == ("DELIVERED", failures + 1)
    assert len(receiver.seen) == failures + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.seen}) == 1
    assert len({lasting(body) for _, body in receiver.seen}) == 1
    for headers, body in receiver.seen:
        event = Webhook(CALLBACK_SECRET).verify(body, headers)
        assert event["type"] == "job.completed"
        assert event["links"]["self"] == f"{system.url}/job/{job['job_id']}"
        if shutil.which("node"):
            Webhook(CALLBACK_SECRET).verify(reserialize(body), headers)
        assert (event["job_id"], event["status"], event["metadata"]) == (job["job_id"], "COMPLETED", {"scene": "7"})


def test_tampering_fails_verification(system: System, site: Web, receiver: Receiver) -> None:
    wait_for_callback(system, submit(system, site))
    ((headers, body),) = receiver.seen
    forged = json.dumps(json.loads(body) | {"status": "FAILED"}).encode()
    for wrong_body, wrong_headers in ((forged, headers), (body, headers | {"webhook-id": "msg_other"})):
        with pytest.raises(WebhookVerificationError):
            Webhook(CALLBACK_SECRET).verify(wrong_body, wrong_headers)


def test_failed_job_sends_a_callback(system: System, site: Web, receiver: Receiver) -> None:
    job_id = str(system.submit("img2vid", url_image=site("nothing.jpg"), webhook_url=site("hook"))["job_id"])
    wait_for_callback(system, job_id)
    event = json.loads(receiver.seen[0][1])
    assert (event["status"], event["error"]["code"]) == ("FAILED", "source_http")


def test_sweeper_resends_a_lost_queue_message(site: Web, receiver: Receiver) -> None:
    nowhere = {"CALLBACK_QUEUE_URL": "http://127.0.0.1:9/lost", "CALLBACK_GRACE_SECONDS": "1"}
    with running("--workers=1", env=nowhere) as system:
        job = wait_for_callback(system, submit(system, site))
        assert (job["callback"]["status"], len(receiver.seen)) == ("DELIVERED", 1)
        assert any("callback_enqueue_failed" in line for line in system.log)
