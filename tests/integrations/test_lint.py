"""Linters of OpenAPI documents find nothing, not even a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integrations.tools import DOCUMENT, need_node_tools, run

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
RULES = Path(__file__).parent / "lint"


def test_redocly(tmp_path: Path) -> None:
    need_node_tools()
    found = run("redocly", "lint", "--config", RULES / "redocly.yaml", "--max-problems", "20", DOCUMENT, cwd=tmp_path)
    assert "warning" not in found.lower().replace("deprecation warning", ""), found


def test_spectral(tmp_path: Path) -> None:
    need_node_tools()
    ruleset = RULES / "spectral.yaml"
    found = run("spectral", "lint", "--ruleset", ruleset, "--fail-severity", "hint", DOCUMENT, cwd=tmp_path)
    assert "No results" in found
