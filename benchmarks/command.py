"""The common part of the benches' command lines: exit codes, progress and reports."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from benchmarks.bench import BenchError
from benchmarks.report import describe_misses, table, write_json
from benchmarks.results import Row

_INTERRUPTED = 130


def exit_code(work: Callable[[], None]) -> int:
    """Run the work. Return 0 if all was measured, even if targets are missed; 1 after an error; 130 if interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        work()
    except BenchError as error:
        print(f"the bench stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    return 0


def say(text: str) -> None:
    """Print progress to stderr; stdout is for the result only."""
    print(text, file=sys.stderr, flush=True)


def subset_of(names: Collection[str]) -> Callable[[str], list[str]]:
    """Return an argparse type: some of these names, separated by commas."""

    def parts(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in names]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
        return chosen

    return parts


def print_report(rows: Sequence[Row], settings: Mapping[str, object], legend: str, file: Path | None) -> None:
    """Print settings, table, legend and missed targets; write them to `file` if there is one."""
    print(", ".join(f"{name} {value}" for name, value in settings.items()))
    print()
    print(table(rows))
    print(f"\n{legend}\n")
    print(describe_misses(rows))
    if file is not None:
        write_json(file, rows, settings)
        say(f"written to {file}")
