"""Decide whether callbacks may be sent to a URL."""

from __future__ import annotations

from contract.urls import Target, UrlError, check_target, parse_url
from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.webhooks.target import is_held
from lambda_api.usecases.services import Services

UNSIGNED = (
    "callbacks are signed, and no signing secret is set up for this API key; have one added, or leave webhook_url out "
    "and poll the job"
)
_OWN_HOST = "the URL leads back to this service; send the URL of your own receiver"
_NOT_PUBLIC = (
    "the URL leads to an address that is not public; send listen: and the URL, such as "
    "listen:http://localhost:5678/hook, and run api-gpu webhooks listen, or use a tunnel to your machine"
)


def find_problem(services: Services, owner: str, url: str) -> str | None:
    """Return why callbacks to this URL are not accepted, for its sender; None if they are."""
    return _find_address_problem(services, url) or (
        UNSIGNED if owner not in services.callers().callback_secrets else None
    )


def require_target(services: Services, owner: str, url: str, field: str) -> None:
    """Raise InvalidRequest, naming `field`, if callbacks to this URL are not accepted."""
    problem = find_problem(services, owner, url)
    if problem is not None:
        raise InvalidRequest.naming(((field, problem),))


def _find_address_problem(services: Services, url: str) -> str | None:
    if is_held(url):
        return None
    try:
        target = parse_url(url)
        check_target(target, allow_loopback=services.allow_loopback, https_only=True)
    except UrlError as error:
        return _NOT_PUBLIC if "not public" in str(error) else str(error)
    return _OWN_HOST if _is_own_host(services, target) else None


def _is_own_host(services: Services, target: Target) -> bool:
    """True for a callback that would come back to this service as a request."""
    own = parse_url(services.public_url)
    return (target.host, target.port) == (own.host, own.port)
