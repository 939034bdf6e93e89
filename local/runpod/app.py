"""The emulator's HTTP application: job API, worker protocol, management and debug routes on one port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from local.runpod import debug_routes
from local.runpod.emulator import Emulator
from local.runpod.jobs import api, worker_api
from local.runpod.jobs.job import MAX_RUNSYNC_BYTES
from local.runpod.management import routes as management
from local.runpod.replies import EMULATOR


def build(emulator: Emulator) -> web.Application:
    """Build the application: job and worker APIs under `/v2/…`, the management API under `/management/v2/…`."""
    app = web.Application(client_max_size=MAX_RUNSYNC_BYTES + 1_000_000, middlewares=[_refuse_bots])
    app[EMULATOR] = emulator
    app.add_routes([*api.routes(), *worker_api.routes(), *management.routes(), *debug_routes.routes()])
    return app


@web.middleware
async def _refuse_bots(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse urllib's default user agent with 403, as the bot filter in front of RunPod's APIs does."""
    is_bot = request.headers.get("User-Agent", "").startswith("Python-urllib")
    if is_bot and request.path.startswith(("/v2/", "/management/")):
        return web.Response(status=403, text="error code: 1010")
    return await handler(request)
