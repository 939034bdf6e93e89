"""Console output of the demo: progress bars on a terminal, occasional lines elsewhere, then a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

_BAR = 24
_STEP = 25


class Progress:
    """Live progress of a few jobs, by operation."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._drawn = 0
        self._shown: dict[str, tuple[str, int]] = {}

    def update(self, jobs: Mapping[str, dict[str, Any]]) -> None:
        """Show the current state of each job."""
        if self._live:
            self._redraw([format_bar(operation, job) for operation, job in jobs.items()])
            return
        for operation, job in jobs.items():
            percent = int(job["progress"]["percent"])
            state = (str(job["status"]), percent // _STEP)
            if self._shown.get(operation) != state:
                self._shown[operation] = state
                print(f"  {operation:<10} {job['status']:<12} {percent:3d} %", file=self._out, flush=True)

    def _redraw(self, lines: Sequence[str]) -> None:
        up = f"\033[{self._drawn}A" if self._drawn else ""
        self._out.write(up + "".join(f"\033[2K{line}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)


def format_bar(operation: str, job: Mapping[str, Any]) -> str:
    """Return a line such as `  caption   [######------]  50 %  IN_PROGRESS encode`."""
    percent = max(0, min(100, int(job["progress"]["percent"])))
    filled = percent * _BAR // 100
    stage = job["progress"].get("stage") or ""
    return f"  {operation:<10} [{'#' * filled}{'-' * (_BAR - filled)}] {percent:3d} %  {job['status']} {stage}".rstrip()


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format columns as wide as their widest cell, numbers right-aligned."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join("  ".join(_cell(cell, width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def _cell(text: str, width: int) -> str:
    return text.rjust(width) if text[:1].isdigit() and not text.count("-") else text.ljust(width)


def format_size(count: int) -> str:
    return f"{count / 1_000_000:.2f} MB" if count >= 1_000_000 else f"{count / 1000:.0f} kB"
