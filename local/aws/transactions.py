"""moto's transactions, made as DynamoDB's are: all or nothing, whoever else is writing.

moto serves requests side by side, copies the whole table for each transaction, and puts the copy back after one that
failed: with it goes whatever was written meanwhile. Here writes take turns, and conditions are looked at first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import ConditionalCheckFailed, TransactionCanceledException
from moto.dynamodb.models import DynamoDBBackend

Verdict = tuple[str | None, str | None, dict[str, Any] | None]

_TURN = threading.RLock()


@cache
def install() -> None:
    """Replace what moto has, in this process."""
    for name in ("put_item", "update_item", "delete_item"):
        setattr(DynamoDBBackend, name, _alone(getattr(DynamoDBBackend, name)))
    DynamoDBBackend.transact_write_items = _alone(_transact)  # type: ignore[method-assign]


def _alone(write: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(write)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _TURN:
            return write(*args, **kwargs)

    return alone


def _transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    verdicts = [_verdict(backend, action) for item in transact_items for action in item.values()]
    if any(code for code, _, _ in verdicts):
        raise TransactionCanceledException(verdicts)
    for item in transact_items:
        for kind, action in item.items():
            _apply(backend, kind, action)


def _verdict(backend: DynamoDBBackend, action: dict[str, Any]) -> Verdict:
    table = backend.get_table(action["TableName"])
    current = backend.get_item(table.name, _key(table.hash_key_attr, action))
    names, values = action.get("ExpressionAttributeNames"), action.get("ExpressionAttributeValues")
    if get_filter_expression(action.get("ConditionExpression"), names, values).expr(current):
        return None, None, None
    told = action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    old = current.to_json()["Attributes"] if current is not None and told else None
    return "ConditionalCheckFailed", ConditionalCheckFailed().message, old


def _apply(backend: DynamoDBBackend, kind: str, action: dict[str, Any]) -> None:
    names, values = action.get("ExpressionAttributeNames"), action.get("ExpressionAttributeValues")
    match kind:
        case "Put":
            backend.put_item(action["TableName"], action["Item"])
        case "Update":
            update = action["UpdateExpression"]
            backend.update_item(action["TableName"], action["Key"], update, names or {}, values or {})
        case _:
            raise NotImplementedError(kind)


def _key(name: str, action: dict[str, Any]) -> dict[str, Any]:
    key: dict[str, Any] = action.get("Key") or {name: action["Item"][name]}
    return key
