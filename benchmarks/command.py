"""What the command lines of the benches have in common: how they end, what they say, what they write."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from benchmarks.bench import BenchError
from benchmarks.report import fell_short, table, write_json
from benchmarks.results import Row

_INTERRUPTED = 130


def exit_code(work: Callable[[], None]) -> int:
    """0 if everything was measured, whatever came out; 1 if something did not work; 130 if stopped."""
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
    """Progress; the result alone is on stdout."""
    print(text, file=sys.stderr, flush=True)


def some_of(names: Collection[str]) -> Callable[[str], list[str]]:
    """An argument's type: some of these names, with commas between."""

    def parts(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in names]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
        return chosen

    return parts


def tell(rows: Sequence[Row], settings: Mapping[str, object], legend: str, file: Path | None) -> None:
    """Print settings, table, legend and what fell short; write them to `file` if there is one."""
    print(", ".join(f"{name} {value}" for name, value in settings.items()))
    print()
    print(table(rows))
    print(f"\n{legend}\n")
    print(fell_short(rows))
    if file is not None:
        write_json(file, rows, settings)
        say(f"written to {file}")
