"""A schedule, once a minute → everything that is due."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambda_api.entrypoints import ready
from lambda_api.observability import count, instrumented, logger
from lambda_api.usecases.sweep import sweep
from lambda_api.wiring import services

_LIMIT = 2000
_AT_ONCE = 16
"""RunPod takes 20 cancels at once, and 1,000 dispatches in ten seconds."""
_RESERVE_MS = 15_000
"""Enough for one more job's calls on each thread, every one of which is bounded."""


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`event` is ignored. Returns how many jobs were looked at and how many of them failed."""

    def may_go_on() -> bool:
        return bool(context.get_remaining_time_in_millis() > _RESERVE_MS)

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        swept = sweep(services(), _LIMIT, may_go_on, threads.map)
    count("JobsOverdue", swept.overdue)
    if swept.looked_at:
        logger.info("swept", extra={"looked_at": swept.looked_at, "failed": swept.failed})
    return {"looked_at": swept.looked_at, "failed": swept.failed}


ready(services)
