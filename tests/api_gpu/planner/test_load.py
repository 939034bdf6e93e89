from __future__ import annotations

from collections import Counter

import pytest

from api_gpu.planner import OFFICE_HOURS, Load


def test_the_same_seed_draws_the_same_load() -> None:
    first, again = (Load.from_rate(50, [1.0, 2.0], seed=5) for _ in range(2))
    assert first == again
    assert Load.from_rate(50, [1.0, 2.0], seed=6) != first


@pytest.mark.parametrize("per_day", [3, 50, 4000])
def test_rate_is_that_of_the_request(per_day: int) -> None:
    load = Load.from_rate(per_day, [1.0], seed=1)
    assert load.jobs_per_month == pytest.approx(30 * per_day, rel=0.1)
    assert load.seconds % 86_400 == 0


def test_jobs_follow_the_hours_of_the_day() -> None:
    load = Load.from_rate(200, [1.0], hours=OFFICE_HOURS, seed=1)
    by_hour = Counter(int(at % 86_400 // 3600) for at in load.arrivals)
    assert by_hour[12] == pytest.approx(10 * by_hour[3], rel=0.3)


def test_jobs_of_a_burst_arrive_together() -> None:
    load = Load.from_rate(100, [1.0], burst=10, seed=1)
    assert set(Counter(load.arrivals).values()) == {10}
    assert load.jobs_per_month == pytest.approx(3000, rel=0.1)


def test_trace_may_be_in_any_order() -> None:
    load = Load.from_trace([(10.0, 2.0), (0.0, 1.0)])
    assert (load.arrivals, load.work, load.seconds) == ([0.0, 10.0], [1.0, 2.0], 10.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Load.from_trace([]),
        lambda: Load([2.0, 1.0], [1.0, 1.0], 3.0),
        lambda: Load([1.0], [-1.0], 3.0),
        lambda: Load([1.0], [1.0], 0.5),
        lambda: Load.from_rate(10, []),
        lambda: Load.from_rate(10, [1.0], hours=(1.0,)),
    ],
)
def test_load_that_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"job|arrivals|plan"):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(("per_day", "burst"), [(0, 1), (-1, 1), (1e9, 1), (float("nan"), 1), (10, 0), (10, 10**9)])
def test_impossible_rates_are_refused_at_once(per_day: float, burst: int) -> None:
    with pytest.raises(ValueError, match="at most 500,000"):
        Load.from_rate(per_day, [1.0], burst=burst)
