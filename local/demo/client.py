"""The HTTP API as a client uses it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from contract.operations import OPERATIONS

Job = dict[str, Any]


class Client:
    """One key at one gateway. Raises RuntimeError with the response's text for any 4xx or 5xx."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._url = url
        self._headers = {"X-API-Key": key}

    async def submit(self, operation: str, body: Mapping[str, Any]) -> Job:
        """Submit a job. `operation` is the `kind` of its model."""
        return await self._json("POST", OPERATIONS[operation].path, body)

    async def job(self, job_id: str) -> Job:
        return await self._json("GET", f"/job/{job_id}", None)

    async def download(self, url: str, path: Path) -> None:
        """Download to `path`, which appears only when it is complete."""
        part = path.with_suffix(".part")
        async with self._session.get(url) as response:
            if response.status != 200:
                raise RuntimeError(f"the URL of {path.name} returned {response.status}")
            with part.open("wb") as file:
                async for chunk in response.content.iter_chunked(1 << 20):
                    file.write(chunk)
        part.replace(path)

    async def _json(self, method: str, path: str, body: Mapping[str, Any] | None) -> Job:
        async with self._session.request(method, self._url + path, json=body, headers=self._headers) as response:
            if response.status >= 400:
                raise RuntimeError(f"{method} {path} returned {response.status}: {(await response.text())[:300]}")
            document: Job = await response.json()
            return document
