"""One loopback server that plays the sources of inputs, the bucket and the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from contract.artifacts import Artifact
from contract.messages import ArtifactSlot, ManifestSlot, ResultManifest, WorkerJob
from contract.operations import OperationUnion

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def serving(route: Route) -> AsyncIterator[str]:
    """Serve every path with `route` on a free loopback port; yields the base URL."""
    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_route("*", "/{path:.*}", route)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class FakeNetwork:
    """`files` are sources by name; `stored` is the bucket. `scripted` has statuses by key, one for each next upload."""

    base: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    reports: list[dict[str, Any]] = field(default_factory=list)
    report_times: list[float] = field(default_factory=list)
    scripted: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    reply: dict[str, Any] = field(default_factory=lambda: {"stop": False})
    report_delay: float = 0.0
    puts: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[FakeNetwork]:
        async with serving(self.answer) as base:
            self.base = base
            yield self

    async def answer(self, request: web.Request) -> web.StreamResponse:
        kind, _, key = request.path.lstrip("/").partition("/")
        if kind == "media":
            return web.FileResponse(self.files[key]) if key in self.files else web.Response(status=404)
        if kind == "progress":
            return await self._report(request)
        if request.method == "GET":
            return web.Response(body=self.stored[key]) if key in self.stored else web.Response(status=404)
        return await self._put(request, key)

    async def _put(self, request: web.Request, key: str) -> web.Response:
        self.puts.append(key)
        body = await request.read()
        if self.scripted[key]:
            return web.Response(status=self.scripted[key].pop(0))
        if key in self.stored and request.headers.get("If-None-Match") == "*":
            return web.Response(status=412)
        self.stored[key], self.headers[key] = body, dict(request.headers)
        return web.Response()

    async def _report(self, request: web.Request) -> web.Response:
        self.report_times.append(time.monotonic())
        self.reports.append(await request.json())
        await asyncio.sleep(self.report_delay)
        return web.json_response(self.reply)

    def job(self, operation: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
        """Build the RunPod job for an operation whose inputs are names of `files`."""
        requested = TypeAdapter(OperationUnion).validate_python(self._with_urls(operation))
        message = WorkerJob(
            job_id="job1",
            attempt=1,
            operation=requested,
            artifacts=tuple(self._slot(artifact) for artifact in requested.artifacts()),
            manifest=ManifestSlot(put_url=f"{self.base}/s3/manifest.json?X-Sig=c"),
            progress_url=f"{self.base}/progress/job1/token",
            deadline=time.time() + 300,
        )
        return {"id": "runpod-1", "input": message.model_dump(mode="json") | changes}

    def _with_urls(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._with_urls(entry, key) for key, entry in value.items()}
        if isinstance(value, list):
            return [self._with_urls(entry) for entry in value]
        return f"{self.base}/media/{value}?sig=s3cret" if name.startswith("url_") else value

    def _slot(self, artifact: Artifact) -> ArtifactSlot:
        put_url, get_url = (f"{self.base}/s3/{artifact.name}?{query}" for query in ("X-Sig=a%2Fb", "X-Get=1"))
        return ArtifactSlot(name=artifact.name, content_type=artifact.content_type, put_url=put_url, get_url=get_url)

    def manifest(self) -> ResultManifest:
        return ResultManifest.model_validate_json(self.stored["manifest.json"])
