"""Fixtures of the command line: a subtitle file, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.guard import run_environment
from tests.support.measured import measured_environment
from tests.support.media.factory import MediaFactory

ROOT = Path(__file__).resolve().parents[3]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def srt(media: MediaFactory) -> Path:
    path = media.folder / "cli.srt"
    path.write_text("1\n00:00:00,100 --> 00:00:01,000\nhi\n")
    return path


@pytest.fixture
def command(media: MediaFactory) -> Command:
    """Run `python -m gpu_worker` with arguments; keywords are environment variables."""

    def run(*args: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.environ["PATH"], "FFMPEG": media.ffmpeg, "WORK_DIR": str(media.folder)}
        environ |= run_environment() | measured_environment()
        argv = [sys.executable, "-m", "gpu_worker", *map(str, args)]
        return subprocess.run(argv, check=False, capture_output=True, text=True, cwd=ROOT, env=environ | env)

    return run
