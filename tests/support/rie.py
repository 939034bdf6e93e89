"""The real Lambda runtime on this host: AWS's Runtime Interface Emulator and its Python client, around a package."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.guard import run_environment
from tests.support.log_scan import scan
from tests.support.ports import reserved_port
from tests.support.sam import PYTHON

_INVOKE = "/2015-03-31/functions/function/invocations"
_START_SECONDS = 30.0
_ANSWER_SECONDS = 60.0


class FunctionFailed(Exception):
    """The function raised an error, which the runtime reported."""


def missing() -> str | None:
    """Return why the runtime cannot run here, or None."""
    if not _emulator().exists():
        return f"SAM ships no runtime emulator for {platform.machine()}"
    version = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    return None if version.startswith("Python 3.13.") else "no Python 3.13 here, which the package is for"


@dataclass(frozen=True)
class Runtime:
    """One execution environment. `log`: everything it printed, as CloudWatch would keep it."""

    url: str
    log: Path

    def invoke(self, event: object) -> Any:
        """Return the handler's result. Raises FunctionFailed."""
        request = urllib.request.Request(self.url + _INVOKE, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
            result = json.loads(answer.read())
        if isinstance(result, dict) and "errorType" in result:
            raise FunctionFailed(result)
        return result

    def lines(self) -> list[dict[str, Any]]:
        """Parse the log lines that are JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextmanager
def running(package: Path, handler: str, env: Mapping[str, str], scratch: Path) -> Iterator[Runtime]:
    """Run a function that starts at its first event, as after a deploy. Kills every process it started."""
    log = scratch / f"{handler}.log"
    with reserved_port() as outer, reserved_port() as inner, log.open("wb") as output:
        url = f"127.0.0.1:{outer}"
        process = subprocess.Popen(
            [_emulator(), "--runtime-interface-emulator-address", url, "--runtime-api-address", f"127.0.0.1:{inner}",
             PYTHON, "-m", "awslambdaric", handler],
            cwd=package, env=_environment(package, handler) | dict(env) | run_environment(), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(url, process, log)
            yield Runtime(f"http://{url}", log)
        finally:
            # The runtime's own process is in the same group.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
            scan(handler, log.read_text(errors="replace").splitlines())


def _environment(package: Path, handler: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC", "LAMBDA_TASK_ROOT": str(package),
        "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", "_HANDLER": handler, "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024", "AWS_LAMBDA_FUNCTION_TIMEOUT": "29",
    }  # fmt: skip


def _emulator() -> Path:
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    library = next((PYTHON.parent.parent / "lib").glob("python3.*"))
    return library / "site-packages" / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{architecture}"


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    until = time.monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, f"not up in {_START_SECONDS} s: {log.read_text()}"
            time.sleep(0.05)
        else:
            return
