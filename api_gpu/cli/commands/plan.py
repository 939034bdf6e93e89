"""`cost plan`: the cheapest GPU, idle timeout and number of workers for a load."""

from __future__ import annotations

import math
import tomllib
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from api_gpu.cli.exits import usage
from api_gpu.cli.output.units import duration, money, utc_now
from api_gpu.cli.session import Session
from api_gpu.planner import EVEN, OFFICE_HOURS, Choices, Gpu, Load, Row, listed_gpus, load_from_jobs, plan, render_svg

_HISTORY_DAYS, _MOST_JOBS = 30, 20_000
_SHOWN_ROWS = 12


def plan_cost(
    session: Session,
    jobs_per_day: Annotated[float | None, typer.Option("--jobs-per-day", metavar="N", help="the mean")] = None,
    seconds: Annotated[
        str | None, typer.Option("--seconds", metavar="LIST", help="GPU seconds of a job: 12, or several to draw from")
    ] = None,
    history: Annotated[
        bool, typer.Option("--from-history", help="your jobs of the last 30 days in place of these two")
    ] = False,
    office_hours: Annotated[bool, typer.Option("--office-hours", help="most jobs from 8 to 18 o'clock")] = False,
    burst: Annotated[int, typer.Option("--burst", metavar="N", help="jobs that arrive together")] = 1,
    gpus: Annotated[str | None, typer.Option("--gpus", metavar="LIST", help="pools, such as AMPERE_16,ADA_24")] = None,
    prices: Annotated[
        Path | None, typer.Option("--prices", metavar="FILE", help="TOML of your own: AMPERE_16 = 0.00016 a second")
    ] = None,
    idle_timeouts: Annotated[str, typer.Option("--idle-timeouts", metavar="LIST", help="seconds")] = "1,5,15,60,300",
    min_workers: Annotated[str, typer.Option("--min-workers", metavar="LIST", help="that always run")] = "0,1",
    max_workers: Annotated[int, typer.Option("--max-workers", metavar="N", help="at once")] = 10,
    cold_start: Annotated[str, typer.Option("--cold-start", metavar="LIST", help="seconds of a start")] = "10",
    max_wait: Annotated[
        float | None, typer.Option("--max-wait", metavar="SECONDS", help="what 95 % of the jobs may wait")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="write a chart, too")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="another one draws other arrivals")] = 0,
) -> None:
    """Find the cheapest setup for a load.

    Simulates the endpoint for each combination of GPU, idle timeout and minimum of workers. stdout gets the best one.
    """
    if svg is not None and svg.exists():
        raise usage(f"--svg: {svg} exists; name another")
    if svg is not None and not svg.parent.is_dir():
        raise usage(f"--svg: there is no folder {svg.parent}; create it first")
    try:
        load = _load(session, jobs_per_day, seconds, history=history, office_hours=office_hours, burst=burst, seed=seed)
        choices = Choices(
            gpus=_gpus(gpus, prices), idle_timeouts=_numbers(idle_timeouts, "--idle-timeouts"),
            min_workers=[int(it) for it in _numbers(min_workers, "--min-workers")], max_workers=max_workers,
            cold_starts=_numbers(cold_start, "--cold-start"),
        )  # fmt: skip
        result = plan(load, choices, seed=seed)
    except ValueError as error:
        raise usage(str(error)) from None
    if svg is not None:
        svg.write_text(render_svg(result, max_wait), encoding="utf-8")
        session.console.say(f"chart in {svg}")
    best = result.cheapest(math.inf if max_wait is None else max_wait)
    if session.console.is_json:
        found: dict[str, Any] = result.to_dict()
        position = None if best is None else result.rows.index(best)
        session.console.json({**found, "best": None if position is None else found["rows"][position]})
        return
    rows = result.rows if session.console.is_table else ()
    session.console.say(f"{load.jobs_per_month:.0f} jobs a month; GPU prices of {result.price_table}, AWS included")
    if best is None:
        raise usage(f"no combination keeps 95 % of the jobs below {max_wait:g} s; allow more workers or a longer wait")
    titles = ("", "GPU", "IDLE", "MIN", "A JOB", "A MONTH", "WAIT P50", "P95", "START", "WORK", "IDLE")
    shown = [*rows[:_SHOWN_ROWS], *([best] if best not in rows[:_SHOWN_ROWS] else [])]
    session.console.table(titles, [_cells(row, is_best=row is best) for row in shown])


def _load(
    session: Session, jobs_per_day: float | None, seconds: str | None, *, history: bool, office_hours: bool, burst: int,
    seed: int,
) -> Load:  # fmt: skip
    if history:
        if jobs_per_day is not None or seconds is not None:
            raise usage("--from-history, or --jobs-per-day and --seconds; leave out one of the two")
        since = utc_now() - timedelta(days=_HISTORY_DAYS)
        jobs = session.client.jobs(created_after=since.isoformat(timespec="seconds").replace("+00:00", "Z"))
        return load_from_jobs((job.data for job in islice(jobs, _MOST_JOBS)), _HISTORY_DAYS * 86_400.0)
    if jobs_per_day is None or seconds is None:
        raise usage("send --jobs-per-day and --seconds, or --from-history")
    hours = OFFICE_HOURS if office_hours else EVEN
    return Load.from_rate(jobs_per_day, _numbers(seconds, "--seconds"), hours=hours, burst=burst, seed=seed)


def _gpus(names: str | None, prices: Path | None) -> tuple[Gpu, ...]:
    if prices is None:
        return listed_gpus(*_words(names)) if names else tuple(Choices().gpus)
    try:
        table = tomllib.loads(prices.read_text(encoding="utf-8"))
        found = {str(name): float(price) for name, price in table.items()}
    except (OSError, ValueError, TypeError, UnicodeDecodeError):
        raise usage(f"--prices: {prices} must be TOML with lines such as AMPERE_16 = 0.00016") from None
    chosen = _words(names) if names else list(found)
    missing = [name for name in chosen if name not in found]
    if missing or not chosen:
        raise usage(f"--prices: {prices} has no price of {', '.join(missing) or 'any GPU'}")
    return tuple(Gpu(name, found[name]) for name in chosen)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _numbers(text: str, flag: str) -> list[float]:
    try:
        found = [float(word) for word in _words(text)]
    except ValueError:
        found = []
    if not found or min(found) < 0:
        raise usage(f"{flag}: give numbers, such as 5,60")
    return found


def _cells(row: Row, *, is_best: bool) -> tuple[str, ...]:
    shares = (f"{share:.0%}" for share in (row.start_share, row.work_share, row.idle_share))
    return (
        "*" if is_best else "", row.gpu, duration(row.idle_timeout), str(row.min_workers), money(row.usd_per_job),
        money(row.usd_per_month), duration(row.wait_p50), duration(row.wait_p95), *shares,
    )  # fmt: skip
