"""Imports of the functions, in an environment that holds only the gateway's own pinned packages."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.gateway import EVENTS, environment

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-lambda" / "bin" / "python"

DENIED = {
    "httpx", "requests", "aiohttp", "runpod", "email_validator",
    "OpenSSL", "awscrt", "aws_xray_sdk", "gpu_worker", "local",
}  # fmt: skip
WEB = {"fastapi", "starlette", "mangum", "anyio", "opentelemetry", "asyncio"}
BUDGET = {"api": 420, "runpod_webhook": 270, "sweeper": 270, "callbacks": 270, "runpod_endpoint": 260}
"""Library modules after the start and the first request. Measured: 413, 263, 263, 263, 255; boto3 brings about 150."""

PROGRAM = """
import gc, json, sys
from types import SimpleNamespace
import importlib
module = importlib.import_module("lambda_api.entrypoints." + sys.argv[1])
context = SimpleNamespace(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r",
                          get_remaining_time_in_millis=lambda: 0)
if sys.argv[2]:
    assert module.handler(json.load(open(sys.argv[2])), context)
print(json.dumps({"modules": sorted(sys.modules), "collecting": gc.isenabled()}))
"""


@dataclass(frozen=True)
class Started:
    modules: set[str]
    collecting: bool

    @property
    def packages(self) -> set[str]:
        return {name.partition(".")[0] for name in self.modules}

    @property
    def foreign(self) -> set[str]:
        ours = {"contract", "lambda_api"}
        return {name for name in self.modules if name.partition(".")[0] not in sys.stdlib_module_names | ours}


def start_function(entrypoint: str, event: str = "") -> Started:
    path = str(EVENTS / f"{event}.json") if event else ""
    # Nothing listens on loopback port 9, so every call of the handler fails.
    env = environment() | {
        "PYTHONPATH": str(ROOT), "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "RUNPOD_API_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    done = subprocess.run(
        [PYTHON, "-c", PROGRAM, entrypoint, path], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    return Started(set(result["modules"]), result["collecting"])


def test_environment_is_the_functions_own() -> None:
    assert PYTHON.exists(), "run it with `make test`, which prepares .venv-lambda"
    found = subprocess.run([PYTHON, "-c", "import runpod"], capture_output=True, timeout=60, check=False)
    assert found.returncode != 0


@pytest.mark.parametrize(
    ("entrypoint", "event"),
    [
        ("api", "api/job"), ("runpod_webhook", "runpod/webhook_wrong_token"), ("sweeper", ""), ("callbacks", "sqs"),
        ("runpod_endpoint", ""),
    ],
)  # fmt: skip
def test_start_imports_no_more_than_necessary(entrypoint: str, event: str) -> None:
    start = start_function(entrypoint, event)
    assert "lambda_api" in start.packages
    assert not start.packages & DENIED
    assert len(start.foreign) <= BUDGET[entrypoint]
    assert start.collecting
    if entrypoint != "api":
        assert not start.packages & WEB


def test_submit_imports_no_denied_package() -> None:
    assert not start_function("api", "api/caption").packages & DENIED
