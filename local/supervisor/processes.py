"""Child processes: read their output, and kill them with everything they started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_MAX_LINE = 65_536


@dataclass(frozen=True, slots=True)
class Trace:
    """Identifies the descendants of a process, even after it is dead and they belong to init.

    A multiprocessing child stays in the session; ffmpeg runs in a session of its own but inside the
    scratch directory; other descendants inherit the mark in their environment.
    """

    pid: int
    scratch: Path
    mark: tuple[str, str]

    def matches(self, process: psutil.Process) -> bool:
        try:
            if os.getsid(process.pid) == self.pid:
                return True
            if Path(process.cwd()).is_relative_to(self.scratch):
                return True
            return process.environ().get(self.mark[0]) == self.mark[1]
        except (psutil.Error, OSError):
            return False

    def find(self) -> list[psutil.Process]:
        own = os.getpid()
        found = {p.pid: p for p in psutil.process_iter() if p.pid != own and self.matches(p)}
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.pid)
            if found.get(self.pid) is not None:
                found |= {p.pid: p for p in root.children(recursive=True)}
        return [p for p in found.values() if _alive(p)]


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def kill_all(trace: Trace) -> int:
    """Kill everything that the trace matches until nothing is left; return the number of processes."""
    killed: set[int] = set()
    for _ in range(10):
        # A process may fork between the listing and the kill, so list again.
        found = trace.find()
        if not found:
            break
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
            killed.add(process.pid)
        # Not psutil.wait_procs: it would reap children that asyncio waits for.
        until = time.monotonic() + 1.0
        while any(_alive(process) for process in found) and time.monotonic() < until:
            time.sleep(0.01)
    return len(killed)


async def remove_tree(folder: Path) -> None:
    """Delete a directory tree; a file that vanishes meanwhile is no error."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def read_lines(read_fd: int) -> AsyncIterator[str]:
    """Yield lines from a pipe until every writer has closed it. Closes the descriptor. Lines are cut at 64 KiB."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    pipe = os.fdopen(read_fd, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    rest = b""
    try:
        while data := await reader.read(65_536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line[:_MAX_LINE].decode("utf-8", "replace")
            rest = rest[:_MAX_LINE]
        if rest:
            yield rest.decode("utf-8", "replace")
    finally:
        transport.close()


async def start_service(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    *,
    pass_fds: Sequence[int] = (),
    stdin: int = asyncio.subprocess.DEVNULL,
) -> tuple[asyncio.subprocess.Process, int]:
    """Start a program in its own session; return it and the descriptor of its combined output.

    The descriptor outlives the process as long as anything it started holds the other end. Raises OSError.
    """
    read_fd, write_fd = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=env,
            pass_fds=pass_fds,
            stdin=stdin,
            stdout=write_fd,
            stderr=write_fd,
            start_new_session=True,
        )
    except BaseException:
        os.close(read_fd)
        raise
    finally:
        os.close(write_fd)
    return process, read_fd


async def run_to_end(argv: Sequence[str]) -> tuple[int, str]:
    """Run a short program; return its exit code and its stderr. Cancelling kills it."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, errors.decode("utf-8", "replace").strip()
