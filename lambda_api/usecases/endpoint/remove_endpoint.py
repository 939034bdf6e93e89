"""Remove the endpoint at RunPod."""

from __future__ import annotations

from functools import partial

from lambda_api.domain.endpoint import Endpoints
from lambda_api.domain.ports import ProviderError
from lambda_api.usecases.endpoint.retry_policy import RetryPolicy
from lambda_api.usecases.endpoint.tagged_endpoints import CreateOutcomeUnknown, find_tagged


def remove_endpoint(endpoints: Endpoints, tag: str, known: str | None, retry_policy: RetryPolicy) -> None:
    """Remove the endpoint `known`, and everything else with its tag.

    If CloudFormation knows an id that does not exist, another endpoint has replaced it and stays: this is the clean-up
    after that. If it knows none, a create failed, and everything with the tag is left from it. Raises ProviderError if
    RunPod does not list its endpoints, CreateOutcomeUnknown if something is left.
    """
    found = find_tagged(retry_policy.retry(endpoints.list_endpoints), tag, known)
    if known is not None and all(live["id"] != known for live in found):
        return
    # The known one last: while it exists, a repeated removal removes the others too.
    try:
        for live in sorted(found, key=lambda one: one["id"] == known):
            retry_policy.retry(partial(endpoints.delete, live["id"]))
    except ProviderError as error:
        raise CreateOutcomeUnknown(error.reason) from error
