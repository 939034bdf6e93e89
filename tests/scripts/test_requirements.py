"""Only pinned versions are installed, by hash, from no index named by the files themselves."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "requirements").iterdir())
_PIN = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s=]+( ; .+)?( --hash=sha256:[0-9a-f]{64})+")


def logical_lines(path: Path) -> list[str]:
    text = re.sub(r"\s*\\\n\s*", " ", path.read_text(encoding="utf-8"))
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.fault("K9")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_a_version_with_hashes(path: Path) -> None:
    lines = logical_lines(path)
    assert lines
    assert [line[:60] for line in lines if not _PIN.fullmatch(line)] == []


@pytest.mark.fault("K9")
@pytest.mark.parametrize(
    ("path", "count"),
    [("scripts/install.sh", 2), ("scripts/uv.sh", 1), ("scripts/build_lambda.py", 1), ("gpu_worker/Dockerfile", 1)],
)
def test_every_install_requires_hashes(path: str, count: int) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    installs = re.findall(r"^ *(?!#| ).*\bpip\b.*\binstall\b", text, re.MULTILINE)
    assert len(installs) == text.count("--require-hashes") == count


def test_each_extra_has_its_file() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {f"{extra}.txt" for extra in extras} == {path.name for path in FILES}
