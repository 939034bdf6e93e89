"""The contents of the packages that `sam build` makes for the functions."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sam import FUNCTIONS, PYTHON, ROOT

MACHINES = {"aarch64": 183, "x86_64": 62}
"""`e_machine` of an ELF file (System V ABI)."""
FOREIGN = ("runpod", "gpu_worker", "local", "benchmarks", "tests", "events", "scripts", "awscrt")


def python_313() -> bool:
    done = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.startswith("Python 3.13.")


def content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def test_every_function_gets_the_same_package(built: Path) -> None:
    assert {path.name for path in built.iterdir() if path.is_dir()} == set(FUNCTIONS)
    assert len({content(built / name) for name in FUNCTIONS}) == 1


def test_package_holds_only_gateway_and_contract_of_ours(built: Path) -> None:
    package = built / "ApiFunction"
    for name in ("contract", "lambda_api"):
        sources = {p.relative_to(ROOT) for p in (ROOT / name).rglob("*.py")}
        assert {p.relative_to(package) for p in (package / name).rglob("*.py")} == sources
    assert not [name for name in FOREIGN if (package / name).exists()]
    assert not [path for path in package.rglob("*") if path.suffix in {".txt", ".toml"} and path.parent == package]


def test_package_has_native_modules_of_both_architectures(built: Path) -> None:
    found = {path.name: path.read_bytes()[:20] for path in (built / "ApiFunction").rglob("*.so")}
    for architecture, machine in MACHINES.items():
        modules = [head for name, head in found.items() if f"cpython-313-{architecture}-linux-gnu" in name]
        assert modules
        assert all(head[:4] == b"\x7fELF" and int.from_bytes(head[18:20], "little") == machine for head in modules)
    assert len({name.rpartition(".cpython-")[0] for name in found}) * 2 == len(found)


def test_modules_are_compiled_for_the_runtime(built: Path) -> None:
    if not python_313():
        pytest.skip("no Python 3.13 here to compile with")
    package = built / "ApiFunction"
    for path in package.rglob("*.py"):
        compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc"
        # PEP 552: flags 1 is "by hash, unchecked": Lambda's file dates do not matter.
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1, compiled
    sample = (package / "lambda_api" / "__pycache__" / "wiring.cpython-313.pyc").read_bytes()
    assert b"/var/task/lambda_api/wiring.py" in sample
    assert str(ROOT).encode() not in sample


def test_builder_prints_its_usage() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "build_lambda.py"], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, "FOLDER" in done.stderr) == (2, True)
