"""The part of SQS that an event source mapping needs, over its JSON protocol.

boto3 would cost the supervisor 1 s of startup and a thread per call.
"""

from __future__ import annotations

import json
from typing import Any

import aiohttp

# moto finds the service by the credential scope; it checks no signature.
_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=local"
)


class Queue:
    """One queue. Raises aiohttp.ClientError when AWS is down."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: str, queue_url: str) -> None:
        self._session = session
        self._endpoint = endpoint
        self._queue_url = queue_url

    async def receive(self) -> list[dict[str, Any]]:
        """Return up to ten messages: MessageId, ReceiptHandle, Body, Attributes, MessageAttributes."""
        response = await self._call(
            "ReceiveMessage",
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = response.get("Messages") or []
        return messages

    async def delete(self, receipt_handle: str) -> None:
        await self._call("DeleteMessage", ReceiptHandle=receipt_handle)

    async def release(self, receipt_handle: str, seconds: int) -> None:
        """Make a message visible again after `seconds`, instead of the queue's visibility timeout."""
        await self._call("ChangeMessageVisibility", ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    async def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{action}",
            "Authorization": _AUTHORIZATION,
        }
        body = json.dumps({"QueueUrl": self._queue_url, **parameters})
        async with self._session.post(self._endpoint, data=body, headers=headers) as response:
            response.raise_for_status()
            text = await response.text()
            document: dict[str, Any] = json.loads(text) if text else {}
            return document
