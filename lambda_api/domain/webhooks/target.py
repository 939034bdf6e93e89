"""The target of callbacks: a public URL, or `listen:`, which the gateway never contacts.

`listen:` and `listen:http://localhost:5678/any/path` hold deliveries in the log, for `api-gpu webhooks listen` to
forward on the client's own machine.
"""

from __future__ import annotations

from contract.urls import UrlError, normalize_url

LISTEN = "listen:"


def is_held(url: str) -> bool:
    """True if deliveries to it are only logged."""
    return url.startswith(LISTEN)


def held_target(url: str) -> str | None:
    """Return the URL to which the client's own machine forwards a held delivery; None if the command decides."""
    return url.removeprefix(LISTEN) or None if is_held(url) else None


def normalize_target(text: str) -> str:
    """Return a normalized `webhook_url`. Raises UrlError if it is neither `listen:` nor an http or https URL."""
    if text[: len(LISTEN)].lower() != LISTEN:
        return normalize_url(text)
    rest = text[len(LISTEN) :].strip()
    if not rest:
        return LISTEN
    try:
        return LISTEN + normalize_url(rest)
    except UrlError:
        raise UrlError(
            "after listen: write nothing or an http URL, such as listen:http://localhost:5678/hook"
        ) from None


def without_query(url: str) -> str:
    """Return the URL without its query, which may hold a secret."""
    return url.partition("?")[0]
