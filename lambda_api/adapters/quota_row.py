"""`OWNER#<owner>`: what one owner uses, changed in the transaction that stores or ends a job. It has no TTL.

DynamoDB cannot compute the later of two times, nor the larger of two numbers. So a submit has several forms, and begins
with that of an owner who uses nothing. Each states all it needs to find; the limits hold whoever else is writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_api.adapters.dynamodb_table import Item
from lambda_api.domain.access.quotas import Allowance, Usage, is_full

_FULL = "(attribute_not_exists(full_at) OR full_at <= :now OR full_at > :impossible)"
_NOT_FULL = "full_at > :now AND full_at <= :latest"
_ROOM = "(attribute_not_exists(in_flight) OR (in_flight >= :none AND in_flight < :most))"
_FEWER_THAN_NONE = "in_flight < :none"


def take(owner: str, allowance: Allowance, now: int, used: Usage) -> Item:
    """One more job in flight, one token less, in the form for an owner who `used` so much.

    Refused with the row as it is, where the owner uses all of the allowance or the form is not the right one.
    """
    values = {":now": now, ":none": 0, ":one": 1}
    if is_full(used, allowance, now):
        bucket, later = _FULL, "full_at = :next"
        values |= {":impossible": allowance.max_full_at(now), ":next": now + allowance.step_ms}
    else:
        bucket, later = _NOT_FULL, "full_at = full_at + :step"
        values |= {":latest": allowance.latest_full_at(now), ":step": allowance.step_ms}
    if used.in_flight < 0:
        jobs, update = _FEWER_THAN_NONE, f"SET {later}, in_flight = :one"
    else:
        jobs, update = _ROOM, f"SET {later} ADD in_flight :one"
        values[":most"] = allowance.jobs_in_flight
    return {
        "Update": {
            "Key": _key(owner),
            "UpdateExpression": update,
            "ConditionExpression": f"{bucket} AND {jobs}",
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def give_back(owner: str) -> Item:
    """One job in flight less; fewer than none if its row was deleted meanwhile, which the next submit makes good."""
    less = {":less": {"N": "-1"}}
    return {
        "Update": {"Key": _key(owner), "UpdateExpression": "ADD in_flight :less", "ExpressionAttributeValues": less}
    }


def usage(item: Mapping[str, Any]) -> Usage:
    in_flight, full_at = (int(item.get(name, {"N": "0"})["N"]) for name in ("in_flight", "full_at"))
    return Usage(in_flight, full_at)


def _key(owner: str) -> Item:
    return {"pk": {"S": f"OWNER#{owner}"}}
