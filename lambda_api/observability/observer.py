"""Log lines and metrics about jobs."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from lambda_api.domain.bill.job_cost import NANO, job_cost
from lambda_api.domain.job import Job
from lambda_api.observability.logs import logger
from lambda_api.observability.metrics import add_metric


class PowertoolsObserver:
    """`domain.ports.Observer`: one log line and a few metrics for each change of a job."""

    def job_changed(self, before: Job | None, after: Job) -> None:
        if before is not None and before.state is after.state:
            self._same_state(before, after)
            return
        logger.info("job_changed", extra=_facts(after) | {"from": before.state if before else None})
        add_metric(f"Jobs{after.state.title().replace('_', '')}", MetricUnit.Count, 1)
        if after.is_terminal and after.execution is not None:
            self._finished(after)

    def warn(self, event: str, **facts: str | int) -> None:
        logger.warning(event, extra=facts)
        add_metric("".join(word.capitalize() for word in event.split("_")), MetricUnit.Count, 1)

    @staticmethod
    def _same_state(before: Job, after: Job) -> None:
        old, new = before.callback, after.callback
        # Not by the result alone: the next attempt often has the same.
        if old is not None and new is not None and new != old:
            logger.info(
                "callback_attempted",
                extra={
                    "job_id": after.job_id,
                    "callback": new.status,
                    "attempts": new.attempts,
                    "result": new.last_result,
                },
            )
            add_metric(f"Callback{new.status.title().replace('_', '')}", MetricUnit.Count, 1)

    @staticmethod
    def _finished(job: Job) -> None:
        if job.execution is None:
            return
        queued = max(0, (job.started_at or job.created_at) - job.created_at)
        add_metric("QueueTime", MetricUnit.Milliseconds, queued)
        add_metric("ExecutionTime", MetricUnit.Milliseconds, job.execution.execution_ms)
        cost = job_cost(job)
        if cost is not None:
            add_metric("GpuUsd", MetricUnit.NoUnit, cost.nano_usd / NANO)
        if job.execution.video_mode == "encode":
            on_gpu = (job.execution.encoder or "").endswith("_nvenc")
            add_metric("GpuEncodes" if on_gpu else "CpuEncodes", MetricUnit.Count, 1)


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
