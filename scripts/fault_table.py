"""Fill in the tests of docs/faults.md: those marked `@pytest.mark.fault("A1")` prove row A1.

    python scripts/fault_table.py      `make faults`; needs nothing but the standard library

The rows themselves are written by hand.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "faults.md"
_ROW = re.compile(r"^\| ([A-K]\d+) \| (.+) \| .* \|$", re.MULTILINE)
FULL = " (full)"


def main() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(fill(text, find_tests()), encoding="utf-8")
    if missing := sorted(rows(text) - find_tests().keys()):
        sys.exit(f"No test is marked for {', '.join(missing)}. Add @pytest.mark.fault to the test that proves it.")


def rows(document: str) -> set[str]:
    return {match[1] for match in _ROW.finditer(document)}


def fill(document: str, tests: dict[str, list[str]]) -> str:
    """Replace the last column of every row by the names of its tests."""

    return _ROW.sub(lambda row: f"| {row[1]} | {row[2]} | {'<br>'.join(tests.get(row[1], []))} |", document)


def find_tests() -> dict[str, list[str]]:
    """Return the marked tests below tests/ by row. Those that only `make test-full` runs have a suffix."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT / "tests").as_posix()
        for row, test in find_marked(path.read_text(encoding="utf-8"), name):
            found.setdefault(row, []).append(test)
    return found


def find_marked(module: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield (row, test) of a module's source text."""
    for test, marks in _tests(ast.parse(module).body, name, []):
        texts = [ast.unparse(mark) for mark in marks]
        for mark in marks:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                for row in mark.args:
                    yield ast.literal_eval(row), f"`{test}`{FULL if 'pytest.mark.full' in texts else ''}"


def _tests(body: list[ast.stmt], prefix: str, marks: list[ast.expr]) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield tests with their own marks and those of their class and module."""
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            marks = [*marks, *(node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value])]
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests(node.body, f"{prefix}::{node.name}", marks + node.decorator_list)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield f"{prefix}::{node.name}", marks + node.decorator_list


if __name__ == "__main__":
    main()
