"""DNS resolution with a timeout; getaddrinfo alone can block for 30 s, and urllib3's timeouts do not cover it."""

from __future__ import annotations

import socket
import threading
from queue import Empty, SimpleQueue

from contract.addresses import is_allowed

_ADDRESSES = 3
"""Try up to 3 addresses within one connect timeout, in case the first is unreachable."""


class ForbiddenAddressError(Exception):
    """At least one address of the host must not be contacted."""


def resolve_allowed(host: str, port: int, seconds: float, *, allow_loopback: bool) -> list[str]:
    """Return up to 3 addresses to connect to, after all of the host's were classified.

    Raises ForbiddenAddressError, or OSError as `resolve` does.
    """
    addresses = resolve(host, port, seconds)
    if not all(is_allowed(address, allow_loopback=allow_loopback) for address in addresses):
        raise ForbiddenAddressError
    return addresses[:_ADDRESSES]


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return every address of the host, IPv4 first: a host may offer IPv6 where we have none.

    Raises OSError if there is none, TimeoutError if DNS does not answer in time.
    """
    try:
        return _look_up(host, port, socket.AI_NUMERICHOST)
    except OSError:
        pass
    results: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            results.put(_look_up(host, port))
        except OSError as error:
            results.put(error)
        except UnicodeError:
            results.put(OSError("not a host name"))

    # A blocked call cannot be stopped, only abandoned.
    threading.Thread(target=look_up, daemon=True).start()
    try:
        result = results.get(timeout=max(0.0, seconds))
    except Empty:
        raise TimeoutError("no answer from DNS") from None
    if isinstance(result, OSError):
        raise result
    return result


def _look_up(host: str, port: int, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return sorted(dict.fromkeys(str(address[0]) for *_, address in found), key=lambda address: ":" in address)
