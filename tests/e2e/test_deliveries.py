"""The delivery log shows what receivers answered; deliveries can be repeated, held, and sent while a job runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from standardwebhooks import Webhook

from contract.messages import ProgressReport
from lambda_api.domain.access.tokens import make_token
from local.settings import CALLBACK_SECRET
from tests.support.examples import lasting
from tests.support.system import HOOK_SECRET, Job, System, Web, eventually

SMALL: dict[str, Any] = {"size": "128x128", "duration": 0.5, "frame_rate": 10}
REFUSAL = b'{"code":401,"message":"Invalid token"}'


class Receiver:
    """A receiver that answers with these statuses, then with 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.seen: list[tuple[dict[str, str], bytes]] = []

    def __call__(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.seen.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        status = self.statuses.pop(0) if self.statuses else 204
        answer = REFUSAL if status >= 400 else b""
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)


@pytest.fixture
def receiver(site: Web) -> Iterator[Receiver]:
    site.routes["hook"] = receiver = Receiver()
    yield receiver
    del site.routes["hook"]


def submit(system: System, site: Web, **more: Any) -> str:
    return str(system.submit("img2vid", url_image=site("photo.jpg"), **(SMALL | more))["job_id"])


def wait_for_callback(system: System, job_id: str, attempts: int = 1) -> Job:
    def is_done(job: Job) -> bool:
        return job["callback"]["status"] != "PENDING" and job["callback"]["attempts"] >= attempts

    return system.wait(job_id, is_done, 40)


def deliveries(system: System, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = system.call("GET", path)[1]["deliveries"]
    return found


def test_log_shows_a_refusal_and_redelivery_has_the_same_id(system: System, site: Web, receiver: Receiver) -> None:
    receiver.statuses = [401]
    job_id = submit(system, site, webhook_url=site("hook") + "?signature=planted")
    job = wait_for_callback(system, job_id, 2)
    assert job["callback"]["status"] == "DELIVERED"
    second, first = deliveries(system, f"/job/{job_id}/deliveries")
    assert (first["status"], first["result"], first["response"]) == ("failed", "http_401", REFUSAL.decode())
    assert (second["status"], second["result"], second["response"]) == ("delivered", "http_204", None)
    assert first["next_attempt_at"] is not None
    assert "planted" not in first["url"]

    status, again = system.call("POST", f"/job/{job_id}/redeliver")
    assert (status, again["callback"]["status"]) == (202, "PENDING")
    wait_for_callback(system, job_id, 3)
    assert len(receiver.seen) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.seen}) == 1
    assert len({lasting(body) for _, body in receiver.seen}) == 1
    logged = list(reversed(deliveries(system, f"/job/{job_id}/deliveries")))
    assert [entry["attempt"] for entry in logged] == [1, 2, 3]
    for (headers, body), entry in zip(receiver.seen, logged, strict=True):
        assert Webhook(CALLBACK_SECRET).verify(body, headers)["job_id"] == job_id
        # Exactly what was sent: whoever replays it has a valid signature.
        assert (entry["body"].encode(), entry["headers"].items() <= headers.items()) == (body, True)
    assert not any("planted" in line or "Invalid token" in line for line in system.log)


def test_held_delivery_is_listed_with_a_valid_signature(system: System, site: Web) -> None:
    cursor = system.call("GET", "/webhooks/deliveries?after=2026-01-01&limit=1")[1]["next_cursor"]
    job_id = submit(system, site, webhook_url="listen:http://localhost:5678/hook?x=1")
    job = wait_for_callback(system, job_id)
    assert (job["callback"]["status"], job["callback"]["last_result"]) == ("HELD", "held")

    def listed() -> list[dict[str, Any]]:
        nonlocal cursor
        page = system.call("GET", f"/webhooks/deliveries?after={cursor}&limit=100")[1]
        cursor = page["next_cursor"]
        return [entry for entry in page["deliveries"] if entry["job_id"] == job_id]

    (held,) = eventually(listed, bool, 10)
    assert (held["status"], held["target"]) == ("held", "http://localhost:5678/hook?x=1")
    assert Webhook(CALLBACK_SECRET).verify(held["body"], held["headers"])["job_id"] == job_id


@pytest.fixture
def slow_photo(site: Web) -> Iterator[threading.Event]:
    """A photo that is sent when the event is set: until then its job runs."""
    arrives = threading.Event()

    def send(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        arrives.wait(30)
        data = (site.folder / "photo.jpg").read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    site.routes["slow.jpg"] = send
    yield arrives
    arrives.set()
    del site.routes["slow.jpg"]


def test_progress_is_sent_once_each_and_in_order(
    system: System, site: Web, receiver: Receiver, slow_photo: threading.Event
) -> None:
    fields = SMALL | {"webhook_url": site("hook"), "webhook_events": ["progress", "completed"]}
    job_id = system.submit("img2vid", url_image=site("slow.jpg"), **fields)["job_id"]
    path = f"/runpod/progress/{job_id}/{make_token(HOOK_SECRET, 'progress', job_id, 1)}"
    for seq, (percent, count) in enumerate(((10, 0), (30, 1), (45, 1), (50, 2), (90, 3)), 900_000):
        report = ProgressReport(attempt=1, seq=seq, percent=percent, stage="encode")
        for _ in range(2):
            assert system.call("POST", path, report.model_dump(mode="json"))[0] == 200
        eventually(lambda: len(receiver.seen), lambda seen, count=count: seen >= count)
    slow_photo.set()
    wait_for_callback(system, job_id)
    events = [
        (headers["webhook-id"], Webhook(CALLBACK_SECRET).verify(body, headers)) for headers, body in receiver.seen
    ]
    assert [name for name, _ in events] == [f"msg_{job_id}{mark}" for mark in ("_25", "_50", "_75", "")]
    assert [event["type"] for _, event in events] == ["job.progress"] * 3 + ["job.completed"]
    assert [event["progress"]["percent"] for _, event in events] == [30, 50, 90, 100]


def test_default_receiver_gets_a_test_and_the_callback(system: System, site: Web, receiver: Receiver) -> None:
    try:
        assert system.call("PUT", "/webhooks/default", {"url": site("hook")})[0] == 200
        receiver.statuses = [401]
        status, tested = system.call("POST", "/webhooks/test", {})
        assert (status, tested["result"], tested["response"]) == (200, "http_401", REFUSAL.decode())
        job_id = submit(system, site)
        wait_for_callback(system, job_id)
        kinds = [Webhook(CALLBACK_SECRET).verify(body, headers)["type"] for headers, body in receiver.seen]
        assert kinds == ["webhook.test", "job.completed"]
    finally:
        assert system.call("DELETE", "/webhooks/default")[0] == 204
