"""`OWNER#<owner>`: one owner's usage, updated in the transaction that stores or ends a job. It has no TTL.

DynamoDB cannot compute the later of two times, nor the larger of two numbers. So there are several update expressions;
try the one for an idle owner first. Each condition is self-contained: the limits hold whatever else is being written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_api.adapters.aws.dynamodb_table import Item
from lambda_api.domain.access.quotas import Allowance, Usage, is_full

_BUCKET_FULL = "(attribute_not_exists(full_at) OR full_at <= :now OR full_at > :impossible)"
_BUCKET_FILLING = "full_at > :now AND full_at <= :latest"
_BELOW_LIMIT = "(attribute_not_exists(in_flight) OR (in_flight >= :none AND in_flight < :most))"
_BELOW_ZERO = "in_flight < :none"


def reserve(owner: str, allowance: Allowance, now: int, used: Usage) -> Item:
    """Return the update that adds a job in flight and takes a token, assuming the usage `used`.

    The condition fails, and returns the current row, if the allowance is used up or the assumption is wrong.
    """
    values = {":now": now, ":none": 0, ":one": 1}
    if is_full(used, allowance, now):
        bucket, later = _BUCKET_FULL, "full_at = :next"
        values |= {":impossible": allowance.max_full_at(now), ":next": now + allowance.step_ms}
    else:
        bucket, later = _BUCKET_FILLING, "full_at = full_at + :step"
        values |= {":latest": allowance.latest_full_at(now), ":step": allowance.step_ms}
    if used.in_flight < 0:
        jobs, update = _BELOW_ZERO, f"SET {later}, in_flight = :one"
    else:
        jobs, update = _BELOW_LIMIT, f"SET {later} ADD in_flight :one"
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


def release(owner: str) -> Item:
    """Return the update that removes a job in flight.

    The count goes below zero if the row was deleted meanwhile; the next `reserve` corrects it.
    """
    less = {":less": {"N": "-1"}}
    return {
        "Update": {"Key": _key(owner), "UpdateExpression": "ADD in_flight :less", "ExpressionAttributeValues": less}
    }


def parse_usage(item: Mapping[str, Any]) -> Usage:
    in_flight, full_at = (int(item.get(name, {"N": "0"})["N"]) for name in ("in_flight", "full_at"))
    return Usage(in_flight, full_at)


def _key(owner: str) -> Item:
    return {"pk": {"S": f"OWNER#{owner}"}}
