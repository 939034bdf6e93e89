"""The queue that wakes the callback function."""

from __future__ import annotations

import json

from lambda_api.adapters.aws.client import SQS, Aws
from lambda_api.adapters.aws.errors import AwsError
from lambda_api.domain.ports import Observer

_MAX_DELAY_SECONDS = 900


class SqsCallbackQueue:
    """`domain.ports.CallbackQueue` on SQS. A message is `{"job_id": …}` and nothing else."""

    def __init__(self, url: str, observer: Observer, aws: Aws) -> None:
        self._url = url
        self._observer = observer
        self._aws = aws

    def wake(self, job_id: str, delay_ms: int = 0) -> None:
        delay = min(_MAX_DELAY_SECONDS, -(-delay_ms // 1000))
        message = json.dumps({"job_id": job_id})
        try:
            self._aws.call(SQS, "SendMessage", QueueUrl=self._url, MessageBody=message, DelaySeconds=delay)
        except AwsError:
            self._observer.noted("callback left to the sweeper", job_id=job_id)
