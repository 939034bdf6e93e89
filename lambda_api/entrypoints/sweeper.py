"""A schedule, once a minute → everything that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from lambda_api.adapters import deadline
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability.logs import logger
from lambda_api.observability.metrics import count, instrument
from lambda_api.usecases.sweep import SweepResult, sweep
from lambda_api.wiring import services

LIMIT = 2000
THREADS = 16
"""RunPod accepts 20 concurrent cancels, and 1,000 dispatches in 10 s."""
RESERVE_MS = 20_000
"""Enough for one more job per thread: three timeouts of RunPod or one of a receiver, 15 s, and our own calls."""
RESPONSE_MS = 2_000
"""Left for the response: no outbound call lasts until the function's timeout."""


@instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Sweep; `event` is ignored. Returns how many jobs were handled and how many of them failed."""

    def may_go_on() -> bool:
        return bool(context.get_remaining_time_in_millis() > RESERVE_MS)

    seconds = (context.get_remaining_time_in_millis() - RESPONSE_MS) / 1000
    with deadline.within(seconds), ThreadPoolExecutor(THREADS) as threads:
        here = copy_context()

        def at_once(look: Callable[[str], SweepResult], job_ids: Iterable[str]) -> Iterable[SweepResult]:
            return threads.map(lambda job_id: here.copy().run(look, job_id), job_ids)

        swept = sweep(services(), LIMIT, may_go_on, at_once)
    count("JobsOverdue", swept.overdue)
    if swept.handled:
        logger.info("swept", extra={"handled": swept.handled, "failed": swept.failed})
    return {"handled": swept.handled, "failed": swept.failed}


freeze_gc_after_init(services)
