"""The result as a table for people and as JSON for comparing runs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Row, rounded
from benchmarks.targets import TARGETS

_HEADINGS = ("operation", "measure", "peers", "best so far", "target", "measured", "met")
_WIDTHS = (10, 34, 34, 18, 16, 22, 12)
_SIGNS = {"<=": "≤", ">=": "≥", "=": "="}


def table(rows: Sequence[Row]) -> str:
    """Format the rows. Peers are measured in this run; those with a `*` are quoted from an earlier one."""
    lines = [_line(_HEADINGS), "-+-".join("-" * width for width in _WIDTHS)]
    lines += [_line(_cells(row)) for row in rows]
    return "\n".join(lines)


def describe_misses(rows: Sequence[Row]) -> str:
    """List in words the missed targets, with the measured values, and what was not measured."""
    misses = [_missed(row) for row in rows if row.met is False]
    misses += [
        f"{row.target.operation}: {row.target.measure}: not measured: {row.note}." for row in rows if row.met is None
    ]
    return "\n".join(misses) if misses else "All targets met."


def write_json(path: Path, rows: Sequence[Row], settings: Mapping[str, Any]) -> None:
    content = {"settings": rounded(settings), "rows": [row.as_json() for row in rows]}
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    """Read the rows that another Python wrote."""
    return [Row.from_json(data) for data in json.loads(path.read_text(encoding="utf-8"))["rows"]]


def complete(rows: Sequence[Row], keys: Sequence[str], reason: str) -> list[Row]:
    """Return the rows in the table's order, with an empty one for each key that was not measured."""
    there = {row.key for row in rows}
    absent = [Row(key, "", None, note=reason) for key in keys if key not in there]
    order = list(TARGETS)
    return sorted([*rows, *absent], key=lambda row: order.index(row.key))


def _cells(row: Row) -> tuple[str, ...]:
    target = row.target
    peers = ", ".join(f"{name} {value:.{_digits(row)}f}" for name, value in row.peers.items())
    measured = "-" if row.value is None else f"{_number(row, row.value)} (Python {row.python})"
    if "low" in row.facts:
        measured += f" {row.facts['low']:.{_digits(row)}f}-{row.facts['high']:.{_digits(row)}f}"
    if row.note and row.value is not None:
        measured += f"; {row.note}"
    met = {True: "yes", False: "NO", None: "not measured"}[row.met]
    goal = f"{_SIGNS[target.sense]} {target.bound:g} {target.unit}".strip()
    return target.operation, target.measure, peers or f"{target.peers} *", target.best, goal, measured, met


def _digits(row: Row) -> int:
    return row.target.digits


def _number(row: Row, value: float) -> str:
    return f"{value:.{_digits(row)}f} {row.target.unit}".strip()


def _missed(row: Row) -> str:
    assert row.value is not None  # noqa: S101 - only rows with a value can miss
    target = row.target
    goal = f"{_SIGNS[target.sense]} {target.bound:g} {target.unit}".strip()
    more = f" ({row.note})" if row.note else ""
    return f"{target.operation}: {target.measure}: {_number(row, row.value)}, target {goal}, Python {row.python}{more}."


def _line(cells: Sequence[str]) -> str:
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    height = max(map(len, columns))
    filled = [column + [""] * (height - len(column)) for column in columns]
    return "\n".join(
        " | ".join(text.ljust(width) for text, width in zip(row, _WIDTHS, strict=True)).rstrip()
        for row in zip(*filled, strict=True)
    )
