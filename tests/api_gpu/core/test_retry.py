"""Which answers are tried again, and after how long."""

from __future__ import annotations

import pytest

from api_gpu.core.retry import backoff, delay_after, retry_after
from tests.support.flows import NOW, reply

TIMEOUT = b"<Error><Code>RequestTimeout</Code></Error>"


@pytest.mark.parametrize(
    ("failures", "shortest", "longest"),
    [(1, 0.25, 0.75), (2, 0.5, 1.5), (3, 1, 3), (4, 2, 6), (5, 4, 8), (9, 8, 8), (1000, 8, 8)],
)
def test_backoff_doubles_with_jitter_up_to_8_seconds(failures: int, shortest: float, longest: float) -> None:
    assert backoff(failures, 0.0) == shortest
    assert backoff(failures, 1.0) == longest


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_errors_are_tried_again(status: int) -> None:
    assert delay_after(reply(status), 1, 3, 0.5, NOW) == 0.5


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422, 501])
def test_lasting_errors_are_final(status: int) -> None:
    assert delay_after(reply(status), 1, 3, 0.5, NOW) is None


def test_storage_timeout_is_tried_again() -> None:
    assert delay_after(reply(400, TIMEOUT), 1, 3, 0.5, NOW) == 0.5


def test_no_answer_is_tried_again_until_retries_are_spent() -> None:
    assert [delay_after(None, failures, 3, 0.5, NOW) for failures in (1, 2, 3, 4)] == [0.5, 1, 2, None]


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [("7", 7), ("0", 0), ("120", 120), ("-3", 0), ("Mon, 30 Nov 2026 12:00:30 GMT", 30), ("soon", 0.5), ("", 0.5)],
)
def test_retry_after_is_honored_up_to_two_minutes(stated: str, seconds: float) -> None:
    assert delay_after(reply(503, retry_after=stated), 1, 3, 0.5, NOW) == seconds


@pytest.mark.parametrize("stated", ["121", "Mon, 30 Nov 2026 13:00:00 GMT"])
def test_longer_retry_after_is_final(stated: str) -> None:
    assert delay_after(reply(429, retry_after=stated), 1, 3, 0.5, NOW) is None


@pytest.mark.parametrize("stated", ["nan", "inf"])
def test_retry_after_that_is_no_number_is_none(stated: str) -> None:
    assert retry_after({"retry-after": stated}, NOW) is None
