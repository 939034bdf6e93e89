from __future__ import annotations

from lambda_api.domain.policy import CALLBACK_DELAYS, HOUR, MINUTE, SECOND, Policy, expires_at

POLICY = Policy()


def test_retries_back_off_with_jitter_and_a_cap() -> None:
    waits = [POLICY.retry_at(0, refusals, HOUR, 0.999) for refusals in range(12)]
    assert waits == sorted(waits)
    assert waits[0] < 6 * SECOND
    assert waits[-1] < MINUTE
    assert POLICY.retry_at(0, 11, HOUR, 0.0) >= POLICY.retry_base_ms // 2
    assert POLICY.retry_at(0, 4, HOUR, 0.1) != POLICY.retry_at(0, 4, HOUR, 0.9)


def test_nothing_is_scheduled_past_the_deadline() -> None:
    assert POLICY.retry_at(0, 11, 3 * SECOND, 0.999) == 3 * SECOND
    assert POLICY.next_check(0, 3 * SECOND) == 3 * SECOND
    assert POLICY.next_check(5 * SECOND, 3 * SECOND) == 5 * SECOND


def test_reports_within_half_a_minute_mostly_leave_the_next_check_where_it_is() -> None:
    checks = [POLICY.next_check(now, HOUR) for now in range(1, 30 * SECOND, 5 * SECOND)]
    assert set(checks) == {90 * SECOND}
    assert POLICY.next_check(30 * SECOND, HOUR) == 90 * SECOND
    assert POLICY.next_check(30 * SECOND + 1, HOUR) == 120 * SECOND


def test_callback_schedule_is_the_published_one() -> None:
    assert CALLBACK_DELAYS == (0, 5000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000)
    assert POLICY.callback_delay(1, 0.5) == 5 * SECOND
    assert POLICY.callback_delay(8, 0.5) == 24 * HOUR
    assert POLICY.callback_delay(9, 0.5) is None


def test_callback_delays_have_jitter_and_honor_retry_after() -> None:
    assert POLICY.callback_delay(2, 0.0) == 54 * SECOND
    assert POLICY.callback_delay(2, 0.9999) in range(65_900, 66_001)
    assert POLICY.callback_delay(1, 0.5, retry_after_ms=30 * SECOND) == 30 * SECOND
    assert POLICY.callback_delay(1, 0.5, retry_after_ms=999 * HOUR) == 24 * HOUR


def test_job_is_kept_for_its_retention_and_last_callback() -> None:
    whole = sum(CALLBACK_DELAYS)
    assert expires_at(0, HOUR, HOUR, 7 * 24 * HOUR) == 7 * 24 * HOUR
    for deadline_at in (HOUR, 24 * HOUR):
        assert expires_at(0, deadline_at, None, HOUR) >= deadline_at + 1.1 * whole + 24 * HOUR
    # A receiver may ask for a day's pause before each attempt.
    assert expires_at(0, HOUR, 9 * 24 * HOUR, HOUR) == 10 * 24 * HOUR
