"""The work to plan for: when jobs arrive, and how long a GPU works on each. Recorded, or drawn from a rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

DAY = 86_400.0
MONTH_DAYS = 30.0
_HOURS = 24
EVEN = (1.0,) * _HOURS
OFFICE_HOURS = (0.1,) * 8 + (1.0,) * 10 + (0.3,) * 6
"""Weights of the hours of a day: most jobs from 8 to 18 o'clock, few at night."""
_ENOUGH_JOBS = 10_000
"""Draw about as many: the 95th percentile of waits then varies by a few percent between seeds."""
_MOST_DAYS = 300
_MOST_JOBS_A_DAY = 500_000
"""A day of more would take gigabytes of memory and minutes."""


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs in the order of their arrival."""

    arrivals: Sequence[float]
    """Seconds since the start of the record, in ascending order."""
    work: Sequence[float]
    """Seconds of execution of each job, on a GPU of speed 1."""
    seconds: float
    """Length of the record: what a worker that is always on is billed for."""
    starts: Sequence[float] = ()
    """Cold starts that were measured, in seconds; empty if none were."""

    def __post_init__(self) -> None:
        if not self.arrivals or len(self.arrivals) != len(self.work):
            raise ValueError("a plan needs at least one job, and one execution time for each")
        if any(later < earlier for earlier, later in zip(self.arrivals, self.arrivals[1:], strict=False)):
            raise ValueError("arrivals must be in ascending order")
        if self.arrivals[0] < 0 or min(self.work) < 0 or self.seconds < self.arrivals[-1]:
            raise ValueError("arrivals must lie within the record, and execution times must not be negative")

    @property
    def jobs_per_month(self) -> float:
        """As many jobs as 30 days have at this rate."""
        return len(self.arrivals) * MONTH_DAYS * DAY / self.seconds

    @classmethod
    def from_trace(cls, trace: Iterable[tuple[float, float]], seconds: float | None = None) -> Load:
        """Take recorded pairs of (arrival, execution) in seconds, in any order. `seconds`: default, to the last one."""
        pairs = sorted(trace)
        arrivals = [arrival for arrival, _ in pairs]
        last = max(arrivals, default=0.0)
        return cls(arrivals, [work for _, work in pairs], max(last, 1.0) if seconds is None else seconds)

    @classmethod
    def from_rate(
        cls,
        jobs_per_day: float,
        work: Sequence[float],
        *,
        hours: Sequence[float] = EVEN,
        burst: int = 1,
        days: int | None = None,
        seed: int = 0,
    ) -> Load:
        """Draw arrivals at random (Poisson), the rate of each hour by its weight in `hours`.

        Args:
            jobs_per_day: mean number of jobs.
            work: seconds of execution, one of which is drawn for each job; `[12.0]` gives each job twelve.
            hours: 24 weights, from midnight.
            burst: jobs that arrive together, such as the rows of a spreadsheet.
            days: length of the record; by default enough for ten thousand jobs, 7 to 300 days if they are few.
            seed: the same seed draws the same load.
        """
        if not 0 < jobs_per_day <= _MOST_JOBS_A_DAY or not 1 <= burst <= _MOST_JOBS_A_DAY:
            most = f"{_MOST_JOBS_A_DAY:,}"
            raise ValueError(f"jobs per day must be above 0 and at most {most}, and a burst from 1 to {most} jobs")
        if not work or len(hours) != _HOURS or min(hours) < 0 or not sum(hours):
            raise ValueError("a plan needs execution times, and 24 weights of hours")
        random = Random(seed)  # noqa: S311 - a simulation, no secret
        if days is None:
            days = max(1 if jobs_per_day * 7 > _ENOUGH_JOBS else 7, min(_MOST_DAYS, round(_ENOUGH_JOBS / jobs_per_day)))
        share = sum(hours)
        rates = [jobs_per_day / burst * weight / share / 3600 for weight in hours]
        arrivals = [at for hour in range(days * _HOURS) for at in _draw_hour(random, hour, rates[hour % _HOURS], burst)]
        return cls(arrivals, random.choices(work, k=len(arrivals)), days * DAY)


def _draw_hour(random: Random, hour: int, rate: float, burst: int) -> Iterable[float]:
    """Yield the arrivals of one hour. Poisson arrivals have no memory, so that each hour can be drawn by itself."""
    at, end = hour * 3600.0, (hour + 1) * 3600.0
    while rate > 0 and (at := at + random.expovariate(rate)) < end:
        for _ in range(burst):
            yield at
