"""Start and stop the processes of AWS: moto for DynamoDB and SQS, and our own S3."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from local.aws.names import ACCOUNT, CREDENTIALS, QUEUE
from local.logs import Log
from local.servers import bind, url_of
from local.supervisor.processes import read_lines, start_service

_REPOSITORY = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of AWS on this machine."""

    url: str
    """Of DynamoDB and SQS."""
    queue_url: str
    s3_url: str


class AwsProcess:
    """Two servers. Their addresses are known before they start; their data is lost when they stop."""

    def __init__(self, scratch: Path, log: Log) -> None:
        objects = scratch / "s3"
        objects.mkdir()
        self._moto = _Service("local.aws.server", (), scratch, log)
        self._s3 = _Service("local.aws.s3.server", (str(objects),), scratch, log)
        self.addresses = Addresses(self._moto.url, f"{self._moto.url}/{ACCOUNT}/{QUEUE}", self._s3.url)

    async def start(self) -> None:
        """Start both and wait for their resources. Raises RuntimeError if a process exits instead."""
        await asyncio.gather(self._moto.start(), self._s3.start())

    async def stop(self) -> None:
        """Kill both. Safe to call twice, and before `start`."""
        await asyncio.gather(self._moto.stop(), self._s3.stop())


class _Service:
    """A module that serves on a socket that it is given, prints `ready` and exits with its stdin."""

    def __init__(self, module: str, arguments: tuple[str, ...], scratch: Path, log: Log) -> None:
        self._module = module
        self._arguments = arguments
        self._scratch = scratch
        self._log = log
        self._sock: socket.socket = bind()
        self.url = url_of(self._sock)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises RuntimeError if the process exits instead."""
        env = CREDENTIALS | {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(_REPOSITORY),
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
        }
        try:
            self._process, read_fd = await start_service(
                (sys.executable, "-m", self._module, str(self._sock.fileno()), *self._arguments),
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
