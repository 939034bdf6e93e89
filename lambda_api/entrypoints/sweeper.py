"""A schedule, once a minute → everything that is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from lambda_api.adapters import deadline
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability import count, instrumented, logger
from lambda_api.usecases.sweep import SweepResult, sweep
from lambda_api.wiring import services

_LIMIT = 2000
_AT_ONCE = 16
"""RunPod takes 20 cancels at once, and 1,000 dispatches in ten seconds."""
_RESERVE_MS = 20_000
"""Enough for one more job on each thread: RunPod silent three times or a receiver once, 15 s, and our own calls."""
_REPORTING_MS = 2_000
"""Of the function's time: none of its calls goes on until then."""


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`event` is ignored. Returns how many jobs were looked at and how many of them failed."""

    def may_go_on() -> bool:
        return bool(context.get_remaining_time_in_millis() > _RESERVE_MS)

    seconds = (context.get_remaining_time_in_millis() - _REPORTING_MS) / 1000
    with deadline.within(seconds), ThreadPoolExecutor(_AT_ONCE) as threads:
        here = copy_context()

        def at_once(look: Callable[[str], SweepResult], job_ids: Iterable[str]) -> Iterable[SweepResult]:
            return threads.map(lambda job_id: here.copy().run(look, job_id), job_ids)

        swept = sweep(services(), _LIMIT, may_go_on, at_once)
    count("JobsOverdue", swept.overdue)
    if swept.handled:
        logger.info("swept", extra={"handled": swept.handled, "failed": swept.failed})
    return {"handled": swept.handled, "failed": swept.failed}


freeze_gc_after_init(services)
