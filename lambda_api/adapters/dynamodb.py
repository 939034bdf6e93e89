"""Jobs and idempotency keys in one DynamoDB table.

`JOB#<id>`            the job: `doc` is the whole of it as JSON; the attributes beside it are for keys
                      and conditions: version, owner, created_key, due_shard and due_at (absent when
                      nothing is due), expires_at (TTL, seconds).
`IDEM#<owner>#<key>`  job_id, fingerprint, expires_at.

Index `due` (due_shard, due_at) is sparse; index `owner` (owner, created_key) lists jobs by age. Both hold
keys only, so that progress writes do not pay for them.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from lambda_api.adapters.aws.client import DYNAMODB, Aws
from lambda_api.adapters.aws.errors import AwsError, unavailable
from lambda_api.domain.errors import InvalidRequest, Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.ports import Existing, Idempotency, Page

SHARDS = 8
"""Partitions of the `due` index: a thousand writes a second each before DynamoDB throttles."""

_JOB = TypeAdapter(Job)
_WHAT = "job store"
_CONDITION_FAILED = "ConditionalCheckFailed"
_CREATE_TRIES = 2
Item = dict[str, Any]


class DynamoJobStore:
    """`domain.ports.JobStore` on DynamoDB."""

    def __init__(self, table: str, clock: Callable[[], int], retention_ms: int, aws: Aws) -> None:
        self._table = table
        self._clock = clock
        self._retention_ms = retention_ms
        self._aws = aws

    def create(self, job: Job, idempotency: Idempotency | None, now: int) -> Existing | None:
        job_put = {
            "TableName": self._table,
            "Item": self._item(job),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if idempotency is None:
            # Ids are never used twice, so a row that is there is this one: a write was repeated whose answer got lost.
            self._put(job_put)
            return None
        key_put = {
            "TableName": self._table,
            "Item": _key_item(job, idempotency),
            # TTL deletes late, so an expired row may still be there.
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
            "ExpressionAttributeValues": {":now": {"N": str(now // 1000)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        existing = self._create_both(job_put, key_put)
        # A key that names this very job: the same write, repeated. It needs no ClientRequestToken to be known again.
        return None if existing is not None and existing.job_id == job.job_id else existing

    def _create_both(self, job_put: Item, key_put: Item) -> Existing | None:
        for _ in range(_CREATE_TRIES):
            try:
                self._aws.call(DYNAMODB, "TransactWriteItems", TransactItems=[{"Put": key_put}, {"Put": job_put}])
            except AwsError as error:
                reasons = error.body.get("CancellationReasons") or [{}]
                if reasons[0].get("Code") == _CONDITION_FAILED:
                    return self._existing(reasons[0].get("Item"), key_put)
                if any(reason.get("Code") == "TransactionConflict" for reason in reasons):
                    continue
                with unavailable(_WHAT):
                    raise
            return None
        raise Unavailable("The same Idempotency-Key is being used right now. Try again.", retry_after=1)

    def _existing(self, item: Mapping[str, Any] | None, key_put: Item) -> Existing:
        item = item or self._read({"pk": key_put["Item"]["pk"]})
        if not item:
            raise Unavailable("The earlier request is not readable yet. Try again.", retry_after=1)
        return Existing(item["job_id"]["S"], item["fingerprint"]["S"])

    def get(self, job_id: str) -> Job | None:
        return self._job(self._read(_job_key(job_id)))

    def save(self, job: Job) -> bool:
        return self._put(
            {
                "TableName": self._table,
                "Item": self._item(job),
                "ConditionExpression": "version = :before",
                "ExpressionAttributeValues": {":before": {"N": str(job.version - 1)}},
            }
        )

    def _read(self, key: Item) -> Item | None:
        with unavailable(_WHAT):
            answer = self._aws.call(DYNAMODB, "GetItem", TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _put(self, put: Item) -> bool:
        """False if the condition did not hold."""
        with unavailable(_WHAT):
            try:
                self._aws.call(DYNAMODB, "PutItem", **put)
            except AwsError as error:
                if error.code == f"{_CONDITION_FAILED}Exception":
                    return False
                raise
        return True

    def page(self, owner: str, limit: int, cursor: str | None) -> Page:
        query: Item = {
            "TableName": self._table,
            "IndexName": "owner",
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": {"S": owner}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if cursor is not None:
            created_key = _decode_cursor(cursor)
            start = _job_key(created_key.partition("#")[2])
            # The owner is the caller's, whatever the cursor says: it cannot lead into another's jobs.
            query["ExclusiveStartKey"] = start | {"owner": {"S": owner}, "created_key": {"S": created_key}}
        with unavailable(_WHAT):
            answer = self._aws.call(DYNAMODB, "Query", **query)
        keys = [item["pk"]["S"] for item in answer["Items"]]
        jobs = self._many(keys)
        last = answer.get("LastEvaluatedKey")
        after = _encode_cursor(last["created_key"]["S"]) if last else None
        return Page(tuple(jobs[key] for key in keys if key in jobs), after)

    def _many(self, keys: list[str]) -> dict[str, Job]:
        if not keys:
            return {}
        request: Item = {self._table: {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}}
        found: dict[str, Job] = {}
        for _ in range(5):
            with unavailable(_WHAT):
                answer = self._aws.call(DYNAMODB, "BatchGetItem", RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                job = self._job(item)
                if job is not None:
                    found[item["pk"]["S"]] = job
            request = dict(answer.get("UnprocessedKeys") or {})
            if not request:
                return found
        raise Unavailable(f"The {_WHAT} did not answer. Try again.", retry_after=2)

    def due(self, now: int, limit: int) -> Iterator[str]:
        share = max(1, limit // SHARDS)
        for shard in range(SHARDS):
            with unavailable(_WHAT):
                answer = self._aws.call(
                    DYNAMODB,
                    "Query",
                    TableName=self._table,
                    IndexName="due",
                    KeyConditionExpression="due_shard = :shard AND due_at <= :now",
                    ExpressionAttributeValues={":shard": {"S": str(shard)}, ":now": {"N": str(now)}},
                    Limit=share,
                )
            for item in answer["Items"]:
                yield item["pk"]["S"].partition("#")[2]

    def _item(self, job: Job) -> Item:
        item: Item = {
            **_job_key(job.job_id),
            "version": {"N": str(job.version)},
            "state": {"S": job.state},
            "owner": {"S": job.owner},
            "created_key": {"S": f"{job.created_at:015d}#{job.job_id}"},
            "expires_at": {"N": str((job.created_at + self._retention_ms) // 1000)},
            "doc": {"S": _JOB.dump_json(job).decode()},
        }
        if job.due_at is not None:
            item["due_shard"] = {"S": str(zlib.crc32(job.job_id.encode()) % SHARDS)}
            item["due_at"] = {"N": str(job.due_at)}
        return item

    def _job(self, item: Mapping[str, Any] | None) -> Job | None:
        if not item or int(item["expires_at"]["N"]) * 1000 <= self._clock():
            return None
        return _JOB.validate_json(item["doc"]["S"])


def _job_key(job_id: str) -> Item:
    return {"pk": {"S": f"JOB#{job_id}"}}


def _key_item(job: Job, idempotency: Idempotency) -> Item:
    return {
        "pk": {"S": f"IDEM#{job.owner}#{idempotency.key}"},
        "job_id": {"S": job.job_id},
        "fingerprint": {"S": idempotency.fingerprint},
        "expires_at": {"N": str(idempotency.expires_at // 1000)},
    }


def _encode_cursor(created_key: str) -> str:
    return base64.urlsafe_b64encode(created_key.encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    created, _, job_id = text.partition("#")
    if len(cursor) > 256 or not (created.isdigit() and len(created) == 15 and job_id):
        raise InvalidRequest("The cursor is not one of ours.", errors=(("cursor", "not a cursor of this API"),))
    return text
