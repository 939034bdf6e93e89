"""Engines that are stricter than moto: Amazon's own DynamoDB Local, and the S3 of ministack and of the local system."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from local.aws.names import BUCKET, REGION
from local.aws.s3.app import S3App
from local.aws.s3.objects import Bucket
from local.servers import Server, bind, url_of
from tests.support.guard import run_environment
from tests.support.ports import reserved_port

_ROOT = Path(__file__).resolve().parents[2]
_DYNAMODB = _ROOT / ".tools" / "dynamodb-local" / "package" / "emulator"
_MINISTACK = _ROOT / ".venv-ministack" / "bin" / "python"
_START_SECONDS = 60.0
S3_FOLDERS: dict[str, Path] = {}
"""The folder of the local S3, by its URL."""


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
def local_s3() -> Iterator[str]:
    """Run the local system's S3 in a thread and yield its URL. Key and secret are `test`."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    sock = bind()
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        app = S3App(BUCKET, Bucket(Path(folder)), {"test": "test"}, REGION).app

        async def serve() -> None:
            server = Server(app, sock)
            await server.start()
            ready.set()
            await stopped.wait()
            await server.stop()

        stopped = asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
        thread.start()
        ready.wait(_START_SECONDS)
        url = url_of(sock)
        S3_FOLDERS[url] = Path(folder)
        try:
            yield url
        finally:
            loop.call_soon_threadsafe(stopped.set)
            thread.join(10)
            loop.close()


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
