"""The command `api-gpu` against the running system: files in, a file out, exit codes, callbacks on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.settings import CALLBACK_SECRET
from tests.support.guard import run_environment
from tests.support.system import ROOT, System, Web, eventually, web


class Command:
    """Runs `api-gpu` as a process in a folder."""

    def __init__(self, system: System, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder), "TERM": "dumb",
            "XDG_CONFIG_HOME": str(folder / "config"), "API_GPU_URL": system.url, "API_GPU_KEY": "local-key",
            **run_environment(),
        }  # fmt: skip

    def start(self, *arguments: object, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "api_gpu.cli", *map(str, arguments)], cwd=self.folder, text=True,
            env={**self.environ, **changes}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __call__(self, *arguments: object, **changes: str) -> tuple[int, str, str]:
        with self.start(*arguments, **changes) as process:
            out, err = process.communicate(timeout=90)
        return process.returncode, out, err


@pytest.fixture
def command(system: System, tmp_path: Path) -> Command:
    return Command(system, tmp_path)


def test_slideshow_of_local_files_becomes_a_file(system: System, media: Path, command: Command) -> None:
    photo, voice = media / "photo.jpg", media / "voice.mp3"
    code, out, err = command(
        "slideshow", photo, photo, "--audio", voice, "--captions", "One. Two.", "--size", "216x384", "-o", "short.mp4"
    )
    assert (code, out) == (0, "short.mp4\n"), err
    assert b"ftyp" in (command.folder / "short.mp4").read_bytes()[:12]
    assert "Traceback" not in err


def test_job_is_resumed_by_its_id(system: System, media: Path, command: Command) -> None:
    # The second run sends the file again, and is the same request.
    arguments = ("img2vid", media / "photo.jpg", "--duration", "0.5", "--size", "216x384")
    code, job_id, err = command(*arguments, "--no-wait", "--idempotency-key", command.folder.name)
    assert code == 0, err
    assert command(*arguments, "--no-wait", "--idempotency-key", command.folder.name)[1] == job_id
    code, out, err = command("wait", job_id.strip(), "-o", "clip.mp4")
    assert (code, out) == (0, "clip.mp4\n"), err
    assert (command.folder / "clip.mp4").stat().st_size == system.job(job_id.strip())["video"]["size_bytes"]
    assert command("wait", job_id.strip(), "-o", "clip.mp4")[0] == 2
    assert job_id.strip() in command("jobs", "--limit", "100")[1]


def test_exit_codes(system: System, site: Web, command: Command) -> None:
    code, out, err = command("trim", site("text.mp4"), "--start", "1")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("error: ")
    code, _, err = command("jobs", API_GPU_KEY="wrong")
    assert code == 3
    assert "api-gpu login" in err
    assert command("job", "00000000-0000-0000-0000-000000000000")[0] == 4
    assert command("trim", site("clip.mp4"), "--start", "-1")[0] == 2
    assert command("jobs", API_GPU_URL="http://127.0.0.1:9")[0] == 5


class Receiver:
    """A program on this machine that verifies callbacks with the stock library."""

    def __init__(self, site: Web) -> None:
        self.url = site("hook")
        self.events: list[Any] = []
        self.arrived = threading.Event()
        site.routes["hook"] = self._receive

    def _receive(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.events.append(Webhook(CALLBACK_SECRET).verify(body, headers))
        request.send_response(204)
        request.send_header("Content-Length", "0")
        request.end_headers()
        self.arrived.set()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with web(tmp_path) as serving:
        yield Receiver(serving)


def test_callback_is_forwarded_to_this_machine(system: System, site: Web, command: Command, receiver: Receiver) -> None:
    listening = command.start("webhooks", "listen", "--json", PYTHONUNBUFFERED="1")
    try:
        assert listening.stderr is not None
        eventually(listening.stderr.readline, lambda line: "listening" in line)
        code, job_id, err = command(
            "img2vid", site("photo.jpg"), "--duration", "0.5", "--size", "216x384", "--no-wait", "--webhook-url",
            f"listen:{receiver.url}",
        )  # fmt: skip
        assert code == 0, err
        assert receiver.arrived.wait(60)
        assert listening.stdout is not None
        line = eventually(listening.stdout.readline, lambda line: "status_code" in line)
    finally:
        listening.send_signal(signal.SIGINT)
        _, err = listening.communicate(timeout=20)
    assert (listening.returncode, "Traceback" in err) == (130, False)
    assert [(event["type"], event["job_id"]) for event in receiver.events] == [
        ("job.completed", job_id.strip())
    ]  # fmt: skip
    assert '"status_code": 204' in line
    assert os.fspath(command.folder) not in line
