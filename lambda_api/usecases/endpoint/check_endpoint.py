"""Watch the endpoint at RunPod and restore its worker limit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from lambda_api.domain.endpoint import Endpoints
from lambda_api.domain.ports import ProviderError
from lambda_api.usecases.endpoint.retry_policy import RetryPolicy


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """An endpoint after the check."""

    workers_max: int
    unhealthy: int
    revived: bool = False
    failure: str | None = None
    """Why it could not be revived."""


def check_endpoint(
    endpoints: Endpoints, endpoint_id: str, workers_max: int | None, retry_policy: RetryPolicy
) -> EndpointHealth:
    """Read how many workers RunPod allows; allow `workers_max` again if RunPod has lowered it. Raises ProviderError.

    RunPod lowers the limit after days without a job. Restoring it costs nothing: workers start for jobs only. RunPod
    also lowers it where workers fail to start; more of them would not help then, so it is left unchanged.
    """
    live = retry_policy.retry(partial(endpoints.read, endpoint_id))
    if live is None:
        return EndpointHealth(0, 0)
    unhealthy = retry_policy.retry(partial(endpoints.unhealthy_workers, endpoint_id))
    workers = {name: live["workers"][name] for name in ("min", "max", "idleTimeout") if name in live["workers"]}
    if workers_max is None or workers["max"] >= workers_max or unhealthy:
        return EndpointHealth(workers["max"], unhealthy)
    try:
        retry_policy.retry(partial(endpoints.update, endpoint_id, {"workers": workers | {"max": workers_max}}))
    except ProviderError as error:
        return EndpointHealth(workers["max"], unhealthy, failure=error.reason)
    return EndpointHealth(workers_max, unhealthy, revived=True)
