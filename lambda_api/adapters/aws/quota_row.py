"""`OWNER#<owner>`: one owner's usage, updated in the transaction that stores or ends a job. It has no TTL.

DynamoDB cannot compute the later of two times, nor the larger of two numbers. So there are several update expressions;
try the one for an idle owner first. Each condition is self-contained: the limits hold whatever else is being written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambda_api.adapters.aws.dynamodb_table import Item
from lambda_api.domain.access.quotas import Allowance, Bucket, Usage

_BELOW_LIMIT = "(attribute_not_exists(in_flight) OR (in_flight >= :none AND in_flight < :most))"
_BELOW_ZERO = "in_flight < :none"


class Taking(NamedTuple):
    """The parts of an update that takes tokens from one bucket."""

    condition: str
    assignment: str
    values: dict[str, int]


def take_tokens(name: str, bucket: Bucket, full_at: int, now: int, tokens: int = 1) -> Taking:
    """Return the update of the attribute `name`, a bucket's `full_at`, assuming its current value."""
    if bucket.is_full(full_at, now):
        condition = f"(attribute_not_exists({name}) OR {name} <= :now OR {name} > :{name}_impossible)"
        values = {f"{name}_impossible": bucket.max_full_at(now), f"{name}_next": now + bucket.cost_ms(tokens)}
        assignment = f"{name} = :{name}_next"
    else:
        condition = f"{name} > :now AND {name} <= :{name}_latest"
        values = {f"{name}_latest": bucket.latest_full_at(now, tokens), f"{name}_step": bucket.cost_ms(tokens)}
        assignment = f"{name} = {name} + :{name}_step"
    return Taking(condition, assignment, {":now": now} | {f":{key}": value for key, value in values.items()})


def reserve(owner: str, allowance: Allowance, now: int, used: Usage) -> Item:
    """Return the update that adds a job in flight and takes a token, assuming the usage `used`.

    The condition fails, and returns the current row, if the allowance is used up or the assumption is wrong.
    """
    token = take_tokens("full_at", allowance.submits, used.full_at, now)
    values = token.values | {":none": 0, ":one": 1}
    if used.in_flight < 0:
        jobs, update = _BELOW_ZERO, f"SET {token.assignment}, in_flight = :one"
    else:
        jobs, update = _BELOW_LIMIT, f"SET {token.assignment} ADD in_flight :one"
        values[":most"] = allowance.jobs_in_flight
    return update_usage(_key(owner), update, f"{token.condition} AND {jobs}", values)


def update_usage(key: Item, update: str, condition: str, values: Mapping[str, int]) -> Item:
    """Return a conditional update of a row of numbers. If its condition fails, DynamoDB returns the current row."""
    return {
        "Update": {
            "Key": key,
            "UpdateExpression": update,
            "ConditionExpression": condition,
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
    return Usage(number_of(item, "in_flight"), number_of(item, "full_at"))


def number_of(item: Mapping[str, Any], name: str) -> int:
    """Return a number of a row; 0 if it is not there."""
    return int(item.get(name, {"N": "0"})["N"])


def _key(owner: str) -> Item:
    return {"pk": {"S": f"OWNER#{owner}"}}
