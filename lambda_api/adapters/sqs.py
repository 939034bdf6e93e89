"""The queue that wakes the callback function."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from lambda_api.adapters.aws import sqs, unavailable
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import Observer

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MAX_DELAY_SECONDS = 900


class SqsCallbackQueue:
    """`domain.ports.CallbackQueue` on SQS. A message is `{"job_id": …}` and nothing else."""

    def __init__(self, url: str, observer: Observer, client: Callable[[], SQSClient] = sqs) -> None:
        self._url = url
        self._observer = observer
        self._client = client

    def wake(self, job_id: str, delay_ms: int = 0) -> None:
        delay = min(_MAX_DELAY_SECONDS, -(-delay_ms // 1000))
        try:
            with unavailable("callback queue"):
                self._client().send_message(
                    QueueUrl=self._url, MessageBody=json.dumps({"job_id": job_id}), DelaySeconds=delay
                )
        except Unavailable:
            self._observer.noted("callback left to the sweeper", job_id=job_id)
