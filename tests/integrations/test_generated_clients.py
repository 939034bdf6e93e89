"""Clients that generators make from docs/openapi.json: type-checked, and used against the local system."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.integrations.tools import DOCUMENT, PROGRAMS, need_node_tools, need_python_tools, run
from tests.support.system import System

pytestmark = [pytest.mark.full, pytest.mark.e2e, pytest.mark.timeout(600)]

# The generator's own module passes `object` to httpx's typed methods.
MYPY = "[mypy]\nstrict = true\n[mypy-generated.client]\nignore_errors = true\n"


def test_openapi_python_client(system: System, tmp_path: Path) -> None:
    need_python_tools()
    (tmp_path / "mypy.ini").write_text(MYPY)
    shutil.copy(PROGRAMS / "use_python_client.py", tmp_path)
    generate = ["openapi-python-client", "generate", "--path", DOCUMENT, "--meta", "none", "--fail-on-warning"]
    run(*generate, "--output-path", tmp_path / "generated", cwd=tmp_path)
    run("mypy", "generated", "use_python_client.py", cwd=tmp_path)
    assert run("python", "use_python_client.py", system.url, cwd=tmp_path) == "COMPLETED 128 {'row': '7'} True True\n"


def build_and_run(program: str, system: System, folder: Path) -> str:
    shutil.copy(PROGRAMS / "tsconfig.json", folder)
    shutil.copy(PROGRAMS / f"{program}.ts", folder)
    run("tsc", "--noEmit", "-p", ".", cwd=folder)
    run("tsc", "-p", ".", cwd=folder)
    return run("node", f"built/{program}.js", system.url, cwd=folder)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder of a program in TypeScript, with the installed packages."""
    (tmp_path / "node_modules").symlink_to(need_node_tools())
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    return tmp_path


def test_openapi_typescript(system: System, package: Path) -> None:
    # Otherwise a field with a default must be sent.
    run("openapi-typescript", DOCUMENT, "--default-non-nullable=false", "--output", "schema.d.ts", cwd=package)
    assert build_and_run("use_openapi_fetch", system, package) == 'COMPLETED 128 {"row":"7"} true not_found\n'


def test_hey_api(system: System, package: Path) -> None:
    output = {"path": "client", "module": {"extension": ".js"}}
    config = {"input": str(DOCUMENT), "output": output, "plugins": ["@hey-api/client-fetch"]}
    (package / "openapi-ts.config.mjs").write_text(f"export default {json.dumps(config)};")
    run("openapi-ts", "--no-log-file", cwd=package)
    assert build_and_run("use_hey_api", system, package) == 'COMPLETED 128 {"row":"7"} true not_found\n'
