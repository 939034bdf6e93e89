"""Compare GPUs, idle timeouts and minimum workers for one load: cost and waiting time of each combination."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from api_gpu.planner.load import DAY, MONTH_DAYS, Load
from api_gpu.planner.simulate import Rules, Usage, simulate
from contract.prices import GPU_PRICES, PRICE_TABLE_VERSION, GpuPrice


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU to compare. `speed` divides execution times; measure it with jobs of your own.

    Work that the host's processor does (captions, zooms) is no faster on a faster GPU: its speed is then 1.
    """

    name: str
    usd_per_second: float
    speed: float = 1.0
    active_usd_per_second: float | None = None
    """Price of workers that are always on, if RunPod grants you one; otherwise they cost the same."""


def listed_gpus(*pools: str) -> tuple[Gpu, ...]:
    """Return a GPU for each RunPod pool; by default, for each that encodes video, the cheapest first."""
    rows = {row.pool: row for row in reversed(GPU_PRICES) if row.encodes_video or row.pool in pools}
    unknown = [pool for pool in pools if pool not in rows]
    if unknown:
        raise ValueError(f"no price of {', '.join(unknown)}; known: {', '.join(rows)}")
    chosen: list[GpuPrice] = [rows[pool] for pool in pools] if pools else list(reversed(rows.values()))
    return tuple(Gpu(row.pool, row.usd_per_second) for row in chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The combinations to try, and what they have in common. Seconds."""

    gpus: Sequence[Gpu] = listed_gpus("AMPERE_16", "AMPERE_24", "ADA_24")
    idle_timeouts: Sequence[float] = (1, 5, 15, 60, 300)
    min_workers: Sequence[int] = (0, 1)
    max_workers: int = 10
    queue_delay: float = 4.0
    cold_starts: Sequence[float] = (10.0,)
    """Times of cold starts; those between neighbors are drawn, too. The default is a guess: measure yours. A load with
    measured ones replaces them."""
    first_at_once: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCosts:
    """What a month costs besides GPUs. Sources: docs/operations.md, "Costs"; `make bench-gateway`; S3's price list."""

    usd_per_month: float = 4.06
    """AWS without a single job, without free tiers."""
    usd_per_1000_jobs: float = 0.06
    result_mb: float = 20.0
    """Size of the files of a job."""
    kept_days: float = 7.0
    downloads: float = 1.0
    """How often each result is downloaded."""
    usd_per_gb_month: float = 0.023
    usd_per_gb_download: float = 0.09

    def usd(self, jobs: float) -> float:
        """Return USD per month for that many jobs per month."""
        gigabytes = jobs * self.result_mb / 1000
        stored = gigabytes * self.kept_days / MONTH_DAYS * self.usd_per_gb_month
        return (
            self.usd_per_month
            + jobs / 1000 * self.usd_per_1000_jobs
            + stored
            + gigabytes * self.downloads * self.usd_per_gb_download
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One combination. Shares are of all seconds in which workers existed; a month has 30 days."""

    gpu: str
    idle_timeout: float
    min_workers: int
    usd_per_job: float
    """Everything, the fixed costs included."""
    usd_per_month: float
    gpu_usd_per_month: float
    wait_p50: float
    """Seconds from submit to execution: queue and cold start."""
    wait_p95: float
    cold_starts_per_job: float
    start_share: float
    work_share: float
    idle_share: float
    billed_seconds_per_job: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    jobs: int
    """That were simulated."""
    jobs_per_month: float
    fixed_usd_per_month: float
    rows: tuple[Row, ...]
    """The cheapest first."""
    price_table: str = PRICE_TABLE_VERSION

    def cheapest(self, max_wait: float = math.inf) -> Row | None:
        """Return the cheapest row in which 95 % of the jobs wait at most `max_wait` seconds. None without one."""
        return next((row for row in self.rows if row.wait_p95 <= max_wait), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON: the fields, with `rows` as a list of objects."""
        return asdict(self) | {"rows": [asdict(row) for row in self.rows]}


def plan(load: Load, choices: Choices | None = None, *, fixed: FixedCosts | None = None, seed: int = 0) -> Plan:
    """Simulate the load with each combination of the choices. The same arguments give the same plan."""
    choices, fixed = choices or Choices(), fixed or FixedCosts()
    fixed_usd = fixed.usd(load.jobs_per_month)
    rows = sorted(_rows(load, choices, fixed_usd, seed), key=lambda row: (row.usd_per_month, row.wait_p95))
    return Plan(
        jobs=len(load.arrivals), jobs_per_month=load.jobs_per_month, fixed_usd_per_month=fixed_usd, rows=tuple(rows)
    )


def _rows(load: Load, choices: Choices, fixed_usd: float, seed: int) -> Iterator[Row]:
    speeds = dict.fromkeys(gpu.speed for gpu in choices.gpus)
    for min_workers in choices.min_workers:
        for idle_timeout in choices.idle_timeouts:
            rules = Rules(
                idle_timeout=idle_timeout,
                min_workers=min_workers,
                max_workers=max(choices.max_workers, min_workers),
                queue_delay=choices.queue_delay,
                first_at_once=choices.first_at_once,
            )
            for speed in speeds:
                # The price decides nothing in the simulation: GPUs of one speed share it.
                usage = _simulate(load, choices, rules, speed, seed)
                waits = sorted(usage.waits)
                for gpu in choices.gpus:
                    if gpu.speed == speed:
                        yield _row(load, gpu, rules, usage, waits, fixed_usd)


def _simulate(load: Load, choices: Choices, rules: Rules, speed: float, seed: int) -> Usage:
    cold_starts = sorted(load.starts or choices.cold_starts)
    # Seeded again for each row, so that rows differ by their settings alone.
    random = Random(seed)  # noqa: S311 - a simulation, no secret
    return simulate(load, rules, lambda: _quantile(cold_starts, random.random()), speed)


def _row(load: Load, gpu: Gpu, rules: Rules, usage: Usage, waits: Sequence[float], fixed_usd: float) -> Row:
    months = load.seconds / (MONTH_DAYS * DAY)
    active_price = gpu.usd_per_second if gpu.active_usd_per_second is None else gpu.active_usd_per_second
    gpu_usd = (usage.billed_seconds * gpu.usd_per_second + usage.billed_active_seconds * active_price) / months
    alive = usage.start_seconds + usage.work_seconds + usage.idle_seconds or 1.0
    return Row(
        gpu=gpu.name,
        idle_timeout=rules.idle_timeout,
        min_workers=rules.min_workers,
        usd_per_job=(gpu_usd + fixed_usd) / load.jobs_per_month,
        usd_per_month=gpu_usd + fixed_usd,
        gpu_usd_per_month=gpu_usd,
        wait_p50=percentile(waits, 50),
        wait_p95=percentile(waits, 95),
        cold_starts_per_job=usage.starts / len(waits),
        start_share=usage.start_seconds / alive,
        work_share=usage.work_seconds / alive,
        idle_share=usage.idle_seconds / alive,
        billed_seconds_per_job=(usage.billed_seconds + usage.billed_active_seconds) / len(waits),
    )


def _quantile(ascending: Sequence[float], share: float) -> float:
    """Return the value that `share` of all lie below, on a line from each measured value to the next."""
    at = share * (len(ascending) - 1)
    low = ascending[int(at)]
    return low + (at - int(at)) * (ascending[min(int(at) + 1, len(ascending) - 1)] - low)


def percentile(ascending: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of all do not exceed (nearest rank)."""
    return ascending[max(0, math.ceil(len(ascending) * percent / 100) - 1)]
