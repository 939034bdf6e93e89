"""`python -m benchmarks.load`: run the whole system under load and faults, and count what it loses."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.command import exit_code, print_report, say, subset_of
from benchmarks.load import crowd, drain, latency
from benchmarks.load.clients import Plan
from benchmarks.load.deliveries import run as deliveries
from benchmarks.load.uploads import run as uploads
from benchmarks.report import complete
from benchmarks.results import Row
from benchmarks.targets import LOAD
from local.supervisor.signals import until_signalled

_RESULT = Path(__file__).parents[1] / "load.json"
_PARTS = ("crowd", "sweep", "latency", "uploads", "deliveries")
_LEGEND = "docs/benchmarks.md explains the counts and the simulated parts."


def main(argv: Sequence[str]) -> int:
    """Run the bench; see `command.exit_code`."""
    args = _parse(argv)
    return exit_code(lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    started = time.monotonic()
    settings = {**machine.facts(), "quick": args.quick}
    rows: list[Row] = []

    async def measure() -> int:
        if "crowd" in args.only:
            say("crowd…")
            rows.extend(crowd.rows(await crowd.measure(_plan(args.quick), say), platform.python_version()))
        if "sweep" in args.only:
            say("sweep…")
            rows.extend(drain.rows(await drain.measure(500 if args.quick else 5000, say), platform.python_version()))
        if "latency" in args.only:
            say("latency…")
            rows.extend(latency.rows(await latency.measure(10 if args.quick else 50, say), platform.python_version()))
        if "uploads" in args.only:
            say("uploads…")
            plan = uploads.Plan(100, 8, 0) if args.quick else uploads.Plan(2000, 16, 2)
            rows.extend(uploads.rows(await uploads.measure(plan, say), platform.python_version()))
        if "deliveries" in args.only:
            say("deliveries…")
            jobs, clients = (200, 16) if args.quick else (9000, 48)
            rows.extend(deliveries.rows(await deliveries.measure(jobs, clients, say), platform.python_version()))
        return 0

    if asyncio.run(until_signalled(measure())) is None:
        raise KeyboardInterrupt
    keys = [key for key, target in LOAD.items() if target.operation in args.only]
    settings["minutes"] = (time.monotonic() - started) / 60
    print_report(complete(rows, keys, "no reason known"), settings, _LEGEND, args.json)


def _plan(quick: bool) -> Plan:
    return Plan(clients=16, jobs=200) if quick else Plan(clients=32, jobs=2000)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.split(": ", 1)[-1])
    parser.add_argument("--quick", action="store_true", help="200 jobs, 500 overdue: a test of the bench itself")
    parser.add_argument(
        "--only", type=subset_of(_PARTS), default=list(_PARTS), metavar="A,B", help=f"of {','.join(_PARTS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"default {_RESULT.name}, if all is run")
    args = parser.parse_args(argv)
    whole = not args.quick and args.only == list(_PARTS)
    args.json = args.json or (_RESULT if whole else None)
    return args


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
