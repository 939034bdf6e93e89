"""`python -m benchmarks.load`: run the whole system under load and faults, and count what it loses."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks import machine
from benchmarks.command import exit_code, print_report, say, subset_of
from benchmarks.load import crowd, drain, latency
from benchmarks.load.clients import Plan
from benchmarks.load.deliveries import run as deliveries
from benchmarks.load.uploads import run as uploads
from benchmarks.load_targets import LOAD
from benchmarks.report import complete
from benchmarks.results import Row
from local.supervisor.signals import until_signalled

_RESULT = Path(__file__).parents[1] / "load.json"
_PYTHON = platform.python_version()
_LEGEND = "docs/benchmarks.md explains the counts and the simulated parts."


async def _crowd(*, quick: bool) -> list[Row]:
    plan = Plan(clients=16, jobs=200) if quick else Plan(clients=32, jobs=2000)
    return crowd.rows(await crowd.measure(plan, say), _PYTHON)


async def _sweep(*, quick: bool) -> list[Row]:
    return drain.rows(await drain.measure(500 if quick else 5000, say), _PYTHON)


async def _latency(*, quick: bool) -> list[Row]:
    return latency.rows(await latency.measure(10 if quick else 50, say), _PYTHON)


async def _uploads(*, quick: bool) -> list[Row]:
    plan = uploads.Plan(100, 8, 0) if quick else uploads.Plan(2000, 16, 4)
    return uploads.rows(await uploads.measure(plan, say), _PYTHON)


async def _deliveries(*, quick: bool) -> list[Row]:
    plan = deliveries.Plan(200, 16, 1.0, 0.5) if quick else deliveries.Plan(9000, 48)
    return deliveries.rows(await deliveries.measure(plan, say), _PYTHON)


_PARTS: dict[str, Callable[..., Awaitable[list[Row]]]] = {
    "crowd": _crowd, "sweep": _sweep, "latency": _latency, "uploads": _uploads, "deliveries": _deliveries,
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Run the bench; see `command.exit_code`."""
    args = _parse(argv)
    return exit_code(lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    settings: dict[str, object] = {**machine.facts(), "quick": args.quick}
    rows: list[Row] = []
    minutes: dict[str, float] = {}

    async def measure() -> int:
        for part in args.only:
            say(f"{part}…")
            began = time.monotonic()
            rows.extend(await _PARTS[part](quick=args.quick))
            minutes[part] = round((time.monotonic() - began) / 60, 2)
        return 0

    if asyncio.run(until_signalled(measure())) is None:
        raise KeyboardInterrupt
    keys = [key for key, target in LOAD.items() if target.operation in args.only]
    settings |= {"minutes": round(sum(minutes.values()), 2), "minutes_by_part": minutes}
    print_report(complete(rows, keys, "no reason known"), settings, _LEGEND, args.json)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    names = list(_PARTS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.split(": ", 1)[-1])
    parser.add_argument("--quick", action="store_true", help="a tenth of the jobs or less: a test of the bench itself")
    parser.add_argument("--only", type=subset_of(names), default=names, metavar="A,B", help=f"of {','.join(names)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"default {_RESULT.name}, if all is run")
    args = parser.parse_args(argv)
    whole = not args.quick and args.only == names
    args.json = args.json or (_RESULT if whole else None)
    return args


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
