"""Triggers of the functions besides HTTP: EventBridge's schedule and the SQS event source mapping."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import aiohttp

from local.aws.sqs import Queue
from local.lambdas.functions import Invocable
from local.lambdas.pool import FunctionError, FunctionTimeoutError
from local.logs import Log

_QUEUE_PAUSE = 0.3
_RETRY_SECONDS = 2


def schedule_event(now: float) -> dict[str, Any]:
    """Build the event of an EventBridge rule with a rate expression."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/sweeper"],
        "detail": {},
    }


def sqs_event(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Build the event of a batch of SQS messages."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": message.get("MessageAttributes", {}),
                "md5OfBody": message.get("MD5OfBody") or _md5(message["Body"]),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:api-gpu-callbacks",
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
    }


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def failed_ids(result: Any, messages: list[dict[str, Any]]) -> set[str]:
    """Return the ids that stay in the queue (ReportBatchItemFailures): all, if the response is malformed."""
    everything = {message["MessageId"] for message in messages}
    if result is None or result == {}:
        return set()
    try:
        named = {failure["itemIdentifier"] for failure in result.get("batchItemFailures") or []}
    except (TypeError, KeyError, AttributeError):
        return everything
    return named if everything.issuperset(named) else everything


async def sweep_every(seconds: float, sweeper: Invocable) -> None:
    """Invoke the sweeper on a schedule until cancelled. A failed sweep is in the log; the next one retries."""
    while True:
        await asyncio.sleep(seconds)
        with contextlib.suppress(FunctionError, FunctionTimeoutError):
            await sweeper.invoke(schedule_event(time.time()))


async def map_queue(queue: Queue, callbacks: Invocable, log: Log, concurrency: int) -> None:
    """Hand queued messages to the callbacks function until cancelled; delete those it did not report as failed.

    As the event source mapping of template.yaml does: one message in each event, `concurrency` events at a time. A
    receiver that does not respond delays no more callbacks than its own.
    """
    slots = asyncio.Semaphore(concurrency)

    async def handle(message: dict[str, Any]) -> None:
        try:
            await _handle(queue, callbacks, [message])
        except (aiohttp.ClientError, TimeoutError) as error:
            # The message becomes visible again, and the function finds nothing left to do.
            log.event("callbacks", "queue not reachable", "WARNING", error=type(error).__name__)
        finally:
            slots.release()

    async with asyncio.TaskGroup() as handling:
        while True:
            messages = []
            try:
                messages = await queue.receive()
            except (aiohttp.ClientError, TimeoutError) as error:
                log.event("callbacks", "queue not reachable", "WARNING", error=type(error).__name__)
            for message in messages:
                await slots.acquire()
                handling.create_task(handle(message))
            if not messages:
                await asyncio.sleep(_QUEUE_PAUSE)


async def _handle(queue: Queue, callbacks: Invocable, messages: list[dict[str, Any]]) -> None:
    try:
        failed = failed_ids(await callbacks.invoke(sqs_event(messages)), messages)
    except (FunctionError, FunctionTimeoutError):
        failed = {message["MessageId"] for message in messages}
    for message in messages:
        if message["MessageId"] in failed:
            # Sooner than the queue's visibility timeout of a minute, for short local runs.
            await queue.release(message["ReceiptHandle"], _RETRY_SECONDS)
        else:
            await queue.delete(message["ReceiptHandle"])
