"""The collections for Postman and Bruno, run by newman and Bruno's command line against the local system."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.tools import need_node_tools, run
from tests.support.system import ROOT, System

pytestmark = [pytest.mark.full, pytest.mark.e2e, pytest.mark.timeout(300)]

POSTMAN = ROOT / "integrations" / "postman" / "api-gpu.postman_collection.json"
BRUNO = ROOT / "integrations" / "bruno"


@pytest.fixture(autouse=True)
def node_tools() -> None:
    need_node_tools()


def newman(system: System, folder: Path, collection: Path, *, expect: int = 0) -> dict[str, Any]:
    report = folder / "report.json"
    reporters = ["--reporters", "cli,json", "--reporter-json-export", report]
    variables = ["--env-var", f"baseUrl={system.url}"]
    run("newman", "run", collection, "--folder", "Walkthrough", *variables, *reporters, cwd=folder, expect=expect)
    found: dict[str, Any] = json.loads(report.read_text())["run"]["stats"]
    return found


def test_newman_runs_the_walkthrough(system: System, tmp_path: Path) -> None:
    stats = newman(system, tmp_path, POSTMAN)
    assert stats["requests"]["total"] >= 4
    assert (stats["assertions"]["total"], stats["assertions"]["failed"]) == (5, 0)


def test_newman_fails_with_a_failing_test(system: System, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(POSTMAN.read_text().replace("'healthy'", "'well'"))
    assert newman(system, tmp_path, broken, expect=1)["assertions"]["failed"] == 1


def bruno(system: System, folder: Path, *, expect: int = 0) -> dict[str, Any]:
    variables = ["--env", "local", "--env-var", f"baseUrl={system.url}"]
    run("bru", "run", "Walkthrough", *variables, "--reporter-json", "report.json", cwd=folder, expect=expect)
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())[0]["summary"]
    return found


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BRUNO, tmp_path / "bruno"))


def test_bruno_runs_the_walkthrough(system: System, collection: Path) -> None:
    summary = bruno(system, collection)
    assert summary["totalRequests"] == summary["passedRequests"] >= 4
    assert (summary["totalTests"], summary["passedTests"]) == (5, 5)


def test_bruno_fails_with_a_failing_test(system: System, collection: Path) -> None:
    step = collection / "Walkthrough" / "1-walk_health.bru"
    step.write_text(step.read_text().replace("'healthy'", "'well'"))
    assert bruno(system, collection, expect=1)["failedTests"] == 1
