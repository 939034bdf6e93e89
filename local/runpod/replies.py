"""Shared by the emulator's routes: JSON responses, the key check, and an aborted connection."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from aiohttp import web

from local.runpod.emulator import Emulator

EMULATOR: web.AppKey[Emulator] = web.AppKey("emulator", Emulator)


def reply(status: int, body: Any) -> web.Response:
    return web.json_response(body, status=status)


def error(status: int, message: str) -> web.Response:
    return reply(status, {"error": message})


def refusal(request: web.Request, expected: str) -> web.Response | None:
    """Return 401 for a wrong `Authorization`, 404 for an endpoint that is not ours, None otherwise."""
    emulator = request.app[EMULATOR]
    if request.headers.get("Authorization") != expected:
        return error(401, "unauthorized")
    if request.match_info.get("ep") != emulator.settings.endpoint_id:
        return error(404, "endpoint not found")
    return None


async def json_body(request: web.Request) -> Any:
    """Read the body as JSON despite its Content-Type: the SDK posts results as a form. Raises ValueError."""
    return json.loads(await request.read())


def reset(request: web.Request) -> web.Response:
    """Break the connection with a TCP reset, so that the client never learns the outcome of its request."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        # Linger on with zero seconds turns the close into an RST (socket(7)).
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
