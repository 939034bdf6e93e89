"""Both ways in which this system follows a stranger's URL, in an internet that is made of loopback."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp.connector
import pytest

from contract import urls
from contract.errors import Code, Failure
from contract.limits import Limits
from contract.operations import Input, Role
from gpu_worker.errors import JobFailed
from gpu_worker.transfer import download as fetch
from gpu_worker.transfer import resolver
from lambda_api.adapters import callback_http, runpod
from lambda_api.adapters.callback_http import BOUNDS, FORBIDDEN, HttpCallbackSender
from lambda_api.adapters.http_client import Bounds, HttpClient
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.ports import DeliveryResult
from tests.support.dns import Dns, asking, dns
from tests.support.ports import reserved_port
from tests.support.scripted_server import Peer, peer
from tests.support.tls import Authority

SECRET = "whsec_" + base64.b64encode(b"a-secret-of-32-bytes-or-so-okay!").decode()
OWN_RESOLVER = "OWN_RESOLVER"
"""In this variable if the system's resolver asks port 53 of 127.0.0.1 by itself."""


def download(
    url: str, folder: Path, role: Role = Role.VIDEO, limits: Limits | None = None, *, allow_loopback: bool = False
) -> bytes | Code:
    """What the worker makes of an input: its bytes, or the failure's code."""
    result = attempt(url, folder, role, limits, allow_loopback=allow_loopback)
    return result if isinstance(result, bytes) else result.code


def attempt(
    url: str, folder: Path, role: Role = Role.VIDEO, limits: Limits | None = None, *, allow_loopback: bool = False
) -> bytes | Failure:
    """Download an input. Returns its bytes, or the failure."""

    async def work() -> bytes | Failure:
        async with fetch.open_session(allow_loopback=allow_loopback) as session:
            fetcher = fetch.Fetcher(session, limits or Limits(), allow_loopback=allow_loopback)
            try:
                await fetcher.fetch(Input("url_video", role, url), folder / "in")
            except JobFailed as failed:
                return failed.failure
            return (folder / "in").read_bytes()

    return asyncio.run(work())


def reason(url: str, folder: Path, **more: Any) -> str:
    """Return why a download failed: the code, and the cause if it is known."""
    result = attempt(url, folder, **more)
    assert isinstance(result, Failure)
    assert result == Failure.of(result.code, **result.params)
    return f"{result.code} {result.params.get('reason') or result.params.get('http_status', '')}".strip()


def sender(*, allow_loopback: bool = False, bounds: Bounds | None = None) -> HttpCallbackSender:
    callers = ApiCredentials(callback_secrets={"ada": (SECRET,), "bob": (SECRET,)})
    return HttpCallbackSender(lambda: callers, allow_loopback=allow_loopback, bounds=bounds or BOUNDS)


def call_back(url: str, *, allow_loopback: bool = False) -> DeliveryResult:
    """Make one attempt of a callback."""
    return sender(allow_loopback=allow_loopback).send("ada", url, "msg_1", int(time.time() * 1000), '{"job_id":"1"}')


Way = Callable[[str, Path], str]
_MEANING = {Code.SOURCE_FORBIDDEN: "forbidden", Code.SOURCE_UNREACHABLE: "unreachable", Code.SOURCE_TIMEOUT: "timeout"}


def fetching(url: str, folder: Path) -> str:
    """What becomes of a URL as an input: arrived, forbidden, unreachable, timeout, or a code."""
    told = download(url, folder)
    return "arrived" if isinstance(told, bytes) else _MEANING.get(told, str(told))


def calling(url: str, folder: Path) -> str:
    """What becomes of a URL as a callback, in the same words."""
    delivery = call_back(url)
    return {FORBIDDEN: "forbidden"}.get(delivery.result, delivery.result) if not delivery.ok else "arrived"


WAYS: list[Way] = [fetching, calling]


def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have both sides trust this authority and no other."""
    client = authority.client()
    for module in (callback_http, runpod):
        monkeypatch.setattr(module, "HttpClient", lambda idle_seconds=0.0, tls=None: HttpClient(idle_seconds, client))
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", client)


@dataclass
class Internet:
    """In which 127.1.0.0/16 is public and all else is not. `port`: of its web servers, with TLS."""

    dns: Dns
    authority: Authority
    port: int
    _stack: ExitStack

    def site(self, address: str, *names: str, tls: ssl.SSLContext | None = None) -> Peer:
        """A server with a certificate for the names. Who is to find it under them asks DNS."""
        return self._stack.enter_context(peer(address, self.port, tls or self.authority.server(*names)))

    def url(self, name: str, path: str = "/") -> str:
        return f"https://{name}:{self.port}{path}"


@cache
def _authority() -> Authority:
    """One for all: keys take longer to make than a test takes."""
    return Authority()


def _public(address: str, *, allow_loopback: bool) -> bool:
    return address.startswith("127.1.")


@contextmanager
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    own = OWN_RESOLVER in os.environ
    # On every address: sites are opened at several, and later.
    with ExitStack() as stack, dns(53 if own else 0) as names, reserved_port("0.0.0.0") as port:
        authority = _authority()
        trust(authority, monkeypatch)
        for module in (resolver, callback_http):
            monkeypatch.setattr(module, "is_allowed", _public)
        monkeypatch.setattr(urls, "_PORTS", {*urls._PORTS, port})
        if not own:
            monkeypatch.setattr(socket, "getaddrinfo", asking(names))
        yield Internet(names, authority, port, stack)
