"""Host names asked about in bounded time: the system's resolver takes its own, up to half a minute."""

from __future__ import annotations

import socket
import threading
from queue import Empty, SimpleQueue


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Every address of the host, IPv4 first: where IPv6 is offered and does not work, connecting to it takes long.

    Raises OSError if there is none, TimeoutError if nothing was told in time.
    """
    try:
        return _ask(host, port, socket.AI_NUMERICHOST)
    except OSError:
        pass
    told: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            told.put(_ask(host, port))
        except OSError as error:
            told.put(error)
        except UnicodeError:
            told.put(OSError("not a host name"))

    # A call that does not return cannot be stopped, only left behind.
    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = told.get(timeout=seconds)
    except Empty:
        raise TimeoutError("no answer from DNS") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _ask(host: str, port: int, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return sorted(dict.fromkeys(str(address[0]) for *_, address in found), key=lambda address: ":" in address)
