"""`OWNER#<owner>`: what one owner uses, changed in the transaction that stores or ends a job. It has no TTL.

DynamoDB cannot compute the later of two times, so a submit has two forms: one for a bucket that is full, one for a
bucket that is not. Both state all they need to find; the limits hold whoever else is writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_api.adapters.table import Item
from lambda_api.domain.limits import Allowance, Usage

_ROOM = "(attribute_not_exists(in_flight) OR in_flight < :most)"
_FULL = "(attribute_not_exists(full_at) OR full_at <= :now OR full_at > :impossible)"
_NOT_FULL = "full_at > :now AND full_at <= :latest"


def take(owner: str, allowance: Allowance, now: int, *, full: bool) -> Item:
    """One more job in flight, one token less. Refused with the row as it is."""
    values = {":now": now, ":most": allowance.jobs_in_flight, ":one": 1}
    if full:
        condition, update = _FULL, "SET full_at = :next ADD in_flight :one"
        values |= {":impossible": allowance.impossible(now), ":next": now + allowance.step_ms}
    else:
        condition, update = _NOT_FULL, "SET full_at = full_at + :step ADD in_flight :one"
        values |= {":latest": allowance.latest(now), ":step": allowance.step_ms}
    return {
        "Update": {
            "Key": _key(owner),
            "UpdateExpression": update,
            "ConditionExpression": f"{condition} AND {_ROOM}",
            "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def give_back(owner: str) -> Item:
    """One job in flight less."""
    less = {":less": {"N": "-1"}}
    return {
        "Update": {"Key": _key(owner), "UpdateExpression": "ADD in_flight :less", "ExpressionAttributeValues": less}
    }


def usage(item: Mapping[str, Any]) -> Usage:
    in_flight, full_at = (int(item.get(name, {"N": "0"})["N"]) for name in ("in_flight", "full_at"))
    return Usage(in_flight, full_at)


def _key(owner: str) -> Item:
    return {"pk": {"S": f"OWNER#{owner}"}}
