"""Send a delivery to a URL of this machine: the same bytes, the same headers, the same signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from api_gpu.cli.exits import usage
from api_gpu.cli.settings.resolve import is_loopback

_TIMEOUT = httpx2.Timeout(15, connect=5)
_DELAYS = (0.5, 1, 1.5, 1.5)
"""Seconds before another try of a connection that was refused: a program that restarts while its author edits it."""


@dataclass(frozen=True, slots=True)
class Result:
    """The receiver's answer; no status if it could not be reached."""

    status: int | None
    reason: str
    tries: int

    @property
    def is_delivered(self) -> bool:
        """True if the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


class Forwarder:
    """Posts deliveries, with a few tries as long as nothing listens."""

    def __init__(self, sleep: Callable[[float], None], transport: httpx2.BaseTransport | None = None) -> None:
        self._sleep = sleep
        # No proxy of the environment: the receiver is on this machine.
        self._http = httpx2.Client(timeout=_TIMEOUT, trust_env=False, transport=transport, follow_redirects=False)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def send(self, url: str, delivery: Mapping[str, Any]) -> Result:
        """Send one delivery and return what came of it."""
        headers = {"content-type": "application/json", "user-agent": "api-gpu-listen", **delivery["headers"]}
        for count, delay in enumerate((*_DELAYS, None), 1):
            try:
                answer = self._http.post(url, content=str(delivery["body"]).encode(), headers=headers)
            except httpx2.ConnectError:
                if delay is None:
                    return Result(None, "connection refused", count)
                self._sleep(delay)
            except httpx2.HTTPError as error:
                return Result(None, f"no answer ({type(error).__name__})", count)
            else:
                return Result(answer.status_code, answer.reason_phrase, count)
        raise AssertionError("unreachable")


def check_target(url: str, flag: str, *, allow_remote: bool) -> str:
    """Return the URL to send to. Raises Stop unless it is on this machine, or others are allowed."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise usage(f"{flag}: give a URL such as http://localhost:5678/webhook")
    if not allow_remote and not is_loopback(host):
        raise usage(f"{flag}: {host} is not this machine; add --allow-remote to send deliveries there")
    return url
