"""The endpoint at RunPod: CloudFormation's custom resource `Custom::RunpodEndpoint`, and the canary that watches it.

An event with a `RequestType` is CloudFormation's; its answer goes to the URL in it. Any other is the schedule's:
`{"endpoint_id": "…"}`. The canary restores RunPod's worker limit only for an endpoint of the stack's own
(ENDPOINT_OWNED=true, ENDPOINT_WORKERS_MAX).
"""

from __future__ import annotations

import os
import random
import time
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from lambda_api.adapters.aws_session import AwsSession
from lambda_api.adapters.cloudformation import tell
from lambda_api.adapters.runpod_endpoints import RunpodEndpoints
from lambda_api.adapters.secrets import read_secret
from lambda_api.domain.endpoint import InvalidProperties, desired_body, ownership_tag
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderRejected
from lambda_api.entrypoints import freeze_gc_after_init
from lambda_api.observability import count, fault, instrumented, logger, metrics
from lambda_api.settings import SettingsError
from lambda_api.usecases.endpoint.check_endpoint import check_endpoint
from lambda_api.usecases.endpoint.ensure_endpoint import ensure_endpoint
from lambda_api.usecases.endpoint.remove_endpoint import remove_endpoint
from lambda_api.usecases.endpoint.retry_policy import RetryPolicy
from lambda_api.usecases.endpoint.tagged_endpoints import CreateOutcomeUnknown

NEVER_CREATED, UNCONFIRMED = "never-created", "unconfirmed"
"""Ids of resources whose creation failed: nothing was made, or something may have been."""

_DENIALS = 5
"""Of the secret, one after the other. A role that was made a moment ago may not count everywhere yet (AWS IAM: changes
are eventually consistent)."""

_RESERVE_SECONDS = 45.0
"""Enough for the last call to RunPod, a slow name server, and three attempts to answer CloudFormation."""


@instrumented
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Returns facts for whoever invoked it by hand; nobody else reads them."""
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
    except Exception as error:  # noqa: BLE001 - a request that is not answered leaves the stack stuck
        failure = f"Unexpected {type(error).__name__}; the log of EndpointFunction says where"
        resource_id = known or UNCONFIRMED
        logger.error("endpoint_change_failed", extra={"request": kind} | fault(error))
    tell(event, resource_id, failure, time.sleep)
    return {"endpoint_id": resource_id, "failure": failure}


def _apply(event: dict[str, Any], retry_policy: RetryPolicy) -> str:
    """Do as CloudFormation asks; the id by which it knows the endpoint from now on."""
    kind, given = event["RequestType"], str(event.get("PhysicalResourceId") or "")
    mark = ownership_tag(event["StackId"], event["LogicalResourceId"])
    known = None if _is_placeholder(given, event["StackId"]) else given
    if kind == "Delete":
        try:
            remove_endpoint(_endpoints(retry_policy), mark, known, retry_policy)
        except (SettingsError, Unavailable, ProviderRejected):
            # Where a wrong key made the creation fail, it must not keep the stack from going away.
            if given != NEVER_CREATED:
                raise
        return given
    if kind not in {"Create", "Update"}:
        raise InvalidProperties("RequestType must be Create, Update or Delete")
    done = ensure_endpoint(
        _endpoints(retry_policy), desired_body(event["ResourceProperties"], mark), mark, known, retry_policy
    )
    facts = {"request": kind, "endpoint_id": done.endpoint_id, "is_new": done.created, "changed": list(done.changed)}
    logger.info("endpoint_ensured", extra=facts)
    return done.endpoint_id


def _is_placeholder(resource_id: str, stack_id: str) -> bool:
    """Not an endpoint's id: ours for a failed creation, or what CloudFormation makes up if it got no answer."""
    stack_name = stack_id.split("/")[1] if "/" in stack_id else stack_id
    return resource_id in {"", NEVER_CREATED, UNCONFIRMED} or resource_id.startswith(f"{stack_name}-")


def _canary(event: dict[str, Any], retry_policy: RetryPolicy) -> dict[str, Any]:
    endpoint_id = str(event["endpoint_id"])
    owned = os.environ.get("ENDPOINT_OWNED") == "true"
    workers_max = int(os.environ["ENDPOINT_WORKERS_MAX"]) if owned else None
    try:
        seen = check_endpoint(_endpoints(retry_policy), endpoint_id, workers_max, retry_policy)
    except ProviderError as error:
        # No metric either: that it is missing is what the alarm sees.
        logger.warning("endpoint_health_failed", extra={"endpoint_id": endpoint_id, "reason": error.reason})
        return {"endpoint_id": endpoint_id, "failure": error.reason}
    metrics.add_metric(name="EndpointWorkersMax", unit=MetricUnit.Count, value=seen.workers_max)
    metrics.add_metric(name="EndpointUnhealthyWorkers", unit=MetricUnit.Count, value=seen.unhealthy)
    count("EndpointRevived", int(seen.revived))
    facts = {
        "endpoint_id": endpoint_id, "workers_max": seen.workers_max, "unhealthy": seen.unhealthy,
        "revived": seen.revived, "failure": seen.failure,
    }  # fmt: skip
    if seen.revived or seen.failure:
        logger.warning("endpoint_scaled_down", extra=facts)
    return facts


def _endpoints(retry_policy: RetryPolicy) -> RunpodEndpoints:
    """With the key as it is now: a rotated one counts at once. Raises SettingsError, Unavailable."""
    key, arn = os.environ.get("RUNPOD_API_KEY"), os.environ.get("RUNPOD_SECRET_ARN")
    if arn:
        key = _read(arn, retry_policy)
    if not key:
        raise SettingsError("RUNPOD_API_KEY is not set")
    return RunpodEndpoints(os.environ.get("RUNPOD_MANAGEMENT_URL") or "https://api.runpod.io", key)


def _read(arn: str, retry_policy: RetryPolicy) -> str:
    tries = 0
    while True:
        try:
            return read_secret(_aws().secretsmanager, arn)
        except Unavailable as error:
            tries += 1
            denied = "AccessDenied" in (error.reason or "")
            if (
                not denied
                or tries == _DENIALS
                or not retry_policy.backoff(tries, ProviderRefused("The secret is denied"))
            ):
                raise


@cache
def _aws() -> AwsSession:
    return AwsSession()


freeze_gc_after_init()
