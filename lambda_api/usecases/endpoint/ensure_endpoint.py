"""Create or update the endpoint at RunPod so that it matches the stack.

The stack's tag in an endpoint's name makes this repeatable: it finds whatever an earlier attempt created. RunPod's
create has no idempotency key: retry it only if no endpoint with our tag exists.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial

from contract.retry import retry_sync
from lambda_api.domain.endpoint import Body, Endpoints, Live, diff
from lambda_api.domain.ports import ProviderError, ProviderRefused, ProviderUnknown
from lambda_api.usecases.endpoint.retry_policy import RetryPolicy
from lambda_api.usecases.endpoint.tagged_endpoints import CreateOutcomeUnknown, find_tagged

_CREATE_CHECKS = 4
"""Looks for an endpoint after a create without a response: about 15 s with the waits, because RunPod may be slow."""


@dataclass(frozen=True, slots=True)
class EndpointResult:
    endpoint_id: str
    created: bool
    changed: tuple[str, ...]
    """Names of the settings that were changed."""


def ensure_endpoint(
    endpoints: Endpoints, body: Body, tag: str, known: str | None, retry_policy: RetryPolicy
) -> EndpointResult:
    """Make sure that exactly one endpoint with this tag exists, with these settings.

    `known`: the id that CloudFormation has. An existing endpoint is changed in place, so that its jobs continue.
    Raises ProviderError if nothing was created, CreateOutcomeUnknown if something was or may have been.
    """
    found = find_tagged(retry_policy.retry(endpoints.list_endpoints), tag, known)
    created = not found
    found = found or _create(endpoints, body, tag, retry_policy)
    kept = _choose(found, known)
    try:
        for other in found:
            if other is not kept:
                retry_policy.retry(partial(endpoints.delete, other["id"]))
        changes = {} if created else diff(body, kept)
        if changes:
            retry_policy.retry(partial(endpoints.update, kept["id"], changes))
    except ProviderError as error:
        raise CreateOutcomeUnknown(error.reason) from error
    return EndpointResult(kept["id"], created, tuple(changes))


def _choose(found: list[Live], known: str | None) -> Live:
    """Return the one that CloudFormation knows, else the oldest: concurrent attempts choose the same."""
    return min(found, key=lambda live: (live["id"] != known, str(live.get("createdAt")), live["id"]))


def _create(endpoints: Endpoints, body: Body, tag: str, retry_policy: RetryPolicy) -> list[Live]:
    """Create an endpoint; returns all endpoints with this tag."""
    outcome_unknown = False

    def attempt() -> list[Live]:
        nonlocal outcome_unknown
        try:
            created = endpoints.create(body)
        except ProviderError as error:
            outcome_unknown = outcome_unknown or isinstance(error, ProviderUnknown)
            if outcome_unknown and (found := _find_created(endpoints, tag, error, retry_policy)):
                return found
            raise
        return _with_concurrent(endpoints, created, tag)

    try:
        return retry_sync(attempt, (ProviderRefused, ProviderUnknown), retry_policy.delay, retry_policy.sleep)
    except ProviderError as error:
        if outcome_unknown:
            raise CreateOutcomeUnknown(error.reason) from error
        raise


def _with_concurrent(endpoints: Endpoints, created: Live, tag: str) -> list[Live]:
    """Add what a concurrent attempt has created. One look, whose failure is ignored."""
    with contextlib.suppress(ProviderError):
        found = find_tagged(endpoints.list_endpoints(), tag, created["id"])
        return found if any(live["id"] == created["id"] for live in found) else [created, *found]
    return [created]


def _find_created(endpoints: Endpoints, tag: str, error: ProviderError, retry_policy: RetryPolicy) -> list[Live]:
    """Return the endpoints that a create without a response has made, once they are listed; none after 4 looks.

    Raises CreateOutcomeUnknown if time is up before that.
    """
    try:
        for check in range(1, _CREATE_CHECKS + 1):
            if not retry_policy.backoff(check, error):
                raise error
            if found := find_tagged(retry_policy.retry(endpoints.list_endpoints), tag, None):
                return found
    except ProviderError as last:
        raise CreateOutcomeUnknown(last.reason) from last
    return []
