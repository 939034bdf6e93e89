"""SQS → one delivery attempt per message. Messages are wake-up calls: the job's row says what is owed."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from lambda_api import wiring
from lambda_api.adapters import deadline
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability import fault, instrumented, logger
from lambda_api.settings import Secret
from lambda_api.usecases.deliver_callback import deliver_callback

_ANSWERING_SECONDS = 2.0
"""Of the function's time: messages that it does not suffice for fail one by one, and come again."""

services = partial(wiring.services, frozenset({Secret.CALLERS}))


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Event: an SQS batch. Answer: the failures of a partial batch, for SQS to deliver again."""
    failures = []
    with deadline.within(context.get_remaining_time_in_millis() / 1000 - _ANSWERING_SECONDS):
        for record in event.get("Records") or []:
            try:
                deliver_callback(services(), str(json.loads(record["body"])["job_id"]))
            except Exception as error:  # noqa: BLE001 - one poisoned message must not fail its neighbours
                logger.warning("callback_message_failed", extra=fault(error))
                failures.append({"itemIdentifier": record.get("messageId", "")})
    return {"batchItemFailures": failures}


freeze_gc_after_init(services)
