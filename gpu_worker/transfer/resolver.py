"""Connections to public addresses only: names are resolved here, and what was checked is what is connected to."""

from __future__ import annotations

import asyncio
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from contract.addresses import is_allowed

_MOST_ADDRESSES = 64


class ForbiddenAddress(Exception):
    """The name leads to an address that must not be contacted.

    Not an OSError on purpose: aiohttp and our retries treat those as passing troubles of the network.
    """


class GuardedResolver(AbstractResolver):
    """Resolves a name once and refuses it if any of its addresses is not allowed.

    aiohttp connects to the returned numbers and does not resolve again, so a name that changes its
    answer between check and connection (DNS rebinding) gains nothing.
    """

    def __init__(self, *, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=found_family,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found_family, _, proto, _, address in infos
        ]
        if not all(is_allowed(result["host"], allow_loopback=self._allow_loopback) for result in results):
            raise ForbiddenAddress
        return results[:_MOST_ADDRESSES]

    async def close(self) -> None:
        """Nothing to close: the system's resolver holds no state here."""
