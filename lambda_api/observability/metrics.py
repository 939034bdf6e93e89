"""EMF metrics through Powertools.

They are in namespace `api-gpu`, with the stack's name as dimension `service`; template.yaml draws and watches them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from threading import Lock
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambda_api.observability.logs import SERVICE, logger

Handler = Callable[[dict[str, Any], Any], Any]

metrics = Metrics(namespace="api-gpu", service=SERVICE)
_lock = Lock()

# An invocation that changes nothing has no metrics; that is not worth a warning each time.
warnings.filterwarnings("ignore", message="No application metrics to publish")


def instrument(handler: Handler) -> Handler:
    """Return a Lambda handler whose log lines carry the invocation and whose metrics are flushed at its end."""
    # No metric of cold starts: it would cost as much as any other, and the REPORT log lines have the number.
    with_metrics: Handler = metrics.log_metrics(handler)
    with_logs: Handler = logger.inject_lambda_context(with_metrics, clear_state=True)
    return with_logs


def add_metric(name: str, unit: MetricUnit, value: float) -> None:
    # The sweeper's threads share the set, which is sent when it is full.
    with _lock:
        metrics.add_metric(name=name, unit=unit, value=value)


def count(name: str, value: int) -> None:
    """Add to a metric. Nothing is sent for 0, because a metric costs in each hour in which it is sent."""
    if value:
        add_metric(name, MetricUnit.Count, value)
