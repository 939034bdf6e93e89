"""The first commands of the README work as pasted."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from contract.operations import Role
from gpu_worker.ffmpeg.locate import find_ffmpeg
from gpu_worker.probe.probe import probe
from tests.support.scripts import script
from tests.support.system import ROOT, System


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_first_commands_of_the_readme_work_as_pasted(system: System, tmp_path: Path) -> None:
    block = (ROOT / "README.md").read_text().split("```")[1]
    commands = re.findall(r'^\$ (curl .*?)(?=\n(?:\{"job|\n|\Z))', block + "\n", re.MULTILINE | re.DOTALL)
    assert len(commands) == 2
    for command in commands:
        # Another port than 8000, and a small picture, for speed.
        adapted = command.replace("http://127.0.0.1:8000", system.url).replace("1080x1920", "108x192")
        subprocess.run(["sh", "-c", adapted], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    facts = asyncio.run(probe(find_ffmpeg(None), tmp_path / "short.mp4", Role.VIDEO, "url_video", 10**9))
    assert facts.video is not None
    assert (facts.video.width, facts.video.height) == (108, 192)
    assert facts.audio is not None


def test_own_files_become_a_video_as_the_readme_says(system: System, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    command = re.search(r"^\$ (api-gpu slideshow .*)\nshort.mp4$", readme, re.MULTILINE)
    program = re.search(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert command is not None
    assert program is not None
    for name, sample in {"one.jpg": "photo.jpg", "two.jpg": "second.jpg", "voice.mp3": "voice.wav"}.items():
        urllib.request.urlretrieve(f"{system.url}/samples/{sample}", tmp_path / name)
    (tmp_path / "script.txt").write_text("Two photos. One voice.")
    with script("link_command") as link_command:
        link_command.link(tmp_path / "api-gpu", sys.executable)
    environ = {"API_GPU_URL": system.url, "API_GPU_KEY": "local-key", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    # Small pictures, for speed.
    shown = subprocess.run(
        ["sh", "-c", f"{command[1]} --size 108x192"], cwd=tmp_path, env=environ, check=True, capture_output=True,
        text=True, timeout=60,
    ).stdout  # fmt: skip
    assert shown == "short.mp4\n"
    assert (tmp_path / "short.mp4").stat().st_size > 1000
    (tmp_path / "short.mp4").unlink()
    small = program[1].replace("url_audio=", 'size="108x192", url_audio=')
    subprocess.run(
        [sys.executable, "-c", small], cwd=tmp_path, env=environ | {"PYTHONPATH": str(ROOT)}, check=True, timeout=60
    )
    assert (tmp_path / "short.mp4").stat().st_size > 1000
