"""Uploads in the table of jobs.

`UPLOAD#<id>`      the upload: `doc` is all of it as JSON; owner, and expires_at (TTL, seconds) for people and DynamoDB.
`UPLOADS#<owner>`  the owner's usage: `uploads_full_at` and `bytes_full_at` (`quota_row`). A row of its own, because
                   submits write `OWNER#<owner>`, and two transactions on one row conflict.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import TypeAdapter

from lambda_api.adapters.aws.dynamodb_table import Item, Table, is_failed
from lambda_api.adapters.aws.quota_row import number_of, take_tokens, update_usage
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.uploads.quota import UploadAllowance, UploadUsage, check_upload_quota
from lambda_api.domain.uploads.upload import Upload

_UPLOAD = TypeAdapter(Upload)
_TRIES = 3
"""For an idle owner, for the usage that is stored, and once more if a bucket has filled up in between."""


class DynamoUploadStore:
    """`domain.uploads.ports.UploadStore` on DynamoDB."""

    def __init__(self, table: Table, clock: Callable[[], int]) -> None:
        self._table = table
        self._clock = clock

    def create(self, upload: Upload, now: int, allowance: UploadAllowance) -> None:
        put = {"Put": {"Item": _to_item(upload), "ConditionExpression": "attribute_not_exists(pk)"}}
        used = UploadUsage()
        for _ in range(_TRIES):
            reasons = self._table.write(put, _reserve(upload, allowance, now, used))
            if not reasons or is_failed(reasons[0]):
                # Ids are never used twice: a row in the way is our own earlier write, whose response was lost.
                return
            row = reasons[1].get("Item") or {}
            used = UploadUsage(number_of(row, "uploads_full_at"), number_of(row, "bytes_full_at"))
            check_upload_quota(used, allowance, now, upload.size_bytes)
        raise Unavailable("Too many concurrent writes. Try again.", retry_after=1)

    def find(self, upload_ids: Collection[str]) -> Mapping[str, Upload]:
        items = self._table.read_many([_key(name)["pk"]["S"] for name in upload_ids])
        # TTL deletes late.
        live = [item for item in items.values() if int(item["expires_at"]["N"]) * 1000 > self._clock()]
        uploads = (_UPLOAD.validate_json(item["doc"]["S"]) for item in live)
        return {upload.upload_id: upload for upload in uploads}


def _to_item(upload: Upload) -> Item:
    document: dict[str, Any] = _UPLOAD.dump_python(upload, mode="json")
    return _key(upload.upload_id) | {
        "owner": {"S": upload.owner},
        "expires_at": {"N": str(upload.row_expires_at // 1000)},
        "doc": {"S": json.dumps(document, ensure_ascii=False, separators=(",", ":"))},
    }


def _reserve(upload: Upload, allowance: UploadAllowance, now: int, used: UploadUsage) -> Item:
    """Return the update that counts the upload, assuming the usage `used` (see `quota_row`)."""
    number = take_tokens("uploads_full_at", allowance.number_bucket, used.number_full_at, now)
    volume = take_tokens("bytes_full_at", allowance.bytes_bucket, used.bytes_full_at, now, upload.size_bytes)
    return update_usage(
        {"pk": {"S": f"UPLOADS#{upload.owner}"}},
        f"SET {number.assignment}, {volume.assignment}",
        f"{number.condition} AND {volume.condition}",
        number.values | volume.values,
    )


def _key(upload_id: str) -> Item:
    return {"pk": {"S": f"UPLOAD#{upload_id}"}}
