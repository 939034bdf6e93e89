"""An HTTP server for a few files on loopback, like a client's storage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web


def build(files: Mapping[str, Path]) -> web.Application:
    """Serve `GET /<name>` from `files`, also ranges; anything else is a 404."""
    app = web.Application()

    async def serve(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["name"])
        return web.FileResponse(path) if path is not None else web.Response(status=404)

    app.router.add_get("/{name}", serve)
    return app
