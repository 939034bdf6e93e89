"""A running emulator, a client for it, and waiting for conditions."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiohttp import web

from local.logs import Log
from local.runpod import app
from local.runpod.emulator import Emulator
from local.runpod.fleet.containers import WorkerSpec
from local.runpod.fleet.scaler import Scaling
from local.runpod.settings import Settings
from local.servers import Server, bind, url_of

KEY = "local-runpod-key"
BEARER = {"Authorization": f"Bearer {KEY}"}
RAW = {"Authorization": KEY}
STUB_WORKER = (sys.executable, str(Path(__file__).with_name("stub_worker.py")))


class EmulatorClient:
    """An emulator on loopback with a client session."""

    def __init__(self, emulator: Emulator, url: str, session: aiohttp.ClientSession, log: io.StringIO) -> None:
        self.emulator = emulator
        self.url = url
        self.session = session
        self.log = log

    async def call(self, method: str, path: str, body: Any = None, headers: Any = BEARER, **more: Any) -> Any:
        """Return the status and the JSON body (None if empty)."""
        async with self.session.request(method, self.url + path, json=body, headers=headers, **more) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if text else None)

    async def run(self, **body: Any) -> str:
        status, answer = await self.call("POST", "/v2/local/run", body)
        assert status == 200, answer
        return answer["id"]

    async def status(self, job_id: str) -> Any:
        return (await self.call("GET", f"/v2/local/status/{job_id}"))[1]

    async def take(self, worker: str = "hand") -> Any:
        return (await self.call("GET", f"/v2/local/job-take/{worker}?gpu=x&job_in_progress=0", headers=RAW))[1]

    async def done(self, job_id: str, body: Any, worker: str = "hand") -> int:
        path = f"/v2/local/job-done/{worker}/{job_id}?gpu=x&isStream=false"
        return (await self.call("POST", path, body, headers=RAW))[0]

    async def until(self, job_id: str, status: str, seconds: float = 20.0) -> Any:
        async def reached() -> Any:
            shown = await self.status(job_id)
            return shown if shown.get("status") == status else None

        return await eventually(reached, seconds)


@contextlib.asynccontextmanager
async def running_emulator(
    tmp_path: Path,
    *,
    workers: int = 0,
    idle: float = 30.0,
    command: tuple[str, ...] = STUB_WORKER,
    env: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[EmulatorClient]:
    """Run an emulator. `workers=0`: tests act as the worker. Otherwise stub workers, or `command`, on the real SDK."""
    sock = bind()
    spec = WorkerSpec(command, url_of(sock), "local", KEY, ping_ms=1000, env=env or {})
    text = io.StringIO()
    scaling = Scaling(workers_max=workers, idle_timeout=idle)
    settings = {"take_hold": 1.0, "webhook_scale": 0.02} | settings
    emulator = Emulator(Settings(scaling=scaling, **settings), spec, tmp_path / "workers", Log(text))
    server = Server(app.build(emulator), sock)
    await server.start()
    emulator.start()
    try:
        async with aiohttp.ClientSession(trust_env=False) as session:
            yield EmulatorClient(emulator, server.url, session, text)
    finally:
        await emulator.stop()
        await server.stop()


class Receiver:
    """A webhook receiver with scripted answers that keeps the bodies."""

    def __init__(self, *answers: int) -> None:
        self.bodies: list[Any] = []
        self.times: list[float] = []
        self._answers = list(answers)
        self.app = web.Application()
        self.app.router.add_post("/hook", self._receive)

    async def _receive(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.times.append(time.monotonic())
        return web.Response(status=self._answers.pop(0) if self._answers else 200)


@contextlib.asynccontextmanager
async def serve_receiver(*answers: int) -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver(*answers)
    server = Server(receiver.app, bind())
    await server.start()
    try:
        yield receiver, f"{server.url}/hook"
    finally:
        await server.stop()


async def eventually(check: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Return the first true result of `check` (sync or async)."""
    until = time.monotonic() + seconds
    while True:
        answer = check()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < until, "did not become true in time"
        await asyncio.sleep(0.05)


def has_exited(process: psutil.Process) -> bool:
    """Return True once the process has ended, also as a zombie."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def find_processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that work in a directory or name it in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            inside = Path(process.cwd()).is_relative_to(folder)
            if inside or any(str(folder) in value for value in process.environ().values()):
                found.append(process)
    return found
