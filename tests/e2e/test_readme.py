"""The first commands of the README work as pasted."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from contract.operations import Role
from gpu_worker.ffmpeg.locate import find_ffmpeg
from gpu_worker.probe.probe import probe
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
