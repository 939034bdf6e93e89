"""`python -m benchmarks.gateway`: measure the gateway against its targets, and against a naive one."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.command import exit_code, print_report, say, subset_of
from benchmarks.gateway import artifacts, calls, cold, load, warm
from benchmarks.gateway.fixtures import Lab, stub
from benchmarks.report import complete
from benchmarks.results import Row
from benchmarks.targets import GATEWAY

_RESULT = Path(__file__).parents[1] / "gateway.json"
_PARTS: dict[str, Callable[[Lab], list[Row]]] = {
    "cold": cold.measure,
    "warm": warm.measure,
    "calls": calls.measure,
    "load": load.measure,
}
_LEGEND = "Ratios of the medians, then the range within a round: see docs/benchmarks.md."


def main(argv: Sequence[str]) -> int:
    """See `command.exit_code`."""
    args = _parse(argv)
    return exit_code(lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    started = time.monotonic()
    python = args.python or artifacts.find_python()
    settings = {**machine.facts(), "runs": args.runs, "quick": args.quick}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, stub() as url:
        say("building both packages…")
        ours = artifacts.build_product(Path(name) / "ours", python)
        naive = artifacts.build_naive(Path(name) / "naive", python) if {"cold", "warm"} & set(args.only) else ours
        lab = Lab(python, artifacts.version(python), ours, naive, url, args.runs, args.quick, say)
        rows = []
        for part in args.only:
            say(f"{part}…")
            rows += _PARTS[part](lab)
    rows = complete(rows, [key for key, target in GATEWAY.items() if target.operation in args.only], "no reason known")
    settings["minutes"] = (time.monotonic() - started) / 60
    print_report(rows, settings, _LEGEND, args.json)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__.split(": ", 1)[-1])
    parser.add_argument("--quick", action="store_true", help="two runs, few requests: to test the benchmark itself")
    parser.add_argument("--runs", type=int, choices=range(1, 100), metavar="N", help="default 9, quick 2")
    parser.add_argument(
        "--only", type=subset_of(_PARTS), default=list(_PARTS), metavar="A,B", help=f"of {','.join(_PARTS)}"
    )
    parser.add_argument("--python", help="of the functions; default a Python 3.13 if there is one")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"default {_RESULT.name}, if all is run")
    args = parser.parse_args(argv)
    whole = not args.quick and args.only == list(_PARTS)
    args.json = args.json or (_RESULT if whole else None)
    args.runs = args.runs or (2 if args.quick else 9)
    return args


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
