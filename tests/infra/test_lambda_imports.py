"""What the functions import, in an environment that holds only the gateway's own pinned packages."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.gateway import EVENTS, environment

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-lambda" / "bin" / "python"

DENIED = {"runpod", "httpx", "requests", "email_validator", "OpenSSL", "awscrt", "aws_xray_sdk", "gpu_worker", "local"}
SMALL = {"fastapi", "starlette", "mangum"}

PROGRAM = """
import json, sys
from types import SimpleNamespace
import importlib
module = importlib.import_module("lambda_api.entrypoints." + sys.argv[1])
context = SimpleNamespace(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r",
                          get_remaining_time_in_millis=lambda: 0)
if sys.argv[2]:
    assert module.handler(json.load(open(sys.argv[2])), context)
print(json.dumps(sorted(sys.modules)))
"""


def imported(entrypoint: str, event: str = "") -> set[str]:
    path = str(EVENTS / f"{event}.json") if event else ""
    # Loopback port 9 discards: whatever the handler tries to reach is not there.
    env = environment() | {
        "PYTHONPATH": str(ROOT), "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [PYTHON, "-c", PROGRAM, entrypoint, path], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_environment_is_the_functions_own() -> None:
    assert PYTHON.exists(), "run it with `make test`, which prepares .venv-lambda"
    found = subprocess.run([PYTHON, "-c", "import runpod"], capture_output=True, timeout=60, check=False)
    assert found.returncode != 0


@pytest.mark.parametrize("entrypoint", ["api", "runpod_webhook", "sweeper", "callbacks"])
def test_nothing_on_the_denylist_is_imported(entrypoint: str) -> None:
    modules = imported(entrypoint)
    assert "lambda_api" in modules
    assert not modules & DENIED


@pytest.mark.parametrize("entrypoint", ["runpod_webhook", "sweeper", "callbacks"])
def test_the_small_functions_start_without_the_web_framework(entrypoint: str) -> None:
    assert not imported(entrypoint) & SMALL


@pytest.mark.parametrize("entrypoint", ["api", "runpod_webhook", "sweeper", "callbacks"])
def test_boto_is_not_part_of_a_cold_start(entrypoint: str) -> None:
    # Powertools names itself in botocore's user agent: the package, not its clients.
    assert not imported(entrypoint) & {"boto3", "botocore.client"}


@pytest.mark.parametrize(
    ("entrypoint", "event"),
    [("api", "api/caption"), ("api", "api/job"), ("runpod_webhook", "runpod/webhook_wrong_token")],
)
def test_nothing_denied_comes_with_the_first_request_either(entrypoint: str, event: str) -> None:
    assert not imported(entrypoint, event) & DENIED
