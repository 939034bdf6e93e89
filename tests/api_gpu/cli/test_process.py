"""The program as a process: Ctrl-C, pipes, terminals, and how long it takes to start."""

from __future__ import annotations

import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api_gpu.cli.fake_api import JOB, KEY, FakeApi
from tests.support.measured import measured_environment
from tests.support.system import ROOT

URL = "https://x.example.com/v.mp4"


@pytest.fixture
def environ(api: FakeApi, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path / "config"), "TERM": "xterm",
        "HOME": str(tmp_path), "API_GPU_URL": api.url, "API_GPU_KEY": KEY, **measured_environment(),
    }  # fmt: skip


def start(arguments: list[str], environ: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api_gpu.cli", *arguments], cwd=folder, env=environ, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def test_first_ctrl_c_leaves_the_job_running(api: FakeApi, environ: dict[str, str], tmp_path: Path) -> None:
    api.finds(api.job("IN_PROGRESS"))
    process = start(["caption", URL, "--captions", "hi"], environ, tmp_path)
    api.await_request("GET", f"/job/{JOB}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert f"still running: api-gpu wait {JOB}" in err
    assert "Traceback" not in err
    assert api.sent("POST", f"/job/{JOB}/cancel") == []


def test_ctrl_c_cancels_the_job_if_asked_for(api: FakeApi, environ: dict[str, str], tmp_path: Path) -> None:
    api.finds(api.job("IN_PROGRESS"))
    api.answers["POST", f"/job/{JOB}/cancel"] = (200, api.job("CANCELLED"))
    process = start(["wait", JOB, "--cancel-on-interrupt"], environ, tmp_path)
    api.await_request("GET", f"/job/{JOB}")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[1].endswith(f"cancelled: {JOB}\n")
    assert process.returncode == 130
    assert len(api.sent("POST", f"/job/{JOB}/cancel")) == 1


def test_ctrl_c_during_an_upload_submits_nothing(api: FakeApi, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"video")
    api.gate.clear()
    process = start(["caption", "v.mp4", "--captions", "hi"], environ, tmp_path)
    api.await_request("PUT", "/bucket/v.mp4")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    api.gate.set()
    assert (process.returncode, out) == (130, "")
    assert err == "error: interrupted; nothing was submitted (interrupted)\n"
    assert api.sent("POST", "/video/caption") == []
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


def test_shell_substitution_gets_the_path_only(api: FakeApi, environ: dict[str, str], tmp_path: Path) -> None:
    api.finds(api.job("IN_PROGRESS"), api.job())
    script = f'f=$("$0" -m api_gpu.cli caption {URL} --captions hi -o s.mp4) && cat "$f"'
    ran = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=tmp_path, env=environ, capture_output=True, timeout=30, check=False
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, b"video"), ran.stderr
    assert b"\x1b" not in ran.stderr


@pytest.mark.parametrize(
    ("more", "moves"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"CI": "true"}, False)]
)
def test_lines_move_on_a_terminal_only_if_wanted(
    api: FakeApi, environ: dict[str, str], tmp_path: Path, more: dict[str, str], moves: bool
) -> None:
    (tmp_path / "v.mp4").write_bytes(b"video")
    api.finds(*(api.job("IN_PROGRESS", progress={"percent": percent, "stage": "encode"}) for percent in (30, 20)),
              api.job())  # fmt: skip
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "api_gpu.cli", "caption", "v.mp4", "--captions", "hi", "-o", "s.mp4"],
        cwd=tmp_path, env={**environ, **more}, stdin=slave, stdout=subprocess.PIPE, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:
        pass
    finally:
        os.close(master)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.read() == b"s.mp4\n"
    assert process.wait(20) == 0
    assert (b"\x1b[J" in shown) is moves, shown
    if moves:
        assert b"uploading v.mp4" in shown
        assert b"encode  30 %" in shown
        assert b"20 %" not in shown


def test_help_starts_quickly(environ: dict[str, str], tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = start(["--help"], environ, tmp_path)
    out, _ = process.communicate(timeout=20)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "slideshow" in out
    # 0.3 s on the machine that this was written on.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5


def test_unanswered_question_ends_quietly(environ: dict[str, str], tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "api_gpu.cli", "login"], cwd=tmp_path, env={**environ, "API_GPU_URL": ""}, stdin=slave,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(slave)
    os.write(master, b"\x04")
    out, err = process.communicate(timeout=20)
    os.close(master)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
