"""Start and stop the AWS process."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from local.aws.names import ACCOUNT, QUEUE, REGION
from local.logs import Log
from local.servers import bind, url_of
from local.supervisor.processes import read_lines, start_service

_REPOSITORY = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of AWS on this machine."""

    url: str
    queue_url: str


class AwsProcess:
    """moto's server. It holds everything in memory; its address is known before it starts."""

    def __init__(self, scratch: Path, log: Log) -> None:
        self._scratch = scratch
        self._log = log
        self._sock: socket.socket = bind()
        url = url_of(self._sock)
        self.addresses = Addresses(url, f"{url}/{ACCOUNT}/{QUEUE}")
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait for its resources. Raises RuntimeError if the process exits instead."""
        env = CREDENTIALS | {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(_REPOSITORY),
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
        }
        try:
            self._process, read_fd = await start_service(
                (sys.executable, "-m", "local.aws.server", str(self._sock.fileno())),
                env,
                self._scratch,
                pass_fds=(self._sock.fileno(),),
                stdin=asyncio.subprocess.PIPE,
            )
        finally:
            self._sock.close()
        ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(read_fd, ready))
        waiting = asyncio.create_task(ready.wait())
        done, _ = await asyncio.wait(
            [waiting, self._reading], timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if waiting not in done:
            raise RuntimeError("the local AWS did not start; see its last lines in the log")

    async def stop(self) -> None:
        """Kill it; its data is lost. Safe to call twice, and before `start`."""
        self._sock.close()
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            # Its stdin is a pipe of asyncio's; the transport finishes only after it is closed.
            if self._process.stdin is not None:
                self._process.stdin.close()
            await self._process.wait()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=1.0)

    async def _read(self, read_fd: int, ready: asyncio.Event) -> None:
        async for line in read_lines(read_fd):
            if line == "ready":
                ready.set()
            else:
                self._log.line("aws", line)
