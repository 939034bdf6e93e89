"""The endpoint at RunPod: CloudFormation's custom resource `Custom::RunpodEndpoint`, and the canary that watches it.

An event with a `RequestType` comes from CloudFormation; the response goes to the URL in it. Any other comes from the
schedule: `{"endpoint_id": "…"}`. The canary restores RunPod's worker limit only if the stack owns the endpoint
(ENDPOINT_OWNED=true, ENDPOINT_WORKERS_MAX).
"""

from __future__ import annotations

import os
import random
import time
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from contract.retry import retry_sync
from lambda_api.adapters.aws.secrets import read_secret
from lambda_api.adapters.aws.session import AwsSession
from lambda_api.adapters.cloudformation import send_response
from lambda_api.adapters.runpod_endpoints import RunpodEndpoints
from lambda_api.domain.endpoint import InvalidProperties, desired_body, ownership_tag
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderRejected
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability.logs import describe_exception, logger
from lambda_api.observability.metrics import count, instrument, metrics
from lambda_api.settings import SettingsError
from lambda_api.usecases.endpoint.check_endpoint import check_endpoint
from lambda_api.usecases.endpoint.ensure_endpoint import ensure_endpoint
from lambda_api.usecases.endpoint.remove_endpoint import remove_endpoint
from lambda_api.usecases.endpoint.retry_policy import RetryPolicy
from lambda_api.usecases.endpoint.tagged_endpoints import CreateOutcomeUnknown

NEVER_CREATED, UNCONFIRMED = "never-created", "unconfirmed"
"""Resource ids after a failed creation: nothing was created, or something may have been."""

_MAX_DENIALS = 5
"""Consecutive denials of the secret. A new role may not have taken effect everywhere yet (AWS IAM: changes are
eventually consistent)."""

_RESERVE_SECONDS = 45.0
"""Enough for the last call to RunPod, a slow name server, and three attempts to respond to CloudFormation."""


@instrument
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an event. Returns facts for an operator who invokes the function by hand."""
    until = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS
    retry_policy = RetryPolicy(clock=time.monotonic, sleep=time.sleep, random=random.random, until=until)
    if "RequestType" in event:
        return _resource(event, retry_policy)
    return _canary(event, retry_policy)


def _resource(event: dict[str, Any], retry_policy: RetryPolicy) -> dict[str, Any]:
    kind, known, failure = event["RequestType"], event.get("PhysicalResourceId"), None
    try:
        resource_id = _apply(event, retry_policy)
    except (InvalidProperties, SettingsError, Unavailable, ProviderError) as error:
        failure = error.reason if isinstance(error, ProviderError) else str(error)
        resource_id = known or (UNCONFIRMED if isinstance(error, CreateOutcomeUnknown) else NEVER_CREATED)
        logger.warning("endpoint_change_failed", extra={"request": kind, "reason": failure})
    except Exception as error:  # noqa: BLE001 - without a response the stack is stuck
        failure = f"Unexpected {type(error).__name__}; see the log of EndpointFunction"
        resource_id = known or UNCONFIRMED
        logger.error("endpoint_change_failed", extra={"request": kind} | describe_exception(error))
    send_response(event, resource_id, failure, time.sleep)
    return {"endpoint_id": resource_id, "failure": failure}


def _apply(event: dict[str, Any], retry_policy: RetryPolicy) -> str:
    """Carry out CloudFormation's request. Returns the id of the resource from now on."""
    kind, given = event["RequestType"], str(event.get("PhysicalResourceId") or "")
    tag = ownership_tag(event["StackId"], event["LogicalResourceId"])
    known = None if _is_placeholder(given, event["StackId"]) else given
    if kind == "Delete":
        try:
            remove_endpoint(_endpoints(retry_policy), tag, known, retry_policy)
        except (SettingsError, Unavailable, ProviderRejected):
            # If a wrong key made the creation fail, it must not prevent the deletion of the stack.
            if given != NEVER_CREATED:
                raise
        return given
    if kind not in {"Create", "Update"}:
        raise InvalidProperties("RequestType must be Create, Update or Delete")
    done = ensure_endpoint(
        _endpoints(retry_policy), desired_body(event["ResourceProperties"], tag), tag, known, retry_policy
    )
    facts = {"request": kind, "endpoint_id": done.endpoint_id, "is_new": done.created, "changed": list(done.changed)}
    logger.info("endpoint_ensured", extra=facts)
    return done.endpoint_id


def _is_placeholder(resource_id: str, stack_id: str) -> bool:
    """Detect ids of no endpoint: NEVER_CREATED, UNCONFIRMED, or CloudFormation's own id if it got no response."""
    stack_name = stack_id.split("/")[1] if "/" in stack_id else stack_id
    return resource_id in {"", NEVER_CREATED, UNCONFIRMED} or resource_id.startswith(f"{stack_name}-")


def _canary(event: dict[str, Any], retry_policy: RetryPolicy) -> dict[str, Any]:
    endpoint_id = str(event["endpoint_id"])
    owned = os.environ.get("ENDPOINT_OWNED") == "true"
    workers_max = int(os.environ["ENDPOINT_WORKERS_MAX"]) if owned else None
    try:
        health = check_endpoint(_endpoints(retry_policy), endpoint_id, workers_max, retry_policy)
    except ProviderError as error:
        # No metric either: the alarm fires on its absence.
        logger.warning("endpoint_health_failed", extra={"endpoint_id": endpoint_id, "reason": error.reason})
        return {"endpoint_id": endpoint_id, "failure": error.reason}
    metrics.add_metric(name="EndpointWorkersMax", unit=MetricUnit.Count, value=health.workers_max)
    metrics.add_metric(name="EndpointUnhealthyWorkers", unit=MetricUnit.Count, value=health.unhealthy)
    count("EndpointRevived", int(health.revived))
    facts = {
        "endpoint_id": endpoint_id, "workers_max": health.workers_max, "unhealthy": health.unhealthy,
        "revived": health.revived, "failure": health.failure,
    }  # fmt: skip
    if health.revived or health.failure:
        logger.warning("endpoint_scaled_down", extra=facts)
    return facts


def _endpoints(retry_policy: RetryPolicy) -> RunpodEndpoints:
    """Return a client with the current key: a rotated one takes effect at once. Raises SettingsError, Unavailable."""
    key, arn = os.environ.get("RUNPOD_API_KEY"), os.environ.get("RUNPOD_SECRET_ARN")
    if arn:
        key = _read_key(arn, retry_policy)
    if not key:
        raise SettingsError("RUNPOD_API_KEY is not set")
    return RunpodEndpoints(os.environ.get("RUNPOD_MANAGEMENT_URL") or "https://api.runpod.io", key)


def _read_key(arn: str, retry_policy: RetryPolicy) -> str:
    """Read the key, and retry while access is denied: the role may be new."""

    def delay(failures: int, error: Unavailable) -> float | None:
        if "AccessDenied" not in (error.reason or "") or failures == _MAX_DENIALS:
            return None
        return retry_policy.delay(failures, ProviderRefused("The secret is denied"))

    return retry_sync(lambda: read_secret(_aws().secretsmanager, arn), Unavailable, delay, retry_policy.sleep)


@cache
def _aws() -> AwsSession:
    return AwsSession()


freeze_gc_after_init()
