"""Rows of the delivery log and of owners' defaults.

`DELIVERY#<delivery_id>`     one attempt: `doc` is all of it but the body as JSON, `body` what was sent, compressed (its
                             signed URLs repeat one long session token); owner `<owner>#deliveries`, created_key and
                             expires_at. A row with expires_at alone is a claim.
`OWNER#<owner>#webhooks`     `doc`: the default URL and events. No TTL.

No owner's name contains `#`, so the index `owner` lists deliveries apart from jobs.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from lambda_api.adapters.aws.dynamodb_table import Item, Table
from lambda_api.adapters.aws.owner_index import (
    created_key,
    decode_cursor,
    encode_cursor,
    moment_key,
    query_owner,
)
from lambda_api.domain.webhooks.delivery import Delivery, DeliveryPage, WebhookDefault

SETTLING_MS = 1000
"""The age from which an entry is certain to be in the index."""
REMEMBERED_MS = 60_000
_DELIVERY, _DEFAULT = TypeAdapter(Delivery), TypeAdapter(WebhookDefault)


class DynamoDeliveryLog:
    """`domain.ports.DeliveryLog`."""

    def __init__(self, table: Table, clock: Callable[[], int]) -> None:
        self._table = table
        self._clock = clock

    def claim(self, delivery_id: str, expires_at: int) -> bool:
        item = _key(delivery_id) | {"expires_at": {"N": str(expires_at // 1000)}}
        return not self._table.write({"Put": {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}})

    def write(self, delivery: Delivery) -> None:
        document = _DELIVERY.dump_python(delivery, mode="json", exclude={"body"})
        item: Item = {
            **_key(delivery.delivery_id),
            "owner": {"S": _partition(delivery.owner)},
            # When it was logged, not when it was sent: readers continue from the last entry that they have seen.
            "created_key": {"S": created_key(self._clock(), delivery.delivery_id)},
            "expires_at": {"N": str(delivery.expires_at // 1000)},
            "doc": {"S": json.dumps(document, ensure_ascii=False, separators=(",", ":"))},
            "body": {"B": zlib.compress(delivery.body.encode(), 9)},
        }
        self._table.write({"Put": {"Item": item}})

    def find(self, delivery_ids: Sequence[str]) -> list[Delivery]:
        rows = self._table.read_many([_key(name)["pk"]["S"] for name in delivery_ids])
        return [found for row in rows.values() if (found := self._delivery(row)) is not None]

    def newest(self, owner: str, limit: int, cursor: str | None) -> DeliveryPage:
        key = None if cursor is None else decode_cursor(cursor)
        answer = query_owner(self._table, _partition(owner), limit, after=_after(key))
        last = answer.get("LastEvaluatedKey")
        return DeliveryPage(self._read(answer), encode_cursor(last["created_key"]["S"]) if last else None)

    def after(self, owner: str, limit: int, position: str, now: int) -> DeliveryPage:
        key = created_key(int(position), "~") if position.isdigit() else decode_cursor(position, parameter="after")
        answer = query_owner(
            self._table, _partition(owner), limit, after=_after(key), until=moment_key(now - SETTLING_MS),
            newest_first=False,
        )  # fmt: skip
        rows = answer["Items"]
        return DeliveryPage(self._read(answer), encode_cursor(rows[-1]["created_key"]["S"] if rows else key))

    def _read(self, answer: Mapping[str, Any]) -> tuple[Delivery, ...]:
        keys = [item["pk"]["S"] for item in answer["Items"]]
        rows = self._table.read_many(keys)
        found = (self._delivery(rows.get(key)) for key in keys)
        return tuple(delivery for delivery in found if delivery is not None)

    def _delivery(self, item: Mapping[str, Any] | None) -> Delivery | None:
        # TTL deletes late.
        if not item or "doc" not in item or int(item["expires_at"]["N"]) * 1000 <= self._clock():
            return None
        document = json.loads(item["doc"]["S"]) | {"body": zlib.decompress(item["body"]["B"]).decode()}
        return _DELIVERY.validate_python(document)


class DynamoWebhookDefaults:
    """`domain.ports.WebhookDefaults`. Remembers each owner's default for a minute: a submit pays no read for it."""

    def __init__(self, table: Table, clock: Callable[[], int]) -> None:
        self._table = table
        self._clock = clock
        self._known: dict[str, tuple[int, WebhookDefault | None]] = {}

    def get(self, owner: str) -> WebhookDefault | None:
        read_at, known = self._known.get(owner, (None, None))
        if read_at is not None and abs(self._clock() - read_at) < REMEMBERED_MS:
            return known
        return self.read(owner)

    def read(self, owner: str) -> WebhookDefault | None:
        item = self._table.read(_default_key(owner))
        found = None if not item or "doc" not in item else _DEFAULT.validate_json(item["doc"]["S"])
        self._known[owner] = self._clock(), found
        return found

    def set(self, owner: str, default: WebhookDefault | None) -> None:
        item = _default_key(owner)
        if default is not None:
            item["doc"] = {"S": _DEFAULT.dump_json(default).decode()}
        # An empty row says the same as none, and the role need not delete rows.
        self._table.write({"Put": {"Item": item}})
        self._known[owner] = self._clock(), default


def _after(key: str | None) -> tuple[Item, str] | None:
    return None if key is None else (_key(key.partition("#")[2]), key)


def _key(delivery_id: str) -> Item:
    return {"pk": {"S": f"DELIVERY#{delivery_id}"}}


def _partition(owner: str) -> str:
    return f"{owner}#deliveries"


def _default_key(owner: str) -> Item:
    return {"pk": {"S": f"OWNER#{owner}#webhooks"}}
