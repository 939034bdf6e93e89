"""The requirements of an environment, and the command beside its python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.scripts import script

PROJECT = {
    "dependencies": ["httpx2>=2,<3"],
    "optional-dependencies": {
        "lambda": ["boto3>=1,<2"],
        "local": ["api-gpu", "api-gpu[lambda,more]", "flask>=3,<4"],
        "more": ["numpy>=2,<3; python_version < '3.14'"],
    },
}


@pytest.mark.parametrize(
    ("extra", "requirements"),
    [
        ("lambda", ["boto3>=1,<2"]),
        ("local", ["httpx2>=2,<3", "boto3>=1,<2", "numpy>=2,<3; python_version < '3.14'", "flask>=3,<4"]),
    ],
)
def test_only_an_extra_that_names_the_project_has_the_clients_packages(extra: str, requirements: list[str]) -> None:
    with script("extra") as module:
        assert list(module.requirements_of(extra, PROJECT)) == requirements


def test_command_finds_the_project_from_any_folder(tmp_path: Path) -> None:
    target = tmp_path / "api-gpu"
    with script("link_command") as module:
        module.link(target, sys.executable)
        module.link(tmp_path / "probe", sys.executable)
    text = target.read_text(encoding="utf-8")
    probe = tmp_path / "probe"
    probe.write_text(text.replace("from api_gpu.cli.main import main", "from api_gpu import Client as main"))
    ran = subprocess.run([probe], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, env={})
    assert "API_GPU_URL" in ran.stderr
    assert target.stat().st_mode & 0o111
