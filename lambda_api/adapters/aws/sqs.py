"""The queue that wakes the callback function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lambda_api.adapters.aws.errors import AwsError
from lambda_api.domain.job import Job
from lambda_api.domain.ports import Observer

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MAX_DELAY_SECONDS = 900


class SqsCallbackQueue:
    """`domain.ports.CallbackQueue` on SQS. A message is `{"job_id": …}`, or `{"job_id": …, "progress": 25}`.

    It names the owner as its group, which makes a standard queue a fair one: while one group takes more than a tenth
    of the consumers' time, messages of the others come first (AWS: "How Amazon SQS fair queues work").
    """

    def __init__(self, url: str, observer: Observer, client: SQSClient) -> None:
        self._url = url
        self._observer = observer
        self._client = client

    def enqueue(self, job: Job, delay_ms: int = 0) -> bool:
        return self._send(job, {"job_id": job.job_id}, delay_ms)

    def enqueue_progress(self, job: Job, mark: int) -> bool:
        # The release before ignores the mark, and then finds nothing to deliver.
        return self._send(job, {"job_id": job.job_id, "progress": mark}, 0)

    def _send(self, job: Job, message: dict[str, str | int], delay_ms: int) -> bool:
        try:
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=json.dumps(message),
                DelaySeconds=min(_MAX_DELAY_SECONDS, -(-delay_ms // 1000)),
                MessageGroupId=job.owner,
            )
        except AwsError:
            self._observer.warn("callback_enqueue_failed", job_id=job.job_id)
            return False
        return True
