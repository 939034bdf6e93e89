"""With `--json`, every command prints one object and nothing else; without it, what people and pipes read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import JOB, FakeApi

HOOK = "https://x.example.com/hook"


@pytest.fixture
def full_api(api: FakeApi) -> FakeApi:
    """An API with an answer for every command."""
    job = api.job()
    numbers = {"jobs": 3, "gpu_seconds": 12.0, "gpu_usd": 0.0042}
    tested = {"type": "webhook.test", "result": "http_500", "status": "delivered", "duration_ms": 12, "response": "no"}
    sent = {"delivery_id": "d", "job_id": JOB, "type": "job.completed", "attempt": 1, "status": "failed",
            "result": "http_500", "response": "no", "created_at": "2026-12-01T12:00:00Z"}  # fmt: skip
    fonts = {"fonts": [{"name": "Poppins", "source": "shipped", "scripts": ["Latin"]}], "presets": [{"name": "pop"}]}
    api.finds(job)
    api.answers |= {
        ("GET", "/jobs"): (200, {"jobs": [job], "next_cursor": None}),
        ("POST", f"/job/{JOB}/cancel"): (200, api.job("CANCELLED")),
        ("POST", f"/job/{JOB}/share"): (201, {"url": f"{api.url}/s/t", "expires_at": "2026-12-08T00:00:00Z"}),
        ("DELETE", f"/job/{JOB}/share"): (204, b""),
        ("GET", "/fonts"): (200, fonts),
        ("GET", "/costs"): (200, {"price_table": "2026-08", "total": numbers, "groups": []}),
        ("POST", "/webhooks/test"): (200, tested),
        ("GET", "/webhooks/deliveries"): (200, {"deliveries": [sent], "next_cursor": None}),
        ("POST", f"/job/{JOB}/redeliver"): (202, job),
        ("GET", "/webhooks/default"): (200, {"url": HOOK, "events": None}),
        ("PUT", "/webhooks/default"): (200, {"url": HOOK, "events": ["job.failed"]}),
        ("DELETE", "/webhooks/default"): (204, b""),
        ("GET", "/runpod/health"): (200, {"endpoint_id": "x", "jobs": {"inQueue": 1}, "workers": {"idle": 2}}),
    }
    return api


COMMANDS: dict[str, tuple[str, str | None]] = {
    "jobs": ("jobs", f"{JOB}\t"),
    f"job {JOB}": ("job_id", f"job_id\t{JOB}\n"),
    f"wait {JOB} -o w.mp4 --open": ("files", "w.mp4\n"),
    f"wait {JOB} --no-download": ("files", "http://"),
    f"cancel {JOB}": ("jobs", f"{JOB}\n"),
    f"download {JOB} -o d.mp4 --open": ("files", "d.mp4\n"),
    f"open {JOB}": ("url", None),
    f"share {JOB}": ("url", "http://"),
    f"unshare {JOB}": ("shared", None),
    "upload one.jpg": ("uploads", "upload:one.jpg\n"),
    "fonts": ("fonts", "Poppins\tshipped\tLatin\n"),
    "cost": ("total", "total\t3\t12.0\t"),
    "webhooks test": ("result", "http_500  12 ms\n"),
    f"webhooks deliveries {JOB}": ("deliveries", ""),
    f"webhooks resend {JOB}": ("job_id", f"{JOB}\n"),
    "webhooks default": ("url", f"{HOOK}\n"),
    f"webhooks default {HOOK} --events failed": ("events", f"{HOOK}\n"),
    "webhooks default --delete": ("url", None),
    "whoami": ("key", "address\thttp://"),
    "config list": ("api_key", "profile\tdefault\tdefault\n"),
    "config get url": ("value", "http://"),
    "config set url https://api.example.com": ("value", None),
    "config set profile work": ("value", None),
    "config unset profile": ("value", None),
    "config path": ("path", "/"),
    "doctor": ("checks", "✓ address"),
    "logout": ("signed_in", None),
    "caption clip.mp4 --captions hi -o c.mp4": ("files", "c.mp4\n"),
    "caption clip.mp4 --captions hi --no-wait": ("job_id", f"{JOB}\n"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_one_object_with_json(cli: Cli, full_api: FakeApi, command: str) -> None:
    member, shown = COMMANDS[command]
    ran = cli(*command.split(), "--json")
    assert ran.code == 0, ran.err
    found: Any = json.loads(ran.out)
    assert member in found
    ran = cli(*command.split(), *(["--force"] if " -o " in command else []))
    assert ran.code == 0, ran.err
    assert ran.out.startswith(shown) if shown is not None else ran.out == ""


def test_terminal_gets_titles_and_columns(cli: Cli, full_api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.is_terminal = True
    lines = cli("jobs").out.splitlines()
    assert lines[0].split() == ["JOB", "OPERATION", "STATE", "AGE", "PROGRESS", "COST"]
    assert lines[0].index("STATE") == lines[1].index("COMPLETED")
    ran = cli("cost")
    assert "GPU prices of 2026-08" in ran.err


def test_failed_job_shows_its_reason(cli: Cli, api: FakeApi) -> None:
    cause = {"code": "source_http", "message": "The server answered 404.", "blame": "caller"}
    api.finds(
        api.job("FAILED", error=cause, callback={"status": "DELIVERED"}, progress={"percent": 3, "stage": "fetch"})
    )
    assert "error\tThe server answered 404. (source_http)\n" in cli("job", JOB).out
    for command in ("download", "wait"):
        ran = cli(command, JOB)
        assert (ran.code, ran.out) == (1, "")
    api.finds(api.job("CANCELLED"))
    assert "the job was cancelled (cancelled)" in cli("wait", JOB).err
