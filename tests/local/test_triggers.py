"""Events of the schedule and the queue, and how many of them are handled at once."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from local.lambdas.pool import FunctionError
from local.logs import Log
from local.triggers import failed_ids, map_queue, schedule_event, sqs_event
from tests.local.support import eventually

MESSAGES = [{"MessageId": name, "ReceiptHandle": f"r-{name}", "Body": "b"} for name in ("m1", "m2")]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "m2"}]}, {"m2"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"m1", "m2"}),
        ({"batchItemFailures": [{}]}, {"m1", "m2"}),
        ("odd", {"m1", "m2"}),
    ],
)
def test_partial_batch_responses_name_the_failed_messages(answer: Any, failed: set[str]) -> None:
    assert failed_ids(answer, MESSAGES) == failed


def test_events_have_the_shape_of_aws() -> None:
    record = sqs_event(MESSAGES)["Records"][0]
    assert record["messageId"] == "m1"
    assert record["eventSource"] == "aws:sqs"
    assert record["md5OfBody"] == "92eb5ffee6ae2fec3ad71c777531578f"
    assert schedule_event(0.0)["time"] == "1970-01-01T00:00:00Z"


class FakeQueue:
    """A queue that shows its messages once, and whose first calls fail."""

    def __init__(self, *names: str, failures: int = 0) -> None:
        self.waiting = [{"MessageId": name, "ReceiptHandle": name, "Body": "b"} for name in names]
        self.deleted: list[str] = []
        self.released: list[str] = []
        self._failures = failures

    async def receive(self) -> list[dict[str, Any]]:
        self._fail()
        messages, self.waiting = self.waiting[:10], self.waiting[10:]
        return messages

    async def delete(self, receipt_handle: str) -> None:
        self._fail()
        self.deleted.append(receipt_handle)

    async def release(self, receipt_handle: str, seconds: int) -> None:
        self.released.append(receipt_handle)

    def fail(self, times: int) -> None:
        self._failures = times

    def _fail(self) -> None:
        if self._failures:
            self._failures -= 1
            raise aiohttp.ClientConnectionError


class FakeFunction:
    """A function whose events for the messages in `held` end when they are let go."""

    def __init__(self, held: tuple[str, ...] = (), raises: tuple[str, ...] = ()) -> None:
        self.held = {name: asyncio.Event() for name in held}
        self.running: list[str] = []
        self._raises = raises

    async def invoke(self, event: dict[str, Any]) -> None:
        (record,) = event["Records"]
        name = record["messageId"]
        self.running.append(name)
        if name in self.held:
            await self.held[name].wait()
        self.running.remove(name)
        if name in self._raises:
            raise FunctionError(name)


def map_while(queue: FakeQueue, function: FakeFunction, check: Callable[[], Any]) -> str:
    """Map the queue until `check` is true; returns the log."""
    text = io.StringIO()

    async def run() -> None:
        mapping = asyncio.create_task(map_queue(queue, function, Log(text), 2))  # type: ignore[arg-type]
        await eventually(check)
        mapping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await mapping

    asyncio.run(run())
    return text.getvalue()


def test_slow_receiver_delays_no_other_callback() -> None:
    queue, function = FakeQueue("slow", *map(str, range(30))), FakeFunction(held=("slow",))
    map_while(queue, function, lambda: len(queue.deleted) == 30)
    assert queue.deleted == [str(number) for number in range(30)]


def test_no_more_events_at_once_than_the_function_takes() -> None:
    queue, function = FakeQueue("a", "b", "c"), FakeFunction(held=("a", "b"))

    def two_run_and_the_third_starts_only_then() -> bool:
        if function.running == ["a", "b"]:
            assert queue.deleted == []
            function.held["a"].set()
        return queue.deleted == ["a", "c"]

    map_while(queue, function, two_run_and_the_third_starts_only_then)


def test_failed_message_returns_to_the_queue_alone() -> None:
    queue, function = FakeQueue("good", "bad"), FakeFunction(raises=("bad",))
    map_while(queue, function, lambda: queue.deleted and queue.released)
    assert (queue.deleted, queue.released) == (["good"], ["bad"])


def test_queue_that_cannot_be_reached_ends_nothing() -> None:
    queue, function = FakeQueue("a", "b", failures=1), FakeFunction(held=("a",))

    def the_deletion_of_the_first_fails() -> bool:
        if function.running == ["a"]:
            queue.fail(1)
            function.held["a"].set()
        return len(queue.deleted) == 1 and not function.running

    log = map_while(queue, function, the_deletion_of_the_first_fails)
    assert log.count("queue not reachable") == 2
