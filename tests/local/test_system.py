"""`python -m local`: its output, its service, and that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.cli import main
from local.samples.media import SUBTITLES
from local.settings import CALLBACK_SECRET

REPOSITORY = Path(__file__).resolve().parents[2]
READY = re.compile(r"api-gpu ready: (http://127\.0\.0\.1:\d+) key=local-key emulator=(http://127\.0\.0\.1:\d+)\n")
STUB = f"python {Path(__file__).with_name('stub_worker.py')}"


class Up:
    """A running `python -m local up` in its own temporary directory."""

    def __init__(self, process: subprocess.Popen[str], url: str, emulator_url: str, temp: Path, log: Path) -> None:
        self.process = process
        self.url = url
        self.emulator_url = emulator_url
        self.temp = temp
        self.log = log

    def get(self, url: str, headers: dict[str, str] | None = None, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers=headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def put_a_worker_to_work(self) -> None:
        """Start a job, so that a stop can leave something behind."""
        # The emulator refuses Python's own name, as RunPod's front does.
        bearer = {
            "Authorization": "Bearer local-runpod-key", "Content-Type": "application/json", "User-Agent": "test",
        }  # fmt: skip
        self.get(f"{self.emulator_url}/v2/local/run", bearer, {"input": {"do": "sleep", "seconds": 60}})
        until = time.monotonic() + 20
        while not self.get(f"{self.url}/runpod/health", {"X-API-Key": "local-key"})["workers"]["running"]:
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.2)

    def family(self) -> list[psutil.Process]:
        """Return the processes that work in the system's temporary directory, and all descendants."""
        found = {one.pid: one for one in psutil.Process(self.process.pid).children(recursive=True)}
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if Path(one.cwd()).is_relative_to(self.temp):
                    found[one.pid] = one
        return list(found.values())


@contextlib.contextmanager
def up(tmp_path: Path, *arguments: str) -> Iterator[Up]:
    temp = tmp_path / "temp"
    temp.mkdir()
    log = tmp_path / "log"
    env = os.environ | {"TMPDIR": str(temp), "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", "--port", "0", "--worker-command", STUB, *arguments],
            cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = READY.fullmatch(process.stdout.readline())
        assert ready is not None, log.read_text()
        yield Up(process, ready[1], ready[2], temp, log)
    finally:
        if process.poll() is None:
            process.kill()
        assert process.stdout is not None
        process.stdout.close()
        process.wait(30)


def _have_exited(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=20)
    return not alive


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_serves_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with up(tmp_path) as system:
        assert system.get(f"{system.url}/health")["status"]
        health = system.get(f"{system.url}/runpod/health", {"X-API-Key": "local-key"})
        assert health["jobs"]["inQueue"] == 0
        assert system.process.stdout is not None
        assert system.process.stdout.readline() == f"callback secret: {CALLBACK_SECRET}\n"
        samples = system.process.stdout.readline().removeprefix("samples: ").split()
        subtitles = f"{system.url}/samples/voice.srt"
        assert subtitles in samples
        with urllib.request.urlopen(subtitles, timeout=20) as answer:
            assert answer.read().decode() == SUBTITLES
        if number is signal.SIGTERM:
            system.put_a_worker_to_work()
        assert [one.name[:8] for one in system.temp.iterdir()] == ["api-gpu-"]
        family = system.family()
        assert len(family) >= 4
        system.process.send_signal(number)
        # The worker's job would take a minute.
        assert system.process.wait(30) == 0, system.log.read_text()
        assert _have_exited(family), family
        assert list(system.temp.iterdir()) == []
        log = system.log.read_text()
        assert "Traceback" not in log
        assert log.endswith("Stopped the gateway, AWS, the RunPod emulator and its workers; nothing is left running.\n")


@pytest.mark.e2e
def test_signal_during_startup_leaves_nothing_behind(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    command = [sys.executable, "-m", "local", "up", "--port", "0"]
    env = os.environ | {"TMPDIR": str(temp)}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 30
        while not (family := psutil.Process(process.pid).children(recursive=True)):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, ""), errors
        assert "Traceback" not in errors
        assert _have_exited(family)
        assert list(temp.iterdir()) == []


@pytest.mark.e2e
def test_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    with up(tmp_path) as system:
        system.put_a_worker_to_work()
        family = system.family()
        assert len(family) >= 5
        system.process.kill()
        assert _have_exited(family), family
        assert list(system.temp.iterdir()) == []


def _command(tmp_path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=REPOSITORY, env=os.environ | {"TMPDIR": str(tmp_path)} | env, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_port_in_use_prints_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = _command(tmp_path, "up", "--port", str(port))
    assert (ended.returncode, ended.stdout) == (2, "")
    choose = "stop what listens there, or choose another: make up PORT=… (0 picks a free one)"
    assert ended.stderr == f"api-gpu: port {port} is in use: {choose}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--photo", "nowhere.jpg", "PHOTO: there is no file {}"),
        ("--audio", "", "AUDIO: {} is a folder, a device or a pipe; name a file"),
        ("--video", "out/caption.mp4", "VIDEO: {} would be replaced by the demo; copy it elsewhere first"),
        ("--photo", 'it\'s "not" a $photo.jpg', "{} is not a media file that can be read. Check the file."),
        ("--srt", 'it\'s "not" a $photo.jpg', "{} is not a readable subtitle file. Use SRT, WebVTT or ASS."),
    ],
)
def test_demo_refuses_unusable_files_before_startup(
    tmp_path: Path,
    option: str,
    name: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, temp = tmp_path / "out", tmp_path / "temp"
    for folder in (out, temp):
        folder.mkdir()
    (tmp_path / 'it\'s "not" a $photo.jpg').write_text("# A page\n\nof words.\n")
    for operation in ("caption", "compose"):
        (out / f"{operation}.mp4").write_text("of an earlier run")
    (out / "mine.mp4").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    assert main(["demo", "--out", str(out), f"{option}={tmp_path / name}"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", f"api-gpu: {says.format(tmp_path / name)}\n")
    kept = {"mine.mp4"} if "media" in says or "readable" in says else {"mine.mp4", "caption.mp4", "compose.mp4"}
    assert {path.name for path in out.iterdir()} == kept
    assert list(temp.iterdir()) == []


@pytest.mark.parametrize("command", ["up", "demo"])
def test_ffmpeg_5_1_is_refused_at_startup(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FFMPEG", str(REPOSITORY / "tests" / "support" / "ffmpeg_5_1" / "ffmpeg"))
    assert main([command, *(["--port=0"] if command == "up" else [])]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("api-gpu: ffmpeg 5.1.9-0+deb12u1 is too old")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["up", "--workers", "0"], ["up", "--port", "70000"], ["up", "--env", "=x"], ["up", "--idle-seconds", "0"]],
)
def test_invalid_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: argument --" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["up", "demo"])
def test_help_names_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    options = {
        "up": ("--port", "--workers", "--sweep-seconds", "--env", "--webhook-scale", "--idle-seconds", "--no-limits"),
        "demo": ("--photo", "--video", "--audio", "--srt", "--out"),
    }
    assert all(option in shown for option in options[command])
