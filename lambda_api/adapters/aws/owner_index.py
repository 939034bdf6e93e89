"""The index `owner` (owner, created_key): rows of one owner by age. A key is `<milliseconds>#<id>`."""

from __future__ import annotations

import base64
import binascii

from lambda_api.adapters.aws.dynamodb_table import Item, Table
from lambda_api.domain.errors import InvalidRequest

_FIRST, _LAST = f"{0:015d}", f"{10**15 - 1}#~"


def created_key(ms: int, name: str) -> str:
    """Return the sort key of a row."""
    return f"{ms:015d}#{name}"


def moment_key(ms: int) -> str:
    """Return a key before those of all rows of this millisecond, and after those of all earlier ones."""
    return f"{min(max(ms, 0), 10**15 - 1):015d}"


def query_owner(
    table: Table,
    owner: str,
    limit: int,
    *,
    since: str | None = None,
    until: str | None = None,
    after: tuple[Item, str] | None = None,
    newest_first: bool = True,
) -> Item:
    """Query the keys from `since` to `until`, both included if there are any.

    `after`: primary key and sort key of the row to continue after. The owner is the caller's, not the cursor's: no
    cursor leads to another owner's rows. A row outside the range, which DynamoDB refuses, is a cursor of another list.
    """
    first, last = since or _FIRST, until or _LAST
    if after is not None:
        is_before, is_behind = after[1] < first, after[1] > last
        if is_before if newest_first else is_behind:
            return {"Items": []}
        if is_before or is_behind:
            after = None
    if first > last:
        return {"Items": []}
    values: Item = {":owner": {"S": owner}}
    condition = "#owner = :owner"
    if since is not None or until is not None:
        condition += " AND created_key BETWEEN :since AND :until"
        values |= {":since": {"S": first}, ":until": {"S": last}}
    query: Item = {
        "IndexName": "owner",
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": values,
        "ScanIndexForward": not newest_first,
        "Limit": limit,
    }
    if after is not None:
        query["ExclusiveStartKey"] = after[0] | {"owner": {"S": owner}, "created_key": {"S": after[1]}}
    return table.query(**query)


def encode_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, parameter: str = "cursor") -> str:
    """Return the key. Raises InvalidRequest for a cursor that we did not issue."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    created, _, name = text.partition("#")
    if len(cursor) > 256 or not (created.isdigit() and len(created) == 15 and name):
        errors = ((parameter, "not a cursor of this API"),)
        or_time = ", or a time such as 2026-12-01T09:30:00Z" if parameter == "after" else ""
        raise InvalidRequest(f"The cursor is not valid. Send next_cursor of the previous page{or_time}.", errors=errors)
    return text
