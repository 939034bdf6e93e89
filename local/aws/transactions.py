"""Make moto's transactions all or nothing under concurrent writes, like DynamoDB's.

moto serves requests concurrently, copies the whole table for each transaction, and restores the copy after one that
failed, which loses concurrent writes. Here writes are serialized, and conditions are checked first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import ConditionalCheckFailed, TransactionCanceledException
from moto.dynamodb.models import DynamoDBBackend

Outcome = tuple[str | None, str | None, dict[str, Any] | None]

_LOCK = threading.RLock()


@cache
def install() -> None:
    """Replace moto's methods in this process."""
    for name in ("put_item", "update_item", "delete_item"):
        setattr(DynamoDBBackend, name, _serialize(getattr(DynamoDBBackend, name)))
    DynamoDBBackend.transact_write_items = _serialize(_transact)  # type: ignore[method-assign]


def _serialize(write: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(write)
    def serialized(*args: Any, **kwargs: Any) -> Any:
        with _LOCK:
            return write(*args, **kwargs)

    return serialized


def _transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    outcomes = [_check(backend, action) for item in transact_items for action in item.values()]
    if any(code for code, _, _ in outcomes):
        raise TransactionCanceledException(outcomes)
    for item in transact_items:
        for kind, action in item.items():
            _apply(backend, kind, action)


def _check(backend: DynamoDBBackend, action: dict[str, Any]) -> Outcome:
    table = backend.get_table(action["TableName"])
    current = backend.get_item(table.name, _key(table.hash_key_attr, action))
    names, values = action.get("ExpressionAttributeNames"), action.get("ExpressionAttributeValues")
    if get_filter_expression(action.get("ConditionExpression"), names, values).expr(current):
        return None, None, None
    return_old = action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    old = current.to_json()["Attributes"] if current is not None and return_old else None
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
