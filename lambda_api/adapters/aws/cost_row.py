"""`COSTS#<owner>#<YYYY-MM-DD>`: sums of the bills of one owner's jobs that ended on a UTC day.

The transaction that ends a job adds to it. An update adds only to attributes of the row itself, not inside maps, and
DynamoDB charges for each started KiB of the row. So each group (operation and GPU) has a short id: the attribute of
that name holds the group as JSON, and `<id><letter>` one sum. `expires_at` is the TTL in seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lambda_api.adapters.aws.dynamodb_table import Item
from lambda_api.domain.bill.history import MAX_DAYS, CostHistory, Day, Expense, Group

_LETTERS = {
    "jobs": "j", "measured_jobs": "m", "execution_ms": "e", "start_ms": "s", "idle_ms": "i", "billed_seconds": "b",
    "queue_ms": "q", "media_ms": "v", "nano_usd": "u",
}  # fmt: skip
_ID_LENGTH = 6
"""36 bits: there are at most a few hundred groups."""
_FIELDS = {letter: field for field, letter in _LETTERS.items()}


def add(owner: str, expense: Expense) -> Item:
    """Return the update that adds one job's bill."""
    group = json.dumps(expense.group, ensure_ascii=False, separators=(",", ":"))
    group_id = base64.urlsafe_b64encode(hashlib.sha256(group.encode()).digest())[:_ID_LENGTH].decode()
    expires = datetime.combine(expense.day + timedelta(days=MAX_DAYS + 1), datetime.min.time(), UTC)
    names = {"#group": group_id}
    values: Item = {":group": {"S": group}, ":expires": {"N": str(int(expires.timestamp()))}}
    additions = []
    for field, letter in _LETTERS.items():
        amount = getattr(expense.sums, field)
        # An absent sum is zero.
        if amount:
            names[f"#{letter}"] = f"{group_id}{letter}"
            values[f":{letter}"] = {"N": str(amount)}
            additions.append(f"#{letter} :{letter}")
    return {
        "Update": {
            "Key": build_key(owner, expense.day),
            "UpdateExpression": f"SET #group = :group, expires_at = :expires ADD {', '.join(additions)}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
    }


def parse(item: Mapping[str, Any]) -> Day:
    """Return the sums of a row."""
    return dict(_groups(item))


def _groups(item: Mapping[str, Any]) -> Iterator[tuple[Group, CostHistory]]:
    for group_id, value in item.items():
        if "S" in value and group_id != "pk":
            sums = {field: item.get(f"{group_id}{letter}") for letter, field in _FIELDS.items()}
            yield (
                Group(*json.loads(value["S"])),
                CostHistory(**{field: int(found["N"]) for field, found in sums.items() if found is not None}),
            )


def build_key(owner: str, day: date) -> Item:
    """Return the primary key of a day's row."""
    return {"pk": {"S": f"COSTS#{owner}#{day.isoformat()}"}}
