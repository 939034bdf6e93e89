"""Ports for servers that cannot be given a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port(address: str = "127.0.0.1") -> Iterator[int]:
    """Reserve a port of the address (`0.0.0.0`: of all) while the block runs.

    A server that sets SO_REUSEADDR, as nearly all do, may listen on it; until then connections are refused.
    """
    with socket.socket() as held:
        # A port that is only looked up may be taken before its server starts. Two sockets with this option share one as
        # long as only one of them listens.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((address, 0))
        yield held.getsockname()[1]
