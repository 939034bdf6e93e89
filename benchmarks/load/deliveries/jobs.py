"""Finished jobs with a pending callback, written into the table as the gateway writes them."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass

from benchmarks.load.table import open_session
from contract.operations.img2vid import Img2Vid
from lambda_api.adapters.aws import job_row
from lambda_api.adapters.aws.dynamodb_table import Table
from lambda_api.adapters.aws.sqs import SqsCallbackQueue
from lambda_api.domain.job import Callback, Job, State
from lambda_api.domain.policy import HOUR
from lambda_api.observability.observer import PowertoolsObserver
from local.aws.names import ACCOUNT, QUEUE, TABLE
from local.settings import ENDPOINT_ID

GRACE_SECONDS = 2
"""After which the sweeper makes an attempt whose message was lost."""
_HELD_EACH, _FORGOTTEN_EACH, _DOUBLED_EACH = 5, 19, 9
_MESSAGE = "Ünïcode, “quotes” and 🎬 </script> in every body"


@dataclass(frozen=True, slots=True)
class Turn:
    """What is done with one of the jobs: `messages` that wake the callbacks function, 0 to 2."""

    is_held: bool
    messages: int
    target: str
    """After `listen:`."""


def turn_of(number: int) -> Turn:
    """Hold one job in five; forget the message of one in nineteen, and send that of one in nine twice."""
    lost, doubled = number % _FORGOTTEN_EACH == 3, number % _DOUBLED_EACH == 7
    target = "http://localhost:5678/hook?number=1" if number % 2 else ""
    return Turn(number % _HELD_EACH == 4, 0 if lost else 2 if doubled else 1, target)


class Finisher:
    """Ends jobs: the row of a finished job, then a message in the queue. Blocks."""

    def __init__(self, aws_url: str) -> None:
        session = open_session(aws_url)
        self._table = Table(TABLE, session.dynamodb)
        self._queue = SqsCallbackQueue(f"{aws_url}/{ACCOUNT}/{QUEUE}", PowertoolsObserver(), session.sqs)

    def finish(self, number: int, owner: str, callback_url: str) -> str:
        """Write one finished job; returns its id."""
        turn = turn_of(number)
        job = make_job(number, owner, f"listen:{turn.target}" if turn.is_held else callback_url)
        self._table.write({"Put": {"Item": job_row.to_item(job, 24 * HOUR)}})
        for _ in range(turn.messages):
            self._queue.enqueue(job)
        return job.job_id


def make_job(number: int, owner: str, url: str) -> Job:
    """Return a failed or cancelled job that has just ended."""
    now = time.time_ns() // 1_000_000
    job_id = str(uuid.uuid4())
    state = State.CANCELLED if number % 3 == 0 else State.FAILED
    body = {
        "job_id": job_id, "status": state, "video_url": None, "links": {}, "number": number,
        "error": {"message": _MESSAGE},
    }  # fmt: skip
    return Job(
        job_id=job_id, owner=owner, created_at=now, deadline_at=now + HOUR, due_at=now + 1000 * GRACE_SECONDS,
        operation=Img2Vid(url_image="https://example.com/photo.jpg"), endpoint_id=ENDPOINT_ID, state=state,
        callback=Callback(url=url, body=json.dumps(body, ensure_ascii=False), next_at=now),
    )  # fmt: skip
