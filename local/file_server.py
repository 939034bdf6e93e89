"""Serves a few files on loopback, as a client's storage would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web


def build(files: Mapping[str, Path]) -> web.Application:
    """`GET /<name>` gives the file of that name; anything else is a 404. Ranges are answered."""
    app = web.Application()

    async def serve(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["name"])
        return web.FileResponse(path) if path is not None else web.Response(status=404)

    app.router.add_get("/{name}", serve)
    return app
