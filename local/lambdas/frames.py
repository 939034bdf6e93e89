"""Length-prefixed JSON on a stream socket: four bytes, big endian, then UTF-8."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_HEADER = struct.Struct(">I")


def encode(document: Any) -> bytes:
    body = json.dumps(document).encode()
    return _HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    return int(_HEADER.unpack(header)[0])


HEADER_BYTES = _HEADER.size


def read(sock: socket.socket) -> Any:
    """Read the next document, None once the peer has closed the connection. Blocking."""
    header = _read_exactly(sock, HEADER_BYTES)
    body = None if header is None else _read_exactly(sock, body_length(header))
    return None if body is None else json.loads(body)


def _read_exactly(sock: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = sock.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
