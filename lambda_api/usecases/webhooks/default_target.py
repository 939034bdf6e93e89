"""The target of callbacks of jobs that name no URL."""

from __future__ import annotations

from lambda_api.domain.errors import NotFound
from lambda_api.domain.job import Callback
from lambda_api.domain.webhooks.delivery import WebhookDefault
from lambda_api.usecases.services import Services
from lambda_api.usecases.webhooks.check_target import require_target


def get_default(services: Services, owner: str) -> WebhookDefault:
    """Return the owner's default as it is now. Raises NotFound, Unavailable."""
    found = services.webhook_defaults.read(owner)
    if found is None:
        raise NotFound("There is no default webhook. Set one with PUT /webhooks/default.")
    return found


def set_default(services: Services, owner: str, default: WebhookDefault) -> None:
    """Replace the owner's default. Raises InvalidRequest for a URL that is not accepted; Unavailable."""
    require_target(services, owner, default.url, "url")
    services.webhook_defaults.set(owner, default)


def remove_default(services: Services, owner: str) -> None:
    """Remove the owner's default, if there is one. Raises Unavailable."""
    services.webhook_defaults.set(owner, None)


def choose_callback(services: Services, owner: str, url: str | None, events: tuple[str, ...] | None) -> Callback | None:
    """Return the callback of a new job; None without one. `events`: empty to send none. Raises Unavailable."""
    if events is not None and not events:
        return None
    if url is not None:
        return Callback(url=url, events=events)
    default = services.webhook_defaults.get(owner)
    if default is None:
        return None
    chosen = default.events if events is None else events
    return Callback(url=default.url, events=chosen) if chosen is None or chosen else None
