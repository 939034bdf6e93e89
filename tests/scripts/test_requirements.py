"""What is installed is what was looked at: exact versions, by hash, from no address of the file's own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("requirements*.txt"), *ROOT.glob("*/requirements.txt")])
_PIN = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s=]+( ; .+)?( --hash=sha256:[0-9a-f]{64})+")


def logical_lines(path: Path) -> list[str]:
    text = re.sub(r"\s*\\\n\s*", " ", path.read_text(encoding="utf-8"))
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.fault("K9")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_line_is_a_version_with_hashes(path: Path) -> None:
    lines = logical_lines(path)
    assert len(lines) > 5
    assert [line[:60] for line in lines if not _PIN.fullmatch(line)] == []


@pytest.mark.fault("K9")
def test_nothing_is_installed_without_its_hash() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^PIP_INSTALL := -m pip install .*--require-hashes", makefile, re.MULTILINE)
    assert makefile.count("pip install") == 1
    for path in (ROOT / "gpu_worker" / "Dockerfile", ROOT / "scripts" / "build_lambda.py"):
        text = path.read_text(encoding="utf-8")
        assert re.search(r"\bpip\b[^#]*\binstall\b[^#]*--require-hashes", text), path.name
        assert len(re.findall(r"\bpip\b[^\n]*\binstall\b", text)) == 1, path.name


def test_each_extra_has_its_file() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {"lambda", "worker"} <= set(extras)
    named = {f"requirements-{extra}.txt" for extra in extras if extra not in {"lambda", "worker"}}
    assert named == {path.name for path in FILES if path.parent == ROOT}
