"""The quotas of an owner: what the token bucket admits at any time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_api.domain.access.quotas import Allowance, Usage
from lambda_api.domain.errors import RateLimited, TooManyJobs, TooManyRequests
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from tests.support.examples import job
from tests.support.fakes import START, FakeClock, FakeStore
from tests.support.quotas import admit

ALLOWANCES = st.builds(
    Allowance, rate_per_minute=st.integers(1, 3000), burst=st.integers(1, 8), jobs_in_flight=st.just(10**6)
)
PAUSES = st.lists(st.one_of(st.just(0), st.integers(0, 200), st.integers(0, 90 * SECOND)), max_size=40)


def moments(pauses: list[int]) -> list[int]:
    now, found = START, []
    for pause in pauses:
        now += pause
        found.append(now)
    return found


def is_admitted(store: FakeStore, allowance: Allowance, number: int, now: int) -> bool:
    try:
        return store.create(job(job_id=f"job-{number}"), None, now, allowance) is None
    except RateLimited:
        return False


def retry_after(usage: Usage, allowance: Allowance, now: int) -> int:
    """Return the seconds until the next submit is admitted, according to the refusal."""
    try:
        admit(usage, allowance, now)
    except RateLimited as refused:
        return refused.retry_after or -1
    return 0


@pytest.mark.fault("A17")
@given(ALLOWANCES, PAUSES)
def test_no_window_admits_more_than_burst_and_rate(allowance: Allowance, pauses: list[int]) -> None:
    store = FakeStore(FakeClock())
    times = [now for number, now in enumerate(moments(pauses)) if is_admitted(store, allowance, number, now)]
    for first, begin in enumerate(times):
        for last, end in enumerate(times[first:], first):
            assert last - first + 1 <= allowance.burst + (end - begin) * allowance.rate_per_minute / MINUTE


@given(ALLOWANCES, PAUSES)
def test_gcra_equals_a_token_bucket(allowance: Allowance, pauses: list[int]) -> None:
    store, tokens, filled_at = FakeStore(FakeClock()), float(allowance.burst), START
    for number, now in enumerate(moments(pauses)):
        tokens = min(allowance.burst, tokens + (now - filled_at) / allowance.submits.cost_ms())
        filled_at = now
        # One token may be slightly less in floating point.
        expected = tokens > 1 - 1e-9
        assert is_admitted(store, allowance, number, now) is expected
        tokens -= expected


@settings(max_examples=50)
@given(ALLOWANCES, PAUSES)
def test_submit_is_admitted_after_retry_after(allowance: Allowance, pauses: list[int]) -> None:
    usage = Usage()
    for now in moments(pauses):
        seconds = retry_after(usage, allowance, now)
        assert seconds >= 0
        later = admit(usage, allowance, now + seconds * SECOND)
        usage = usage if seconds else later


def test_in_flight_cap_is_checked_before_the_rate() -> None:
    allowance = Allowance(burst=1, jobs_in_flight=1)
    usage = admit(Usage(), allowance, START)
    with pytest.raises(TooManyJobs):
        admit(usage, allowance, START)
    with pytest.raises(RateLimited):
        admit(replace(usage, in_flight=0), allowance, START)


@pytest.mark.parametrize("full_at", [START + HOUR, START + 10**9])
def test_impossible_bucket_counts_as_full(full_at: int) -> None:
    allowance = Allowance(rate_per_minute=60, burst=3)
    assert admit(Usage(0, full_at), allowance, START) == Usage(1, START + SECOND)
    # A clock slightly behind the one that wrote the value refuses the submit.
    with pytest.raises(TooManyRequests):
        admit(Usage(0, START + 20 * SECOND), allowance, START)
