"""The rows of jobs and idempotency keys.

`JOB#<id>`            the job: `doc` is all of it as JSON; the other attributes are for keys and conditions: version,
                      write_id (of the last write), owner, created_key, due_shard and due_at (absent when nothing is
                      due), expires_at (TTL, seconds).
`IDEM#<owner>#<key>`  job_id, fingerprint, expires_at.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from contract import previous
from lambda_api.adapters.aws.dynamodb_table import Item
from lambda_api.adapters.aws.owner_index import created_key
from lambda_api.domain.job import Job
from lambda_api.domain.policy import expires_at
from lambda_api.domain.ports import Idempotency

SHARDS = 8
"""Partitions of the `due` index: 1,000 writes per second each before DynamoDB throttles."""

_JOB = TypeAdapter(Job)


def to_item(job: Job, retention_ms: int) -> Item:
    """Return the row of a job."""
    ends_at = expires_at(job.created_at, job.deadline_at, job.due_at, retention_ms)
    item: Item = {
        **build_key(job.job_id),
        "version": {"N": str(job.version)},
        # Tells two writers apart that write the same at the same moment: only the first succeeds.
        "write_id": {"S": os.urandom(8).hex()},
        "state": {"S": job.state},
        "owner": {"S": job.owner},
        "created_key": {"S": created_key(job.created_at, job.job_id)},
        "expires_at": {"N": str(ends_at // 1000)},
        "doc": {"S": json.dumps(_without_unused(_to_document(job)), ensure_ascii=False, separators=(",", ":"))},
    }
    if job.due_at is not None:
        item["due_shard"] = {"S": str(zlib.crc32(job.job_id.encode()) % SHARDS)}
        item["due_at"] = {"N": str(job.due_at)}
    return item


def to_job(item: Mapping[str, Any]) -> Job:
    """Return the job of a row."""
    document = json.loads(item["doc"]["S"])
    if document.get("output") and "artifacts" not in document:
        document = previous.upgrade_manifest(document)
    return _JOB.validate_python(document)


def _to_document(job: Job) -> Item:
    """Return the job as JSON. `output` is for the release before, which runs beside this one during a deployment.

    Fields of the job and of its operation that are None are left out, which is their default: DynamoDB charges for each
    started KiB of a row, at each of a job's writes.
    """
    dumped: Item = _JOB.dump_python(job, mode="json")
    document = {name: value for name, value in dumped.items() if value is not None}
    document["operation"] = _without_null(dumped["operation"])
    return document | {"output": previous.output_of(document)} if job.artifacts else document


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(entry) for name, entry in value.items() if entry is not None}
    return list(map(_without_null, value)) if isinstance(value, list) else value


def _without_unused(document: Item) -> Item:
    """Leave out what a callback has only if the client asked for it: each started KiB of a row costs at every write."""
    callback = document.get("callback")
    if not callback:
        return document
    unused = {"events": None, "schedule_start": 0}
    kept = {name: value for name, value in callback.items() if name not in unused or value != unused[name]}
    return document | {"callback": kept}


def build_key(job_id: str) -> Item:
    """Return the primary key of a job's row."""
    return {"pk": {"S": f"JOB#{job_id}"}}


def idempotency_key(owner: str, key: str) -> Item:
    """Return the primary key of an idempotency key's row."""
    return {"pk": {"S": f"IDEM#{owner}#{key}"}}


def put_idempotency_key(job: Job, idempotency: Idempotency, now: int) -> Item:
    """Return the write of an idempotency key, on condition that no unexpired one is stored."""
    return {
        "Put": {
            "Item": {
                **idempotency_key(job.owner, idempotency.key),
                "job_id": {"S": job.job_id},
                "fingerprint": {"S": idempotency.fingerprint},
                "expires_at": {"N": str(idempotency.expires_at // 1000)},
            },
            # TTL deletes late, so an expired row may still be there.
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
            "ExpressionAttributeValues": {":now": {"N": str(now // 1000)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
