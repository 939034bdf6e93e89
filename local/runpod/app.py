"""The emulator's HTTP application: job API, worker protocol, management, knobs, on one port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from local.runpod import api, debug_routes, management, worker_api
from local.runpod.emulator import Emulator
from local.runpod.jobs import MAX_RUNSYNC_BYTES
from local.runpod.replies import EMULATOR


def build(emulator: Emulator) -> web.Application:
    """`/v2/…` is the job API and the worker side; the management API has the same prefix, hence `/management/v2/…`."""
    app = web.Application(client_max_size=MAX_RUNSYNC_BYTES + 1_000_000, middlewares=[_front_door])
    app[EMULATOR] = emulator
    app.add_routes([*api.routes(), *worker_api.routes(), *management.routes(), *debug_routes.routes()])
    return app


@web.middleware
async def _front_door(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turns away the name that Python's urllib has for itself, as the filter of robots before RunPod's APIs does."""
    known_robot = request.headers.get("User-Agent", "").startswith("Python-urllib")
    if known_robot and request.path.startswith(("/v2/", "/management/")):
        return web.Response(status=403, text="error code: 1010")
    return await handler(request)
