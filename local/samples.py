"""Sample inputs at `/samples/…`, so that a first request works as pasted. Each file is made at its first request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from local.media import SUBTITLES, make_clip, make_voice
from local.sample_image import draw_landscape

PATH = "/samples"
NAMES = ("photo.jpg", "voice.wav", "voice.srt", "clip.mp4")


class Samples:
    """A picture, a narration with its subtitles, and a clip with sound."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self._folder = folder
        self._making = asyncio.Lock()
        self._makers: dict[str, Callable[[Path], Awaitable[object]]] = {
            "photo.jpg": lambda path: asyncio.to_thread(draw_landscape, path),
            "voice.wav": lambda path: asyncio.to_thread(make_voice, path),
            "voice.srt": lambda path: asyncio.to_thread(path.write_text, SUBTITLES, "utf-8"),
            "clip.mp4": lambda path: make_clip(ffmpeg, path),
        }

    def add_to(self, app: web.Application) -> None:
        """Serve them. Ranges are answered; another name is a 404."""
        app.router.add_get(f"{PATH}/{{name}}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in self._makers:
            return web.Response(status=404, text=f"Samples: {', '.join(NAMES)}\n")
        path = self._folder / name
        async with self._making:
            if not path.exists():
                await self._makers[name](path)
        return web.FileResponse(path)
