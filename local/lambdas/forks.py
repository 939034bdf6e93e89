"""The supervisor's end of the fork server, and of one execution environment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from local.lambdas import frames
from local.logs import Log
from local.supervisor.processes import read_lines, start_service

_REPOSITORY = Path(__file__).resolve().parents[2]


class EnvironmentDiedError(Exception):
    """The execution environment ended while it handled an event."""


class Environment:
    """One process that handles one event at a time."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._reader = reader
        self._writer = writer

    async def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one event, return `{"ok", "result" | "error"}`. Raises EnvironmentDiedError."""
        try:
            self._writer.write(frames.encode(request))
            await self._writer.drain()
            header = await self._reader.readexactly(frames.HEADER_BYTES)
            reply: dict[str, Any] = json.loads(await self._reader.readexactly(frames.body_length(header)))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EnvironmentDiedError from error
        return reply

    def close(self) -> None:
        """Close the socket; the process exits then."""
        self._writer.close()

    def kill(self) -> None:
        """Kill the process and all that it started."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            for one in [*process.children(recursive=True), process]:
                with contextlib.suppress(psutil.Error):
                    one.send_signal(signal.SIGKILL)
        self._writer.close()


class ForkServer:
    """Starts environments. Their handlers see only `env`."""

    def __init__(self, modules: Sequence[str], env: Mapping[str, str], scratch: Path, log: Log) -> None:
        self._modules = modules
        self._env = dict(env) | {"PYTHONPATH": str(_REPOSITORY), "PYTHONUNBUFFERED": "1", "TMPDIR": str(scratch)}
        self._scratch = scratch
        self._log = log
        self._lock = asyncio.Lock()
        self._control: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._readers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Return when the handlers are imported. Raises RuntimeError if the server exits instead."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._control = ours
        try:
            self._process, read_fd = await start_service(
                (sys.executable, "-m", "local.lambdas.fork_server", str(theirs.fileno()), *self._modules),
                self._env,
                self._scratch,
                pass_fds=(theirs.fileno(),),
            )
        finally:
            theirs.close()
        self._copy_output("lambda", read_fd)
        await self._receive_reply()

    async def fork(self, function: str, module: str) -> Environment:
        """Fork a new environment for one function. Raises RuntimeError if the fork server is gone."""
        ours, theirs = socket.socketpair()
        read_fd, write_fd = os.pipe()
        try:
            async with self._lock:
                request = json.dumps({"function": function, "module": module}).encode()
                socket.send_fds(self._channel(), [request], [theirs.fileno(), write_fd])
                pid = (await self._receive_reply())["pid"]
        except BaseException:
            ours.close()
            os.close(read_fd)
            raise
        finally:
            theirs.close()
            os.close(write_fd)
        self._copy_output(function, read_fd)
        ours.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=32_000_000)
        return Environment(pid, reader, writer)

    async def stop(self) -> None:
        """Stop the server; environments must be closed before. Safe to call twice."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                async with asyncio.timeout(1.0):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._readers:
            await asyncio.wait(self._readers, timeout=1.0)

    def _channel(self) -> socket.socket:
        if self._control is None:
            raise RuntimeError("the fork server is not running")
        return self._control

    async def _receive_reply(self) -> dict[str, Any]:
        data = await asyncio.get_running_loop().sock_recv(self._channel(), 4096)
        if not data:
            raise RuntimeError("the fork server ended; its last lines are in the log")
        reply: dict[str, Any] = json.loads(data)
        return reply

    def _copy_output(self, source: str, read_fd: int) -> None:
        async def copy() -> None:
            async for line in read_lines(read_fd):
                self._log.line(source, line)

        task = asyncio.create_task(copy())
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)
