"""Query parameters of lists: states, metadata and times."""

from __future__ import annotations

from collections.abc import Sequence

from contract.operations import OPERATIONS
from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.job import State
from lambda_api.domain.job_query import JobQuery
from lambda_api.domain.moments import EXPECTED, read_moment

_STATES = ", ".join(State)


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
        except (ValueError, OverflowError):
            errors.append((name, EXPECTED))
    if errors:
        raise InvalidRequest.naming(tuple(errors))
    return JobQuery(
        states=frozenset(State(name) for name in wanted),
        operation=None if operation is None else operation.lower(),
        metadata={name.strip(): value.strip() for name, _, value in pairs},
        **moments,
    )
