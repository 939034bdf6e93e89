"""Sample inputs: used by the demo, and served at `/samples/…` so that a pasted first request works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from contract.operations import Role
from contract.options.inputs import CAPTIONS, CLIP, LOGO, MUSIC, NARRATION, PHOTO, SECOND_CLIP, SECOND_PHOTO
from local.samples.image import Light, draw_landscape, draw_logo
from local.samples.media import SUBTITLES, make_clip, make_voice
from local.samples.music import make_music

PATH = "/samples"
THIRD_PHOTO = "https://media.example.com/third.jpg"


class Sample(NamedTuple):
    """A file that `make` writes, given the ffmpeg to use and the path."""

    name: str
    make: Callable[[str, Path], Coroutine[Any, Any, object]]


def _drawn(name: str, light: Light) -> Sample:
    return Sample(name, lambda _ffmpeg, path: asyncio.to_thread(draw_landscape, path, light=light))


SAMPLES = {
    PHOTO: _drawn("photo.jpg", Light.DAWN),
    SECOND_PHOTO: _drawn("second.jpg", Light.NOON),
    THIRD_PHOTO: _drawn("third.jpg", Light.DUSK),
    LOGO: Sample("logo.png", lambda _ffmpeg, path: asyncio.to_thread(draw_logo, path)),
    NARRATION: Sample("voice.wav", lambda _ffmpeg, path: asyncio.to_thread(make_voice, path)),
    MUSIC: Sample("music.wav", lambda _ffmpeg, path: asyncio.to_thread(make_music, path)),
    CAPTIONS: Sample("voice.srt", lambda _ffmpeg, path: asyncio.to_thread(path.write_text, SUBTITLES, "utf-8")),
    CLIP: Sample("clip.mp4", make_clip),
}
"""Samples by the URLs that the operations' examples have in their place."""

BY_ROLE = {Role.IMAGE: PHOTO, Role.AUDIO: NARRATION, Role.SUBTITLES: CAPTIONS, Role.VIDEO: CLIP}
"""The samples that a user's own files replace."""

EXAMPLES = {**{url: url for url in SAMPLES}, SECOND_CLIP: CLIP}
"""Samples by all URLs of the examples."""
NAMES = tuple(sample.name for sample in SAMPLES.values())


class SampleServer:
    """Serves the samples. Each is made at its first request and kept in `folder`."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self._folder = folder
        self._ffmpeg = ffmpeg
        self._lock = asyncio.Lock()
        self._samples = {sample.name: sample for sample in SAMPLES.values()}

    def add_to(self, app: web.Application) -> None:
        """Add the route. It supports ranges; any other name is a 404."""
        app.router.add_get(f"{PATH}/{{name}}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        sample = self._samples.get(request.match_info["name"])
        if sample is None:
            return web.Response(status=404, text=f"Samples: {', '.join(NAMES)}\n")
        path = self._folder / sample.name
        async with self._lock:
            if not path.exists():
                await sample.make(self._ffmpeg, path)
        return web.FileResponse(path)
