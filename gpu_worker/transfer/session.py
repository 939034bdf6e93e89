"""The HTTP client for untrusted URLs: checked addresses, no proxy, no shared cookies, no automatic decompression."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import aiohttp

from contract.addresses import is_allowed
from contract.limits import KIB
from contract.retry import Backoff
from contract.urls import ALLOWED_PORTS
from gpu_worker.transfer.resolver import GuardedResolver

_USER_AGENT = "api-gpu-worker/1"
_BACKOFF = Backoff(attempts=3, base=0.7, cap=10.0, jitter=0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadPolicy:
    """The servers that downloads may connect to, and their timeouts. Times in seconds."""

    allow_loopback: bool = False
    ports: frozenset[int] = ALLOWED_PORTS
    is_address_allowed: Callable[..., bool] = is_allowed
    """Called with an address and the keyword `allow_loopback`."""
    tls: ssl.SSLContext | None = None
    """None trusts the system's certificate authorities."""
    contact: str | None = None
    """A URL or an email address for the operators of the servers, sent as part of the user agent."""
    connect_seconds: float = 10.0
    stall_seconds: float = 30.0
    """Longest pause in the middle of a body. The first byte may take as long as the download: some URLs make their
    file on request."""
    backoff: Backoff = _BACKOFF
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


def open_session(policy: DownloadPolicy) -> aiohttp.ClientSession:
    """Return a client session that connects to allowed addresses only."""
    resolver = GuardedResolver(partial(policy.is_address_allowed, allow_loopback=policy.allow_loopback))
    connector = aiohttp.TCPConnector(
        resolver=resolver, use_dns_cache=False, force_close=True, ssl=policy.tls if policy.tls is not None else True
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers={
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": f"{_USER_AGENT} (+{policy.contact})" if policy.contact else _USER_AGENT,
        },
        timeout=aiohttp.ClientTimeout(total=None, connect=policy.connect_seconds),
        max_line_size=64 * KIB,
        max_field_size=64 * KIB,
        max_headers=512,
    )
