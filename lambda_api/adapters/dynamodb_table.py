"""A DynamoDB table: consistent reads, and writes that say why they were not made."""

from __future__ import annotations

from typing import Any

from lambda_api.adapters.aws.client import DYNAMODB, Aws
from lambda_api.adapters.aws.errors import AwsError, unavailable
from lambda_api.domain.errors import Unavailable

Item = dict[str, Any]

WHAT = "job store"
_CONDITION_FAILED = "ConditionalCheckFailed"
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
"""Of one row in a transaction, or of a plain write that met somebody's transaction."""
_TRIES = 7
_STEP_SECONDS = 0.02
"""A transaction takes some 10 ms. Six pauses are 0.6 s on average, 1.3 s at most."""


class Table:
    def __init__(self, name: str, aws: Aws) -> None:
        self.name = name
        self._aws = aws

    def call(self, operation: str, **parameters: Any) -> Item:
        """Raises Unavailable for whatever goes wrong."""
        with unavailable(WHAT):
            return self._aws.call(DYNAMODB, operation, **parameters)

    def read(self, key: Item) -> Item | None:
        return self.call("GetItem", TableName=self.name, Key=key, ConsistentRead=True).get("Item")

    def write(self, *actions: Item) -> list[Item]:
        """Make all of these writes, each `{"Put": …}` or `{"Update": …}`, or none of them.

        Empty once they are made; where a condition does not hold, a reason for each, in their order. Rows that somebody
        else is writing are waited for, with full jitter. Raises Unavailable.
        """
        operation, request = self._request(actions)
        for number in range(_TRIES):
            if number:
                self._aws.pause(_STEP_SECONDS * 2 ** (number - 1))
            try:
                self._aws.call(DYNAMODB, operation, **request)
            except AwsError as error:
                reasons = _reasons(error)
                if any(failed(reason) for reason in reasons):
                    return reasons
                # Throttling of the whole call has been waited for by the client already.
                if error.passing or not any(reason.get("Code") in _PASSING for reason in reasons):
                    with unavailable(WHAT):
                        raise
            else:
                return []
        busy = "Too much is being written at once. Try again."
        raise Unavailable(busy, retry_after=1, reason=f"{operation}: TransactionConflict")

    def _request(self, actions: tuple[Item, ...]) -> tuple[str, Item]:
        named = [{kind: {"TableName": self.name, **action}} for item in actions for kind, action in item.items()]
        if len(named) == 1 and "Put" in named[0]:
            # Half the price of a transaction.
            return "PutItem", named[0]["Put"]
        return "TransactWriteItems", {"TransactItems": named}


def failed(reason: Item) -> bool:
    """True if the condition of this write did not hold."""
    return reason.get("Code") == _CONDITION_FAILED


def _reasons(error: AwsError) -> list[Item]:
    of_a_put = {"Code": error.code.removesuffix("Exception"), "Item": error.body.get("Item")}
    reasons: list[Item] = error.body.get("CancellationReasons") or [of_a_put]
    return reasons
