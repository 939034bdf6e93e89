"""SQS → one delivery attempt per message. A message only wakes the function: the job's row has the pending callback."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from lambda_api import wiring
from lambda_api.adapters import deadline
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability.logs import describe_exception, logger
from lambda_api.observability.metrics import instrument
from lambda_api.settings import Secret
from lambda_api.usecases.deliver_callback import deliver_callback
from lambda_api.usecases.webhooks.deliver_progress import deliver_progress

_RESERVE_SECONDS = 2.0
"""Left for the response: messages that there is no time for fail one by one, and SQS delivers them again."""

services = partial(wiring.services, frozenset({Secret.CALLERS}))


@instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an SQS batch. Returns the failures of a partial batch, for SQS to deliver again."""
    failures = []
    with deadline.within(context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS):
        for record in event.get("Records") or []:
            try:
                _handle(json.loads(record["body"]))
            except Exception as error:  # noqa: BLE001 - one poison message must not fail the others
                logger.warning("callback_message_failed", extra=describe_exception(error))
                failures.append({"itemIdentifier": record.get("messageId", "")})
    return {"batchItemFailures": failures}


def _handle(message: dict[str, Any]) -> None:
    job_id, mark = str(message["job_id"]), message.get("progress")
    if mark is None:
        deliver_callback(services(), job_id)
    else:
        deliver_progress(services(), job_id, int(mark))


freeze_gc_after_init(services)
