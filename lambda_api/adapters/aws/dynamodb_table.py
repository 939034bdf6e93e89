"""A DynamoDB table: consistent reads, and writes that report which condition failed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contract.retry import Backoff, retry_sync
from lambda_api.adapters import deadline
from lambda_api.adapters.aws.errors import error_code, unavailable
from lambda_api.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

STORE = "job store"
_CONDITION_FAILED = "ConditionalCheckFailed"
_CONFLICTS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
"""Codes of a conflict on one row, in a transaction or between a plain write and a transaction. botocore does not retry
them."""
_MAX_BATCH = 100
_MAX_BATCH_READS = 5
"""DynamoDB may leave some rows of a batch for the next call."""
_BACKOFF = Backoff(attempts=7, base=0.01, jitter=1.0)
"""Full jitter up to 0.02 s, 0.04 s, … A transaction takes about 10 ms. The six delays are 0.6 s on average, at most
1.3 s."""


class _Conflict(Exception):
    """Another transaction is writing one of the rows."""


class Table:
    """A DynamoDB table. Every error except a failed condition is raised as `Unavailable`."""

    def __init__(
        self,
        name: str,
        client: DynamoDBClient,
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._client = client
        self._random = random
        self._sleep = sleep

    def read(self, key: Item) -> Item | None:
        with unavailable(STORE):
            return self._client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")

    def query(self, **parameters: Any) -> Item:
        with unavailable(STORE):
            return {**self._client.query(TableName=self.name, **parameters)}

    def read_many(self, keys: Sequence[str]) -> dict[str, Item]:
        """Return the rows with these values of `pk`, those that there are. In batches of 100, DynamoDB's limit."""
        found: dict[str, Item] = {}
        for start in range(0, len(keys), _MAX_BATCH):
            found |= self._read_batch(keys[start : start + _MAX_BATCH])
        return found

    def _read_batch(self, keys: Sequence[str]) -> dict[str, Item]:
        request: Item = {self.name: {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}}
        found: dict[str, Item] = {}
        for _ in range(_MAX_BATCH_READS):
            with unavailable(STORE):
                answer = self._client.batch_get_item(RequestItems=request)
            found |= {item["pk"]["S"]: {**item} for item in answer["Responses"].get(self.name, [])}
            request = {**(answer.get("UnprocessedKeys") or {})}
            if not request:
                return found
        raise Unavailable(f"The {STORE} did not answer. Try again.", retry_after=2)

    def write(self, *actions: Item) -> list[Item]:
        """Make all of these writes, each `{"Put": …}` or `{"Update": …}`, or none of them.

        Returns an empty list once they are made; where a condition failed, a reason for each action, in their order.
        Retries with full jitter while another transaction holds a row.
        """
        with unavailable(STORE):
            try:
                return retry_sync(lambda: self._try_write(actions), _Conflict, self._delay, self._sleep)
            except _Conflict as conflict:
                reason = str(conflict)
        raise Unavailable("Too many concurrent writes. Try again.", retry_after=1, reason=reason)

    def _try_write(self, actions: tuple[Item, ...]) -> list[Item]:
        named = [{kind: {"TableName": self.name, **action}} for item in actions for kind, action in item.items()]
        try:
            if len(named) == 1 and "Put" in named[0]:
                # Half the price of a transaction.
                self._client.put_item(**named[0]["Put"])
            else:
                self._client.transact_write_items(TransactItems=named)  # type: ignore[arg-type] # checked by botocore
        except ClientError as error:
            reasons = _reasons(error)
            if any(is_failed(reason) for reason in reasons):
                return reasons
            if any(reason.get("Code") in _CONFLICTS for reason in reasons):
                raise _Conflict(f"{error.operation_name}: TransactionConflict") from None
            raise
        return []

    def _delay(self, failures: int, _: _Conflict) -> float | None:
        seconds = _BACKOFF.delay(failures, self._random)
        return seconds if seconds is not None and seconds < deadline.left() else None


def is_failed(reason: Item) -> bool:
    """True if the condition of this write failed."""
    return reason.get("Code") == _CONDITION_FAILED


def _reasons(error: ClientError) -> list[Item]:
    """Return DynamoDB's reason for each write of a transaction, or the one reason for a plain write."""
    response: Item = {**error.response}
    code = error_code(error)
    if code in {"ConditionalCheckFailedException", "TransactionConflictException"}:
        return [{"Code": code.removesuffix("Exception"), "Item": response.get("Item")}]
    # Throttling of the whole call has no reasons: botocore has retried it already.
    return list(response.get("CancellationReasons") or [])
