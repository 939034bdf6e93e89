"""No secret reaches a log, from callbacks, scanners or any test, and the scan detects planted ones."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambda_api.adapters.callback_http import HttpCallbackSender
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.access.share_links import Share, make_share_token
from lambda_api.domain.access.tokens import make_token
from lambda_api.observability.observer import PowertoolsObserver
from lambda_api.observability.redaction import redact
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.submit_job import submit_job
from local.settings import CALLBACK_SECRET
from tests.support.examples import submission
from tests.support.fakes import HOOK_SECRET, World
from tests.support.gateway import Client, context, entrypoint, golden
from tests.support.log_scan import find_leak
from tests.support.scripted_server import answer, peer, reset

runpod_webhook = entrypoint("runpod_webhook")
SHARE = make_share_token(HOOK_SECRET, Share("job-1", "output.mp4", 1_800_000_000_000, 0))
ROOT = Path(__file__).resolve().parents[3]
TOKEN = make_token(HOOK_SECRET, "webhook", "job-1", 1)


@pytest.mark.fault("J13")
@pytest.mark.parametrize("reply", [answer(500), answer(200), answer(302, headers={"Location": "/?planted"}), reset])
def test_callback_log_has_the_result_and_no_url(log: io.StringIO, reply: Any) -> None:
    world, callers = World(), ApiCredentials(callback_secrets={"ada": (CALLBACK_SECRET,)})
    with peer() as site:
        site.replies = [reply]
        services = replace(
            world.services,
            sender=HttpCallbackSender(lambda: callers, allow_loopback=True),
            observer=PowertoolsObserver(),
            allow_loopback=True,
        )
        submit_job(services, submission(webhook_url=f"{site.url}/hook/planted?token=planted"))
        Client(world).call("POST", "/job/job-1/cancel")
        assert deliver_callback(services, "job-1")
        assert [seen.path for seen in site.seen] == ["/hook/planted?token=planted"]
    logged = log.getvalue()
    assert "callback_attempted" in logged
    assert "planted" not in logged
    assert site.url not in logged


@pytest.mark.fault("D12")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_webhook_scanner_gets_404_and_its_path_is_not_logged(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    world = World()
    submit_job(world.services, submission())
    monkeypatch.setattr(runpod_webhook, "services", lambda: world.services)
    path = f"/runpod/webhook/job-1/{TOKEN}"
    event = golden("runpod/webhook_completed") | {"rawPath": path}
    event["requestContext"] = event["requestContext"] | {"http": {"method": method, "path": path}}
    assert runpod_webhook.handler(event, context())["statusCode"] == 404
    # API Gateway routes only POST requests to the webhook function.
    assert Client(world).call(method, path, key=None).status in {404, 405}
    assert world.provider.status_calls == 0
    assert TOKEN not in log.getvalue()


@pytest.mark.parametrize(
    "line",
    [
        "GET /x?X-Amz-Signature=abc", "X-Amz-Credential=AKIA/20260101", f"/runpod/webhook/j/{TOKEN}", f"token {TOKEN}",
        f"/s/{SHARE}",
        CALLBACK_SECRET, f"who is ag_{'x' * 43}", "key local-key", "https://host/?token=planted",
        "Erste Zeile: ein Café",
    ],
)  # fmt: skip
def test_scan_finds_secrets(line: str) -> None:
    held = find_leak(line)
    assert held is not None
    assert len(held) <= 13


@pytest.mark.parametrize(
    "line",
    [
        '{"message": "job_changed", "job_id": "0b0c2a5e-4c0e-4b6e-8d1b-3f9a2b1c0d9e", "ms": 12}',
        "GET [url] X-Amz-Signature=[secret]", "/runpod/webhook/job-1/[token]",
    ],
)  # fmt: skip
def test_scan_accepts_facts(line: str) -> None:
    assert find_leak(line) is None


@pytest.mark.fault("A5")
def test_issued_keys_never_pass_redaction_or_scan() -> None:
    for _ in range(200):
        line = f"{{'message': 'who was ag_{secrets.token_urlsafe(32)}?'}}"
        assert find_leak(line)
        assert redact(line) == "{'message': 'who was [secret]?'}"


LEAKING = [
    "worker.addHandler(logging.StreamHandler()); worker.warning('GET ?token=planted')",
    "logging.getLogger('asyncio').error('?token=planted')",
    "logging.getLogger('urllib3.connectionpool').warning('GET %s', '?token=planted')",
    "logging.getLogger('mangum.lifespan').info('?token=planted')",
    "logging.getLogger('somebody.new').info('?token=planted')",
    "log_event('planted', 'job-1')",
    'Log(None).line(\'api\', \'{"message": "x", "url": "?X-Amz-Signature=abc"}\')',
    "Log(None).event('gateway', 'x', path='?token=planted')",
    "scan('a process', ['whsec_abcdefghij'])",
    "subprocess.run([sys.executable, '-m', 'gpu_worker', 'planted'], capture_output=True)",
    "subprocess.run([sys.executable, '-m', 'local', 'planted'], capture_output=True, text=True)",
]
QUIET = [
    "print('planted')",
    "logging.getLogger('werkzeug').error('GET ?token=planted')",
    "subprocess.run([sys.executable, '-c', 'print(1)', 'planted'], capture_output=True)",
    "subprocess.run(['echo', 'planted'], capture_output=True)",
]


def run_session(tmp_path: Path, statements: list[str]) -> subprocess.CompletedProcess[str]:
    """A session with a test for each of the statements."""
    (tmp_path / "conftest.py").write_text(
        "from tests.support.log_scan import LogScan\n"
        "def pytest_configure(config):\n    config.pluginmanager.register(LogScan())\n"
    )
    lines = [
        "import logging, subprocess, sys", "from gpu_worker.logs import log_event", "from local.logs import Log",
        "from tests.support.log_scan import scan", "worker = logging.getLogger('gpu_worker.x')",
    ]  # fmt: skip
    for number, statement in enumerate(statements):
        lines += [f"def test_{number}():", f"    {statement}"]
    (tmp_path / "test_it.py").write_text("\n".join(lines))
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "--rootdir", str(tmp_path))
    argv = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    # If CI is set, pytest prints every failure a second time, at its end.
    env = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_session_fails_for_each_leaking_line(tmp_path: Path) -> None:
    done = run_session(tmp_path, LEAKING)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{len(LEAKING)} passed, {len(LEAKING)} errors" in done.stdout
    assert done.stdout.count("a secret in the log: ") == len(LEAKING)


def test_lines_of_other_programs_fail_no_session(tmp_path: Path) -> None:
    done = run_session(tmp_path, QUIET)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(QUIET)} passed" in done.stdout
