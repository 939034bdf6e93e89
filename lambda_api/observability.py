"""Structured logs and EMF metrics, through Powertools. No Tracer: its SDK doubles a cold start.

Metrics are in namespace `api-gpu`, with the stack's name as dimension `service`; template.yaml draws and watches them.
"""

from __future__ import annotations

import json
import os
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambda_api.domain.errors import ApiError, Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.pricing import cost_usd
from lambda_api.redaction import redact

_encode = json.JSONEncoder(default=str).encode


def _render(record: dict[str, Any]) -> str:
    return redact(_encode(record))


_service = os.environ.get("POWERTOOLS_SERVICE_NAME") or "api-gpu"
# Messages are words: each would be read as JSON, in vain.
logger = Logger(service=_service, json_serializer=_render, json_deserializer=str)
metrics = Metrics(namespace="api-gpu", service=_service)
_adding = Lock()


# An invocation that changes nothing has nothing to count; that is not worth a warning each time.
warnings.filterwarnings("ignore", message="No application metrics to publish")

Handler = Callable[[dict[str, Any], Any], Any]


def instrumented(handler: Handler) -> Handler:
    """A Lambda handler whose log lines carry the invocation and whose metrics are flushed at its end."""
    # No metric of cold starts: each function's would cost as much as one that is looked at, and REPORT lines tell.
    counted: Handler = metrics.log_metrics(handler)
    logged: Handler = logger.inject_lambda_context(counted, clear_state=True)
    return logged


def fault(error: BaseException) -> dict[str, Any]:
    """An unexpected error as facts: its type and where it was raised. Its text may quote the request."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {"error": type(error).__name__, "at": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]}


def refused(error: ApiError, request_id: str) -> None:
    """Log what an operator can do something about; what the client did wrong is told to the client."""
    if isinstance(error, Unavailable) and error.reason is not None:
        logger.warning("unavailable", extra={"request_id": request_id, "reason": error.reason})


def _add(name: str, unit: MetricUnit, value: float) -> None:
    # The sweeper's threads share the set, which is sent when it is full.
    with _adding:
        metrics.add_metric(name=name, unit=unit, value=value)


def count(name: str, value: int) -> None:
    """Add to a metric; nothing is sent for 0, because a metric costs in each hour in which it is sent."""
    if value:
        _add(name, MetricUnit.Count, value)


class PowertoolsObserver:
    """`domain.ports.Observer`: one log line and a few metrics for each change of a job."""

    def job_changed(self, before: Job | None, after: Job) -> None:
        if before is not None and before.state is after.state:
            self._same_state(before, after)
            return
        logger.info("job_changed", extra=_facts(after) | {"from": before.state if before else None})
        _add(f"Jobs{after.state.title().replace('_', '')}", MetricUnit.Count, 1)
        if after.is_terminal and after.execution is not None:
            self._finished(after)

    def warn(self, event: str, **facts: str | int) -> None:
        logger.warning(event, extra=facts)
        _add("".join(word.capitalize() for word in event.split("_")), MetricUnit.Count, 1)

    @staticmethod
    def _same_state(before: Job, after: Job) -> None:
        old, new = before.callback, after.callback
        if old is not None and new is not None and new.last_result != old.last_result:
            logger.info(
                "callback_attempted",
                extra={
                    "job_id": after.job_id,
                    "callback": new.status,
                    "attempts": new.attempts,
                    "result": new.last_result,
                },
            )
            _add(f"Callback{new.status.title().replace('_', '')}", MetricUnit.Count, 1)

    @staticmethod
    def _finished(job: Job) -> None:
        if job.execution is None:
            return
        queued = max(0, (job.started_at or job.created_at) - job.created_at)
        _add("QueueTime", MetricUnit.Milliseconds, queued)
        _add("ExecutionTime", MetricUnit.Milliseconds, job.execution.execution_ms)
        if job.price_per_second is not None:
            usd = cost_usd(job.execution.execution_ms, job.price_per_second)
            _add("GpuUsd", MetricUnit.NoUnit, usd)
        if job.execution.video_mode == "encode":
            on_gpu = (job.execution.encoder or "").endswith("_nvenc")
            _add("GpuEncodes" if on_gpu else "CpuEncodes", MetricUnit.Count, 1)


def _facts(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "operation": job.operation.kind,
        "owner": job.owner,
        "state": job.state,
        "attempt": job.attempt,
        "settled_by": job.settled_by,
        "error_code": job.error.code if job.error else None,
    }
