"""Jobs, idempotency keys and bills in one DynamoDB table; `job_row`, `quota_row` and `cost_row` describe its rows.

Index `due` (due_shard, due_at) is sparse; index `owner` (owner, created_key) lists jobs by age. Both hold keys only, so
that progress writes do not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from lambda_api.adapters.aws import cost_row, job_row, quota_row
from lambda_api.adapters.aws.dynamodb_table import Item, Table, is_failed
from lambda_api.adapters.aws.owner_index import decode_cursor, encode_cursor, moment_key, query_owner
from lambda_api.domain.access.quotas import Allowance, Usage, check_quota
from lambda_api.domain.bill.history import CostHistory, Day, days_until, expense, operation_history, utc_day
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.job_query import ANY, MAX_EXAMINED, JobQuery
from lambda_api.domain.ports import Idempotency, IdempotencyRecord, Page

_CHUNK = 100
"""Jobs read at a time to find those that match: the most that DynamoDB reads in one batch."""


class DynamoJobStore:
    """`domain.ports.JobStore` on DynamoDB."""

    def __init__(self, table: Table, clock: Callable[[], int], retention_ms: int) -> None:
        self._table = table
        self._clock = clock
        self._retention_ms = retention_ms

    def create(
        self, job: Job, idempotency: Idempotency | None, now: int, allowance: Allowance
    ) -> IdempotencyRecord | None:
        item = job_row.to_item(job, self._retention_ms)
        puts: list[Item] = [{"Put": {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}]
        if idempotency is not None:
            puts.insert(0, job_row.put_idempotency_key(job, idempotency, now))
        used = Usage()
        for _ in range(2):
            reasons = self._table.write(*puts, quota_row.reserve(job.owner, allowance, now, used))
            if not reasons:
                return None
            if idempotency is not None and is_failed(reasons[0]):
                existing = self._existing(reasons[0].get("Item"), puts[0])
                # The key names this very job: our own earlier write, whose response was lost.
                return None if existing.job_id == job.job_id else existing
            if is_failed(reasons[len(puts) - 1]):
                # Ids are never used twice: our own earlier write stored it, and its response was lost.
                return None
            used = quota_row.parse_usage(reasons[-1].get("Item") or {})
            check_quota(used, allowance, now)
        raise Unavailable("Too many concurrent writes. Try again.", retry_after=1)

    def _existing(self, item: Mapping[str, Any] | None, put: Item) -> IdempotencyRecord:
        item = item or self._table.read({"pk": put["Put"]["Item"]["pk"]})
        if not item:
            raise Unavailable("The earlier request is not readable yet. Try again.", retry_after=1)
        return IdempotencyRecord(item["job_id"]["S"], item["fingerprint"]["S"])

    def find_idempotency(self, owner: str, key: str, now: int) -> IdempotencyRecord | None:
        item = self._table.read(job_row.idempotency_key(owner, key))
        if not item or int(item["expires_at"]["N"]) <= now // 1000:
            return None
        return IdempotencyRecord(item["job_id"]["S"], item["fingerprint"]["S"])

    def get(self, job_id: str) -> Job | None:
        return self._job(self._table.read(job_row.build_key(job_id)))

    def save(self, job: Job, *, ends: bool = False) -> bool:
        put = {
            "Item": job_row.to_item(job, self._retention_ms),
            "ConditionExpression": "version = :before",
            "ExpressionAttributeValues": {":before": {"N": str(job.version - 1)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        reasons = self._table.write({"Put": put}, *(_endings(job) if ends else []))
        # The conflicting row may be our own earlier write whose response was lost.
        return not reasons or reasons[0].get("Item") == put["Item"]

    def page(self, owner: str, limit: int, cursor: str | None, query: JobQuery = ANY) -> Page:
        since = None if query.created_after is None else moment_key(query.created_after)
        until = None if query.created_before is None else moment_key(query.created_before)
        key = None if cursor is None else decode_cursor(cursor)
        found: list[Job] = []
        examined = 0
        while examined < MAX_EXAMINED:
            size = limit if query.reads_all else min(_CHUNK, MAX_EXAMINED - examined)
            after = None if key is None else (job_row.build_key(key.partition("#")[2]), key)
            answer = query_owner(self._table, owner, size, after=after, since=since, until=until)
            rows = {item["pk"]["S"]: item["created_key"]["S"] for item in answer["Items"]}
            jobs = self._table.read_many(list(rows))
            for number, (pk, row_key) in enumerate(rows.items(), 1):
                key = row_key
                job = self._job(jobs.get(pk))
                if job is not None and query.matches(job):
                    found.append(job)
                if len(found) == limit:
                    is_last = number == len(rows) and "LastEvaluatedKey" not in answer
                    return Page(tuple(found), None if is_last else encode_cursor(key))
            examined += len(rows)
            if "LastEvaluatedKey" not in answer:
                return Page(tuple(found), None)
            key = answer["LastEvaluatedKey"]["created_key"]["S"]
            if query.reads_all:
                break
        return Page(tuple(found), encode_cursor(key) if key else None)

    def costs(self, owner: str, days: Sequence[date]) -> Mapping[date, Day]:
        keys = {cost_row.build_key(owner, day)["pk"]["S"]: day for day in days}
        return {keys[key]: cost_row.parse(item) for key, item in self._table.read_many(list(keys)).items()}

    def history(self, owner: str, operation: str, days: int) -> CostHistory:
        found = self.costs(owner, days_until(utc_day(self._clock()), days))
        return operation_history(found.values(), operation)

    def due(self, now: int, limit: int) -> Iterator[str]:
        # A failing shard does not block the others; its error is raised at the end.
        found: list[tuple[int, str]] = []
        missing: Unavailable | None = None
        for shard in range(job_row.SHARDS):
            try:
                found += self._due_in(shard, now, max(1, limit // job_row.SHARDS))
            except Unavailable as error:
                missing = error
        yield from (job_id for _, job_id in sorted(found))
        if missing is not None:
            raise missing

    def _due_in(self, shard: int, now: int, limit: int) -> Iterator[tuple[int, str]]:
        """Return due time and job id of the due jobs in one shard, oldest first."""
        answer = self._table.query(
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :now",
            ExpressionAttributeValues={":shard": {"S": str(shard)}, ":now": {"N": str(now)}},
            Limit=limit,
        )
        return ((int(item["due_at"]["N"]), item["pk"]["S"].partition("#")[2]) for item in answer["Items"])

    def _job(self, item: Mapping[str, Any] | None) -> Job | None:
        # TTL deletes late. A row with work due is still returned: hidden, it would stay first in the due index.
        if not item or ("due_at" not in item and int(item["expires_at"]["N"]) * 1000 <= self._clock()):
            return None
        return job_row.to_job(item)


def _endings(job: Job) -> list[Item]:
    """Return the writes that belong to the end of a job."""
    spent = expense(job)
    return [quota_row.release(job.owner), *([cost_row.add(job.owner, spent)] if spent is not None else [])]
