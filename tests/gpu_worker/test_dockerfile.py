"""Read the worker's Dockerfile: its user and its command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.fonts import IMAGE_PACKAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.fault("K10")
def test_image_runs_as_worker_and_starts_no_shell() -> None:
    lines = (ROOT / "gpu_worker" / "Dockerfile").read_text().splitlines()
    last = lines[[at for at, line in enumerate(lines) if line.startswith("FROM")][-1] :]
    assert [line for line in last if line.startswith("USER")] == ["USER worker"]
    assert any("useradd --system --no-create-home --uid 10001 worker" in line for line in last)
    assert [json.loads(line[4:]) for line in last if line.startswith("CMD")] == [["python3", "-u", "-m", "gpu_worker"]]
    assert not [line for line in last if line.startswith(("ENTRYPOINT", "SHELL"))]


def test_image_installs_the_fonts_that_are_listed() -> None:
    lines = (ROOT / "gpu_worker" / "Dockerfile").read_text().splitlines()
    assert f'ARG FONTS="{" ".join(IMAGE_PACKAGES)}"' in lines
