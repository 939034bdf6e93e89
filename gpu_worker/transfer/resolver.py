"""Connect to allowed addresses only: names are resolved here, and the checked address is the one connected to.

No library does this for aiohttp: those that filter addresses check before the client resolves the name again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

_MAX_ADDRESSES = 64


class ForbiddenAddressError(Exception):
    """The name resolves to an address that must not be contacted.

    Deliberately not an OSError: aiohttp and our retries treat those as temporary network errors.
    """


class GuardedResolver(AbstractResolver):
    """Resolves a name once and refuses it if any of its addresses is not allowed.

    aiohttp connects to the returned addresses and does not resolve again, so a name that changes its
    addresses between check and connection (DNS rebinding) gains nothing.
    """

    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`. Raises OSError, or ForbiddenAddressError if one of them is not allowed."""
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
        if not all(self._is_allowed(result["host"]) for result in results):
            raise ForbiddenAddressError
        return results[:_MAX_ADDRESSES]

    async def close(self) -> None:
        """Do nothing: the system's resolver holds no state here."""
