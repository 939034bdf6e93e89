"""RunPod's management API on loopback: the emulator in its own thread, without workers."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.logs import Log
from local.runpod import app
from local.runpod.emulator import Emulator
from local.runpod.fleet.containers import WorkerSpec
from local.runpod.fleet.scaler import Scaling
from local.runpod.settings import Settings
from local.servers import Server, bind, url_of

KEY = "planted-runpod-key"


@dataclass(frozen=True)
class Management:
    """A running management API. `url` is the value for RUNPOD_MANAGEMENT_URL."""

    url: str
    emulator: Emulator

    def named(self, part: str) -> list[dict[str, Any]]:
        """Return the endpoints whose names contain `part`."""
        return [endpoint for endpoint in self.emulator.endpoints.list_all() if part in endpoint["name"]]

    def faults(self, **faults: Any) -> None:
        """Replace all faults by these."""
        self.emulator.faults.clear()
        self.emulator.faults.set(faults)


@contextmanager
def management(scratch: Path) -> Iterator[Management]:
    sock = bind()
    spec = WorkerSpec((), url_of(sock), "local", KEY)
    emulator = Emulator(Settings(api_key=KEY, scaling=Scaling()), spec, scratch, Log(io.StringIO()))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Server(app.build(emulator), sock)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield Management(f"{server.url}/management", emulator)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
