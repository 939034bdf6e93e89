"""The two clients for untrusted URLs, downloads and callbacks, in an internet made of loopback addresses."""

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
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from contract.errors import Code, Failure
from contract.limits import Limits
from contract.operations import Input, Role
from contract.retry import Backoff
from contract.urls import check_target
from gpu_worker.errors import JobFailed
from gpu_worker.transfer.download import Downloader
from gpu_worker.transfer.session import DownloadPolicy, open_session
from lambda_api.adapters import callback_http, runpod
from lambda_api.adapters import dns as gateway_dns
from lambda_api.adapters.callback_http import BOUNDS, FORBIDDEN, HttpCallbackSender
from lambda_api.adapters.http_client import Bounds, HttpClient
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.ports import DeliveryResult
from tests.support.dns import Dns, dns, make_getaddrinfo
from tests.support.ports import reserved_port
from tests.support.scripted_server import Peer, peer
from tests.support.tls import Authority

SECRET = "whsec_" + base64.b64encode(b"a-secret-of-32-bytes-or-so-okay!").decode()
SYSTEM_RESOLVER = "SYSTEM_RESOLVER"
"""The environment variable that is set if the system's resolver queries port 53 of 127.0.0.1 itself."""


ONCE = Backoff(attempts=1, base=0.0)
PUBLIC_ONLY = DownloadPolicy(backoff=ONCE)
LOOPBACK = DownloadPolicy(allow_loopback=True, backoff=ONCE)


def download(
    url: str, folder: Path, role: Role = Role.VIDEO, limits: Limits | None = None, policy: DownloadPolicy = PUBLIC_ONLY
) -> bytes | Code:
    """Download an input. Returns its bytes, or the failure's code."""
    result = download_or_failure(url, folder, role, limits, policy)
    return result if isinstance(result, bytes) else result.code


def download_or_failure(
    url: str, folder: Path, role: Role = Role.VIDEO, limits: Limits | None = None, policy: DownloadPolicy = PUBLIC_ONLY
) -> bytes | Failure:
    """Download an input. Returns its bytes, or the failure."""

    async def run() -> bytes | Failure:
        async with open_session(policy) as session:
            downloader = Downloader(session, limits or Limits(), policy)
            try:
                await downloader.download(Input("url_video", role, url), folder / "in")
            except JobFailed as error:
                return error.failure
            return (folder / "in").read_bytes()

    return asyncio.run(run())


def find_reason(url: str, folder: Path, **more: Any) -> str:
    """Return why a download failed: the code, and the reason if it is known."""
    result = download_or_failure(url, folder, **more)
    assert isinstance(result, Failure)
    assert result == Failure.of(result.code, **result.params)
    return f"{result.code} {result.params.get('reason') or result.params.get('http_status', '')}".strip()


def sender(*, allow_loopback: bool = False, bounds: Bounds = BOUNDS) -> HttpCallbackSender:
    callers = ApiCredentials(callback_secrets={"ada": (SECRET,), "bob": (SECRET,)})
    return HttpCallbackSender(lambda: callers, allow_loopback=allow_loopback, bounds=bounds)


def call_back(url: str, *, allow_loopback: bool = False, bounds: Bounds = BOUNDS) -> DeliveryResult:
    """Make one attempt of a callback."""
    return sender(allow_loopback=allow_loopback, bounds=bounds).send(
        "ada", url, "msg_1", int(time.time() * 1000), '{"job_id":"1"}'
    )


_OUTCOMES = {Code.SOURCE_FORBIDDEN: "forbidden", Code.SOURCE_UNREACHABLE: "unreachable", Code.SOURCE_TIMEOUT: "timeout"}


def try_download(net: Internet, url: str, folder: Path) -> str:
    """Request a URL as an input. Returns arrived, forbidden, unreachable, timeout, or a code."""
    result = download(url, folder, policy=net.policy)
    return "arrived" if isinstance(result, bytes) else _OUTCOMES.get(result, str(result))


def try_callback(net: Internet, url: str, folder: Path) -> str:
    """Request a URL as a callback. Returns the same words."""
    delivery = call_back(url, bounds=net.callback_bounds)
    return {FORBIDDEN: "forbidden"}.get(delivery.result, delivery.result) if not delivery.ok else "arrived"


Client = Callable[["Internet", str, Path], str]
CLIENTS: list[Client] = [try_download, try_callback]


def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the gateway's clients trust this authority and no other."""
    client = authority.client()
    for module in (callback_http, runpod):
        monkeypatch.setattr(module, "HttpClient", lambda idle_seconds=0.0, tls=None: HttpClient(idle_seconds, client))


@dataclass
class Internet:
    """Its public addresses are 127.1.0.0/16. `port`: the HTTPS port of its web servers."""

    dns: Dns
    authority: Authority
    port: int
    policy: DownloadPolicy
    _stack: ExitStack
    callback_bounds: Bounds = BOUNDS

    def site(self, address: str, *names: str, tls: ssl.SSLContext | None = None) -> Peer:
        """Start a server with a certificate for the names. Add them to `dns` to make it reachable by name."""
        return self._stack.enter_context(peer(address, self.port, tls or self.authority.server(*names)))

    def url(self, name: str, path: str = "/") -> str:
        return f"https://{name}:{self.port}{path}"


@cache
def _authority() -> Authority:
    """Return one authority for all tests: making keys takes longer than a test."""
    return Authority()


def _is_public(address: str, *, allow_loopback: bool) -> bool:
    return address.startswith("127.1.")


@contextmanager
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Direct names and both clients to loopback servers while the block runs."""
    uses_system_resolver = SYSTEM_RESOLVER in os.environ
    # Reserve the port on every address: tests open sites on several, later.
    with ExitStack() as stack, dns(53 if uses_system_resolver else 0) as names, reserved_port("0.0.0.0") as port:
        authority = _authority()
        trust(authority, monkeypatch)
        policy = DownloadPolicy(
            ports=frozenset({port}), is_address_allowed=_is_public, tls=authority.client(), backoff=ONCE
        )
        monkeypatch.setattr(gateway_dns, "is_allowed", _is_public)
        monkeypatch.setattr(callback_http, "check_target", partial(check_target, ports=policy.ports))
        if not uses_system_resolver:
            monkeypatch.setattr(socket, "getaddrinfo", make_getaddrinfo(names))
        yield Internet(names, authority, port, policy, stack)
