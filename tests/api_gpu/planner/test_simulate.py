"""Against closed forms, each derived or cited where it stands. Simulations are seeded; tolerances are several sigma."""

from __future__ import annotations

import math
import time
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_gpu.planner import Load, Rules, Usage, simulate

ALWAYS = 1e9
JOBS = 40_000


def no_start() -> float:
    return 0.0


def poisson(rate: float, work: list[float], *, seed: int = 7) -> Load:
    random = Random(seed)  # noqa: S311
    arrivals = []
    at = 0.0
    for _ in work:
        at += random.expovariate(rate)
        arrivals.append(at)
    return Load(arrivals, work, at)


def exponential(mean: float, jobs: int = JOBS, *, seed: int = 11) -> list[float]:
    random = Random(seed)  # noqa: S311
    return [random.expovariate(1 / mean) for _ in range(jobs)]


@pytest.mark.parametrize("servers", [1, 3, 8])
def test_waiting_probability_is_erlang_c(servers: int) -> None:
    """M/M/c with workers that are always on (Erlang 1917; Kleinrock, Queueing Systems I, 3.5)."""
    load = poisson(0.7 * servers / 10.0, exponential(10.0))
    usage = simulate(load, Rules(idle_timeout=0, min_workers=servers, max_workers=servers), no_start)
    a = 0.7 * servers
    last = a**servers / math.factorial(servers) / 0.3
    erlang_c = last / (sum(a**k / math.factorial(k) for k in range(servers)) + last)
    assert sum(wait > 0 for wait in usage.waits) / JOBS == pytest.approx(erlang_c, abs=0.025)
    assert sum(usage.waits) / JOBS == pytest.approx(erlang_c * 10.0 / (servers * 0.3), rel=0.12)


@pytest.mark.parametrize("timeout", [2.0, 20.0, 60.0])
@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_warm_hits_of_one_job_after_another(rate: float, timeout: float) -> None:
    """P(warm) = 1 - e^(-λτ), and idle seconds per job E[min(X, τ)] = (1 - e^(-λτ)) / λ.

    The renewal case: work takes no time, so a worker becomes idle at each arrival, and the next comes after X ~ Exp(λ).
    It reaches a warm worker if X < τ.
    """
    load = poisson(rate, [0.0] * JOBS)
    usage = simulate(load, Rules(idle_timeout=timeout, max_workers=1), no_start)
    warm = 1 - math.exp(-rate * timeout)
    assert 1 - usage.starts / JOBS == pytest.approx(warm, abs=0.015)
    assert usage.idle_seconds / JOBS == pytest.approx(warm / rate, rel=0.03)


@pytest.mark.parametrize("shape", ["fixed", "exponential", "rare_long"])
def test_warm_hits_at_the_end_of_an_idle_period_of_many_workers(shape: str) -> None:
    """M/G/∞: of the jobs that find no other job, 1 - e^(-λτ) find a warm worker, whatever the work's distribution.

    When the last job ends, the time to the next arrival is Exp(λ), since Poisson arrivals have no memory; the worker of
    that last job has been idle exactly as long, and waits τ. And e^(-a) of all jobs find no other one: their number
    is Poisson(a = λE[S]) (Takács 1962), which arrivals see (PASTA).
    """
    rate, timeout = 0.1, 8.0
    rare_long = Random(3).choices([5.0, 105.0], [19, 1], k=JOBS)  # noqa: S311
    work = {"fixed": [10.0] * JOBS, "exponential": exponential(10.0), "rare_long": rare_long}
    load = poisson(rate, work[shape])
    alone, warm = _warm_among_alone(load, timeout)
    assert alone / JOBS == pytest.approx(math.exp(-sum(load.work) / JOBS * rate), abs=0.015)
    assert warm / alone == pytest.approx(1 - math.exp(-rate * timeout), abs=0.02)
    # Unlimited workers that start at once: a cold start happens where no worker of the last τ seconds is left over.
    usage = simulate(load, Rules(idle_timeout=timeout, max_workers=JOBS, queue_delay=0), no_start)
    assert usage.starts == _starts_of_unlimited(load, timeout)


def _warm_among_alone(load: Load, timeout: float) -> tuple[int, int]:
    """Return how many jobs found no other, and how many of those came within the timeout of the last one's end."""
    alone = warm = 0
    end = -math.inf
    for arrival, work in zip(load.arrivals, load.work, strict=True):
        if arrival >= end:
            alone += 1
            warm += arrival < end + timeout
        end = max(end, arrival + work)
    return alone, warm


def _starts_of_unlimited(load: Load, timeout: float) -> int:
    """Count starts without events: each job takes the worker that ended last, if one ended within `timeout`."""
    ends: list[float] = []
    starts = 0
    for arrival, work in zip(load.arrivals, load.work, strict=True):
        idle = [end for end in ends if end <= arrival < end + timeout]
        if idle:
            ends.remove(max(idle))
        else:
            starts += 1
        ends = [end for end in ends if end + timeout > arrival] + [arrival + work]
    return starts


def test_mean_wait_with_setup_and_no_idle_time() -> None:
    """M/G/1 with a set-up D before each busy period: E[W] = λE[S²]/(2(1 - λE[S])) + (2E[D] + λE[D²])/(2(1 + λE[D])).

    Welch, "On a generalized M/G/1 queuing process in which the first customer of each busy period receives exceptional
    service", Operations Research 12 (1964).
    """
    rate, work, start = 0.05, 10.0, 15.0
    load = poisson(rate, [work] * JOBS)
    usage = simulate(load, Rules(idle_timeout=0, max_workers=1), lambda: start)
    expected = rate * work**2 / (2 * 0.5) + (2 * start + rate * start**2) / (2 * (1 + rate * start))
    assert sum(usage.waits) / JOBS == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("timeout", [0.0, 10.0, 60.0])
def test_idle_time_of_one_worker_buys_speed_but_saves_no_money(timeout: float) -> None:
    """Seconds per job without work: ((1 - q)/λ + qs) / (1 + qλs), q = e^(-λτ): 1/(λ + 1/s) at τ = 0, 1/λ at τ = ∞.

    A cycle is an idle time min(X, τ) and, with probability q, a start s, in which λs more jobs arrive and wait.
    """
    rate, start = 0.05, 60.0
    usage = simulate(poisson(rate, [0.0] * JOBS), Rules(idle_timeout=timeout, max_workers=1), lambda: start)
    q = math.exp(-rate * timeout)
    expected = ((1 - q) / rate + q * start) / (1 + q * rate * start)
    assert (usage.start_seconds + usage.idle_seconds) / JOBS == pytest.approx(expected, rel=0.03)


loads = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 60)), min_size=1, max_size=60).map(Load.from_trace)
rules = st.builds(
    Rules,
    idle_timeout=st.sampled_from([0.0, 1.0, 5.0, 60.0]),
    min_workers=st.integers(0, 2),
    max_workers=st.integers(2, 5),
    queue_delay=st.sampled_from([0.0, 0.5, 4.0]),
    first_at_once=st.booleans(),
)


@given(loads, rules, st.floats(0, 30))
@settings(max_examples=200)
def test_every_job_runs_and_every_second_is_accounted_for(load: Load, rules: Rules, start: float) -> None:
    usage = simulate(load, rules, lambda: start)
    assert len(usage.waits) == len(load.arrivals)
    assert min(usage.waits) >= 0
    assert usage.work_seconds == pytest.approx(sum(load.work))
    assert usage.start_seconds == pytest.approx(usage.starts * start)
    alive = usage.start_seconds + usage.work_seconds + usage.idle_seconds
    billed = usage.billed_seconds + usage.billed_active_seconds
    workers = usage.starts + rules.min_workers
    assert alive - 1e-3 <= billed <= alive + workers + 1e-3
    if rules.min_workers:
        assert usage.billed_active_seconds >= rules.min_workers * math.floor(load.seconds)


def run(trace: list[tuple[float, float]], start: float = 10.0, **options: float) -> Usage:
    return simulate(Load.from_trace(trace), Rules(**{"idle_timeout": 5.0, **options}), lambda: start)  # type: ignore[arg-type]


def test_first_worker_starts_at_once_and_others_after_the_delay() -> None:
    """The second job waits 4 s before a worker of its own starts, which then takes 10 s."""
    usage = run([(0.0, 100.0), (1.0, 100.0)])
    assert usage.waits == [10.0, 14.0]
    assert run([(0.0, 100.0)], first_at_once=False).waits == [14.0]


def test_starting_workers_are_counted_before_another_starts() -> None:
    usage = run([(0.0, 1.0)] * 3, max_workers=10)
    assert usage.starts == 3
    assert usage.waits == [10.0, 11.0, 12.0]
    assert run([(0.0, 1.0)] * 3, max_workers=2).starts == 2


def test_each_workers_time_is_rounded_up() -> None:
    usage = run([(0.0, 2.3), (100.0, 2.3)])
    assert usage.billed_seconds == 2 * math.ceil(10 + 2.3 + 5)
    assert usage.idle_seconds == pytest.approx(10.0)


def test_job_within_the_timeout_finds_the_worker_warm() -> None:
    assert run([(0.0, 2.0), (16.9, 2.0)]).starts == 1
    assert run([(0.0, 2.0), (17.1, 2.0)]).starts == 2


def test_worker_that_is_always_on_is_billed_for_the_whole_record() -> None:
    load = Load.from_trace([(100.0, 5.0)], seconds=86_400.0)
    usage = simulate(load, Rules(idle_timeout=5, min_workers=1), no_start)
    assert usage.billed_active_seconds == 86_400
    assert usage.waits == [0.0]
    assert usage.idle_seconds == pytest.approx(86_395.0)


def test_faster_gpu_works_in_less_time() -> None:
    load = Load.from_trace([(0.0, 30.0)])
    assert simulate(load, Rules(idle_timeout=0), no_start, speed=2.0).work_seconds == 15.0


def test_hundred_thousand_jobs_take_about_a_second_of_processor_time() -> None:
    load = Load.from_rate(100_000, [12.0, 3.0, 40.0], days=1)
    began = time.process_time()
    usage = simulate(load, Rules(idle_timeout=5, max_workers=50), lambda: 8.0)
    assert len(usage.waits) == pytest.approx(100_000, rel=0.02)
    # 0.3 s; five times that on a machine with other work, with coverage on top.
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize("options", [{"max_workers": 0}, {"min_workers": 4}, {"idle_timeout": -1}, {"queue_delay": -1}])
def test_impossible_rules_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"workers|negative"):
        run([(0.0, 1.0)], **options)


def test_jobs_are_served_in_the_order_of_their_arrival() -> None:
    load = Load.from_rate(20_000, [5.0, 30.0], days=1, seed=3)
    usage = simulate(load, Rules(idle_timeout=5, max_workers=8), lambda: 8.0)
    begins = [arrival + wait for arrival, wait in zip(load.arrivals, usage.waits, strict=True)]
    assert all(earlier <= later for earlier, later in pairwise(begins))
