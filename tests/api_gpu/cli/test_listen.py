"""`webhooks listen`: each delivery once, the same bytes and signature, to this machine only, never lost silently."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from standardwebhooks import Webhook

from api_gpu.cli.exits import Stop
from api_gpu.cli.listen.forward import check_target
from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import JOB, FakeApi, Seen, problem
from tests.support.system import Web, web

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1saXN0ZW4tdGVzdHM="


class Inbox:
    """A receiver that verifies signatures."""

    def __init__(self, site: Web) -> None:
        self.url = site("hook")
        self.bodies: list[Any] = []
        self.status = 204
        site.routes["hook"] = self._receive

    def _receive(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.bodies.append(Webhook(SECRET).verify(body, headers))
        request.send_response(self.status)
        request.send_header("Content-Length", "0")
        request.end_headers()


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with web(tmp_path) as site:
        yield Inbox(site)


def delivery(number: int, type_: str = "job.completed", **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    body = json.dumps({"type": type_, "number": number, "text": "Grüße"}, ensure_ascii=False, separators=(",", ":"))
    signature = Webhook(SECRET).sign(f"msg_{number}", now, body)
    headers = {"webhook-id": f"msg_{number}", "webhook-timestamp": str(int(now.timestamp())),
               "webhook-signature": signature}  # fmt: skip
    return {"delivery_id": f"d{number}", "job_id": JOB, "type": type_, "webhook_id": f"msg_{number}", "attempt": 1,
            "status": "held", "created_at": now.isoformat(), "headers": headers, "body": body,
            "target": None, **changes}  # fmt: skip


class Rounds:
    """The log of deliveries as it is before each read; each sleep of the loop leads to the next one, then to Ctrl-C."""

    def __init__(self, api: FakeApi, *logs: Any) -> None:
        self.logs = list(logs)
        api.answers["GET", "/webhooks/deliveries"] = self.answer

    def answer(self, seen: Seen) -> tuple[int, Any]:
        log, asked = self.logs[0], dict(parse_qsl(seen.query))
        if isinstance(log, tuple):
            return log
        if "after" not in asked:
            return 200, {"deliveries": log[-1:], "next_cursor": f"c{len(log)}" if log else None}
        after = asked["after"]
        start = int(after[1:]) if after.startswith("c") else sum(moment(it["created_at"]) < moment(after) for it in log)
        page = log[start : start + 2]
        return 200, {"deliveries": page, "next_cursor": f"c{start + len(page)}"}

    def __call__(self, seconds: float) -> None:
        if seconds < 2:
            return
        self.logs.pop(0)
        if not self.logs:
            raise KeyboardInterrupt


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_new_deliveries_arrive_once_with_their_bytes_and_signature(cli: Cli, api: FakeApi, inbox: Inbox) -> None:
    old, one, two, other = (delivery(number) for number in range(4))
    other["type"] = "job.failed"
    cli.changes["sleep"] = Rounds(api, [old], [old, one], [old, one, two, other], [old, one, two, other])
    ran = cli("webhooks", "listen", "--forward-to", inbox.url, "--events", "completed")
    assert [body["number"] for body in inbox.bodies] == [1, 2]
    assert inbox.bodies[0]["text"] == "Grüße"
    assert ran.code == 130
    assert [line.split("  ")[1:4] for line in ran.out.splitlines()] == [["job.completed", JOB, "204"]] * 2
    assert "whsec_" in ran.err


def test_held_deliveries_go_to_their_own_url_and_others_are_printed(cli: Cli, api: FakeApi, inbox: Inbox) -> None:
    cli.changes["sleep"] = Rounds(
        api, [], [delivery(1, target=inbox.url + "?a=b"), delivery(2), delivery(3, headers={}, target=inbox.url)]
    )
    ran = cli("webhooks", "listen", "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["result"] for line in lines][1] == "not forwarded: name a receiver with --forward-to"
    assert "never signed" in lines[2]["result"]
    assert [line["status_code"] for line in lines] == [204, None, None]
    assert "a=b" not in ran.out
    assert len(inbox.bodies) == 1


def test_earlier_deliveries_are_sent_if_asked_for(cli: Cli, api: FakeApi, inbox: Inbox) -> None:
    ancient = delivery(1, created_at="2020-01-01T00:00:00+00:00")
    cli.changes["sleep"] = Rounds(api, [ancient, delivery(2)])
    cli("webhooks", "listen", "--forward-to", inbox.url, "--since", "10m")
    assert [body["number"] for body in inbox.bodies] == [2]


def test_closed_port_is_tried_again_and_then_reported(cli: Cli, api: FakeApi) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
    cli.changes["sleep"] = Rounds(api, [], [delivery(1)])
    ran = cli("webhooks", "listen", "--forward-to", url, "--json")
    [line] = [json.loads(line) for line in ran.out.splitlines()]
    assert (line["status_code"], line["result"]) == (None, "connection refused")
    assert line["tries"] > 1
    assert f"api-gpu webhooks resend {JOB}" in ran.err


def test_refusing_receiver_is_counted(cli: Cli, api: FakeApi, inbox: Inbox) -> None:
    inbox.status = 500
    cli.changes["sleep"] = Rounds(api, [], [delivery(1)])
    ran = cli("webhooks", "listen", "--forward-to", inbox.url)
    assert "  500  " in ran.out
    assert "1 not accepted" in ran.err


def test_api_that_fails_for_a_while_loses_nothing(cli: Cli, api: FakeApi, inbox: Inbox) -> None:
    from tests.api_gpu.cli.test_exit_codes import without_retries  # noqa: PLC0415

    cli.changes |= {"make_client": without_retries}
    busy = problem(503, "busy", "Try again.")
    one, two, three = (delivery(number) for number in range(3))
    # What was there when the first read succeeded is not new.
    cli.changes["sleep"] = Rounds(api, busy, [one], busy, [one, two, three])
    ran = cli("webhooks", "listen", "--forward-to", inbox.url)
    assert [body["number"] for body in inbox.bodies] == [1, 2]
    assert ran.err.count("note: Try again.") == 2


@pytest.mark.parametrize("url", ["http://192.168.0.7/hook", "https://example.com/", "http://localhost.example.com/"])
def test_other_machines_need_permission(cli: Cli, api: FakeApi, url: str) -> None:
    assert cli("webhooks", "listen", "--forward-to", url).code == 2
    with pytest.raises(Stop, match="--allow-remote"):
        check_target(url, "--forward-to", allow_remote=False)
    assert check_target(url, "--forward-to", allow_remote=True) == url
    cli.changes["sleep"] = Rounds(api, [], [delivery(1, target=url)])
    ran = cli("webhooks", "listen", "--json")
    assert json.loads(ran.out)["result"].startswith("the webhook URL: ")
    assert "--allow-remote" in ran.out
