"""The whole system as a user starts it: `python -m local up`, driven over HTTP."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from tests.support.guard import run_environment
from tests.support.log_scan import scan

ROOT = Path(__file__).resolve().parents[2]
HOOK_SECRET = "hook-secret-of-the-end-to-end-tests"
TERMINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
Job = dict[str, Any]
USER_LINES = re.compile(r"(?:api-gpu ready|callback secret|samples): .*$")
"""The lines that `local up` prints for its user."""
_READY = r"api-gpu ready: (http://[\d.:]+) key=local-key emulator=(http://[\d.:]+)$"


@dataclass
class System:
    """A running system. `log` is everything it printed."""

    process: subprocess.Popen[str]
    url: str
    emulator: str
    scratch: Path
    log: list[str] = field(default_factory=list)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "local-key",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        return http(method, self.url + path, body, {"X-API-Key": key, **(headers or {})})

    def submit(self, operation: str, **body: Any) -> Job:
        status, job = self.call("POST", f"/video/{operation}", body)
        assert status == 202, job
        return dict(job)

    def job(self, job_id: str) -> Job:
        status, job = self.call("GET", f"/job/{job_id}")
        assert status == 200, job
        return dict(job)

    def wait(self, job_id: str, until: Callable[[Job], bool] | None = None, seconds: float = 60) -> Job:
        """Return the job once it is finished, or once `until` holds."""
        reached = until or (lambda job: job["status"] in TERMINAL)
        return eventually(lambda: self.job(job_id), reached, seconds)

    def run(self, operation: str, **body: Any) -> Job:
        return self.wait(self.submit(operation, **body)["job_id"])

    def faults(self, **faults: Any) -> None:
        status, answer = http("POST", f"{self.emulator}/_faults", faults)
        assert status == 200, answer

    def no_faults(self) -> None:
        http("DELETE", f"{self.emulator}/_faults")

    def executions(self) -> list[Job]:
        """Return RunPod's jobs, oldest first."""
        jobs: list[Job] = http("GET", f"{self.emulator}/_jobs")[1]["jobs"]
        return jobs

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def encoders(self) -> list[psutil.Process]:
        """Return the running ffmpeg processes."""
        return [p for p in self.processes() if _is_ffmpeg(p)]


def _is_ffmpeg(process: psutil.Process) -> bool:
    try:
        return "ffmpeg" in Path(process.exe()).name and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def http(
    method: str, url: str, body: object = None, headers: dict[str, str] | None = None, timeout: float = 40
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "User-Agent": "test", **(headers or {})}
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            raw, status = answer.read(), answer.status
    except urllib.error.HTTPError as error:
        with error:
            raw, status = error.read(), error.code
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw


def eventually(look: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = 20, every: float = 0.1) -> Any:
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if holds(seen):
            return seen
        assert time.monotonic() < until, f"not reached in {seconds} s: {seen}"
        time.sleep(every)


@contextmanager
def running(*arguments: str, env: dict[str, str] | None = None) -> Iterator[System]:
    """Start the system on free ports, and stop it as Ctrl-C does. Raises if it leaves anything behind."""
    settings = {"HOOK_SECRET": HOOK_SECRET, "CHECK_SECONDS": "7"} | (env or {})
    options = [f"--env={name}={value}" for name, value in settings.items()]
    with tempfile.TemporaryDirectory() as scratch, tempfile.NamedTemporaryFile(encoding="utf-8", mode="r") as raw:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "local",
                "up",
                "--port=0",
                "--sweep-seconds=1",
                "--no-limits",
                f"--raw-log={raw.name}",
                *arguments,
                *options,
            ],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "TMPDIR": scratch, "PYTHONUNBUFFERED": "1", **run_environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        log: list[str] = []
        reader = threading.Thread(target=_collect, args=(process, log), daemon=True)
        reader.start()
        try:
            ready = eventually(lambda: _ready(log), lambda m: m is not None or process.poll() is not None, 60)
            assert ready, "".join(log)
            yield System(process, ready[1], ready[2], Path(scratch), log)
        finally:
            left = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            reader.join(5)
            if process.stdout is not None:
                process.stdout.close()
            # Except for the lines for the user, which contain the key.
            scan("the local system", (line for line in log if not USER_LINES.match(line)))
            scan("a function or worker", raw)
        _, alive = psutil.wait_procs(left, timeout=3)
        assert not alive, f"left running: {alive}"
        assert not list(Path(scratch).iterdir()), "left in the temporary folder"


def _collect(process: subprocess.Popen[str], log: list[str]) -> None:
    assert process.stdout is not None
    log.extend(iter(process.stdout.readline, ""))


def _ready(log: list[str]) -> re.Match[str] | None:
    found = (re.match(_READY, line) for line in log)
    return next((match for match in found if match), None)


Reply = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass
class Web:
    """A client's web server on loopback: files, and routes that misbehave."""

    url: str
    folder: Path
    routes: dict[str, Reply] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        return f"{self.url}/{name}"


@contextmanager
def web(folder: Path) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            name = self.path.partition("?")[0].strip("/")
            if name in site.routes:
                site.routes[name](self, body)
                return
            path = folder / name
            found = path.is_file()
            data = path.read_bytes() if found else b"not here"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = serve

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Web(f"http://127.0.0.1:{server.server_port}", folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
