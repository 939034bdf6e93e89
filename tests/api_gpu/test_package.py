"""What is installed, and how light it is."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from api_gpu.version import own_version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOADED = "import sys, api_gpu; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
HEAVY = {"contract", "pydantic", "typer", "rich", "boto3", "fastapi", "lambda_api", "gpu_worker", "local"}


def test_import_is_light() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, check=True, text=True, capture_output=True, timeout=60
    )
    assert not HEAVY & set(ran.stdout.split())


def test_version_is_that_of_the_project() -> None:
    assert own_version() == PROJECT["project"]["version"]


def test_only_client_and_contract_are_packaged() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["api_gpu", "contract"]
    assert (ROOT / "api_gpu" / "py.typed").is_file()
    names = {requirement.partition(">")[0] for requirement in PROJECT["project"]["dependencies"]}
    assert names == {"httpx2", "platformdirs", "pydantic", "rich", "typer"}


def test_functions_and_worker_do_not_get_the_clients_packages() -> None:
    for name in ("lambda", "worker"):  # the worker's SDK brings typer
        pinned = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "platformdirs" not in {line.partition("==")[0] for line in pinned.splitlines()}
