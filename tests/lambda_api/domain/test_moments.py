"""Dates and times as clients send them: one reading for costs, lists and deliveries."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lambda_api.domain.moments import read_moment

NINE = int(datetime(2026, 12, 1, 9, 30, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01", NINE - 34_200_000),
        ("2026-12-01T09:30Z", NINE),
        ("2026-12-01t09:30:00z", NINE),
        ("2026-12-01 09:30:00.5Z", NINE + 500),
        ("2026-12-01T11:30:00.123456789+02:00", NINE + 123),
        ("2026-12-01T11:30:00 02:00", NINE),
        ("2026-12-01T04:30:00-05:00", NINE),
        ("1950-01-01", 0),
    ],
)
def test_dates_and_times_with_a_zone_are_read(text: str, expected: int) -> None:
    assert read_moment(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "soon", "20261201", "2026-W49-2", "2026-13-01", "2026-12-01T09:30:00", "2026-12-01T25:00Z", "٢٠٢٦-12-01"],
)
def test_others_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_moment(text)
