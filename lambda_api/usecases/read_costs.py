"""Add up what an owner's jobs cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lambda_api.domain.bill.history import MAX_DAYS, CostHistory, Day, Group, GroupBy, add_up, days_until, utc_day
from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.moments import EXPECTED, read_moment
from lambda_api.usecases.services import Services

DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Costs:
    """Sums of a period. The key of a group is None for jobs of workers without a GPU."""

    first: date
    last: date
    total: CostHistory
    groups: Mapping[str | None, CostHistory]


def read_costs(services: Services, owner: str, first: str | None, last: str | None, group_by: GroupBy) -> Costs:
    """Return the sums over an owner's completed jobs that ended from `first` to `last`, both included.

    Both are dates, or times whose day is meant, in UTC; by default the last 30 days. Raises InvalidRequest naming
    `from` or `to`; Unavailable.
    """
    until = _read_day("to", last) if last else utc_day(services.clock())
    since = _read_day("from", first) if first else until - timedelta(days=DEFAULT_DAYS - 1)
    count = (until - since).days + 1
    if count < 1:
        raise InvalidRequest.naming((("from", "must not be after to"),))
    if count > MAX_DAYS:
        raise InvalidRequest.naming((("from", f"the period has {count} days; send at most {MAX_DAYS}"),))
    days = services.store.costs(owner, days_until(until, count))
    return Costs(since, until, add_up(sums for day in days.values() for sums in day.values()), _group(days, group_by))


def _group(days: Mapping[date, Day], group_by: GroupBy) -> Mapping[str | None, CostHistory]:
    """Return the groups: days in their order, others by what they cost, the dearest first."""
    groups: dict[str | None, CostHistory] = {}
    for day, found in sorted(days.items()):
        for group, sums in found.items():
            key = _key(day, group, group_by)
            groups[key] = groups.get(key, CostHistory()) + sums
    if group_by is GroupBy.DAY:
        return groups
    return dict(sorted(groups.items(), key=lambda pair: (-pair[1].nano_usd, pair[0] or "")))


def _key(day: date, group: Group, group_by: GroupBy) -> str | None:
    if group_by is GroupBy.DAY:
        return day.isoformat()
    return group.operation if group_by is GroupBy.OPERATION else group.gpu_type


def _read_day(name: str, text: str) -> date:
    try:
        day = utc_day(read_moment(text))
    except (ValueError, OverflowError):
        day = date.min
    # Days before or after others may not exist in years that no job has.
    if not 2000 <= day.year <= 9000:
        raise InvalidRequest.naming(((name, EXPECTED),))
    return day
