"""Which test proves which row, found in the sources; and the table that docs/faults.md shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.catalogue import GROUPS, LOWERED, NOT_HERE, ROWS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "faults.md"

MARKS = "fault and not full"
"""What `make faults` runs."""
IN_FULL, UNPROVED = "in `make test-full`", "**nothing proved it in this run**"

_INTRO = """# Faults

What can go wrong, what must come of it, and the test that shows it. Made by `make faults`, which runs these tests; a
test that is missing here, or named here and gone, fails `make test`. Where less is shown than was asked for, the row
says so and why.
"""

Proofs = dict[str, list[str]]


def proofs() -> Proofs:
    """Row → tests that say they prove it, as `file::name` or `file::Class::name`."""
    found: Proofs = {}
    for test, marks in _all_marked():
        for row in (row for mark in marks for row in _rows(mark)):
            found.setdefault(row, []).append(test)
    return found


def full_tests() -> set[str]:
    """Tests that only `make test-full` runs, by their own mark or that of their class or file."""
    marked = [(test, any(ast.unparse(mark) == "pytest.mark.full" for mark in marks)) for test, marks in _all_marked()]
    whole = tuple(f"{name}::" for name, full in marked if full)
    return {test for test, full in marked if full or test.startswith(whole)}


def _all_marked() -> Iterator[tuple[str, list[ast.expr]]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        yield from _marked(ast.parse(path.read_text(encoding="utf-8")).body, name)


def _marked(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, list[ast.expr]]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}::{node.name}"
            yield name, node.decorator_list
            if isinstance(node, ast.ClassDef):
                yield from _marked(node.body, name)
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets):
            yield prefix, node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]


def _rows(mark: ast.expr) -> list[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
        return [ast.literal_eval(argument) for argument in mark.args]
    return []


def rendered(found: Mapping[str, list[str]], outcomes: Mapping[str, str]) -> str:
    """The document. `outcomes`: each of those tests → what came of it."""
    lines = [_INTRO]
    for group, title in GROUPS.items():
        lines += [f"## {group}. {title}", "", "| row | fault: what comes of it | test | result |", "|---|---|---|---|"]
        lines += [_line(row, found, outcomes) for row in ROWS if row.rstrip("0123456789") == group]
        lines.append("")
    return "\n".join(lines)


def _line(row: str, found: Mapping[str, list[str]], outcomes: Mapping[str, str]) -> str:
    told = ROWS[row] + (f"<br>*Differs from what was asked, because {LOWERED[row]}*" if row in LOWERED else "")
    tests = found.get(row, [])
    if not tests:
        return f"| {row} | {told} | none: {NOT_HERE.get(row, 'missing')} | not runnable here |"
    shown = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in tests)
    said = [outcomes[test] for test in tests]
    if not any("passed" in outcome for outcome in said):
        said.append(UNPROVED)
    return f"| {row} | {told} | {shown} | {'<br>'.join(said)} |"
