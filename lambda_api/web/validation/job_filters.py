"""Query parameters of lists: states, metadata and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from contract.operations import OPERATIONS
from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.job import State
from lambda_api.domain.job_query import JobQuery

_STATES = ", ".join(State)
_MOMENT = "must be a date such as 2026-12-01 (UTC), or a time with its zone such as 2026-12-01T09:30:00Z"


def read_query(
    states: Sequence[str],
    operation: str | None,
    metadata: Sequence[str],
    created_after: str | None,
    created_before: str | None,
) -> JobQuery:
    """Return the query. Raises InvalidRequest that names every wrong parameter."""
    errors: list[tuple[str, str]] = []
    wanted = {name.strip().upper() for text in states for name in text.split(",") if name.strip()}
    if not wanted <= set(State):
        errors.append(("state", f"must be one or more of {_STATES}; separate them by commas"))
    if operation is not None and operation.lower() not in OPERATIONS:
        errors.append(("operation", f"must be one of {', '.join(OPERATIONS)}"))
    pairs = [text.partition(":") for text in metadata]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        errors.append(("metadata", "must be a key and a value, such as scene:7"))
    moments: dict[str, int | None] = {}
    for name, moment in (("created_after", created_after), ("created_before", created_before)):
        try:
            moments[name] = None if moment is None else read_moment(moment)
        except ValueError:
            errors.append((name, _MOMENT))
    if errors:
        raise InvalidRequest.naming(tuple(errors))
    return JobQuery(
        states=frozenset(State(name) for name in wanted),
        operation=None if operation is None else operation.lower(),
        metadata={name.strip(): value.strip() for name, _, value in pairs},
        **moments,
    )


def read_moment(text: str) -> int:
    """Return milliseconds since the epoch. Raises ValueError."""
    # Python reads shorter forms, too, such as 20261201.
    if len(text) == len("2026-12-01"):
        return _milliseconds(datetime.combine(date.fromisoformat(text), time(), UTC))
    if len(text) < len("2026-12-01T09:30Z"):
        raise ValueError("not a time")
    # An unencoded plus sign arrives as a blank.
    moment = datetime.fromisoformat(text[:11] + text[11:].replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return _milliseconds(moment)


def _milliseconds(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000))
