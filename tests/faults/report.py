"""Which test proves which row, found in the sources; and the table that docs/faults.md shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.catalogue import GROUPS, NOT_HERE, ROWS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "faults.md"

_INTRO = """# Faults

What can go wrong, what must come of it, and the test that shows it. Made by `make faults`, which runs these tests; a
test that is missing here, or named here and gone, fails `make test`.
"""

Proofs = dict[str, list[str]]


def proofs() -> Proofs:
    """Row → tests that say they prove it, as `file::name` or `file::Class::name`."""
    found: Proofs = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        for test, rows in _marked(ast.parse(path.read_text(encoding="utf-8")).body, name):
            for row in rows:
                found.setdefault(row, []).append(test)
    return found


def _marked(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, list[str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}::{node.name}"
            yield name, [row for decorator in node.decorator_list for row in _rows(decorator)]
            if isinstance(node, ast.ClassDef):
                yield from _marked(node.body, name)
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets):
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            yield prefix, [row for mark in marks for row in _rows(mark)]


def _rows(mark: ast.expr) -> list[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
        return [ast.literal_eval(argument) for argument in mark.args]
    return []


def rendered(found: Mapping[str, list[str]], outcomes: Mapping[str, str]) -> str:
    """The document. `outcomes`: each of those tests → what came of it."""
    lines = [_INTRO]
    for group, title in GROUPS.items():
        lines += [f"## {group}. {title}", "", "| row | fault: what comes of it | test | result |", "|---|---|---|---|"]
        for row in (row for row in ROWS if row.rstrip("0123456789") == group):
            tests = found.get(row, [])
            if not tests:
                lines.append(f"| {row} | {ROWS[row]} | none: {NOT_HERE.get(row, 'missing')} | not runnable here |")
                continue
            shown = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)
            said = "<br>".join(outcomes[test] for test in tests)
            lines.append(f"| {row} | {ROWS[row]} | {shown} | {said} |")
        lines.append("")
    return "\n".join(lines)
