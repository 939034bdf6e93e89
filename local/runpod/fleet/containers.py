"""Worker processes, which RunPod would run as containers, each with its own scratch directory."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.logs import Log
from local.supervisor.processes import Trace, kill_all, read_lines, remove_tree, start_service

_REPOSITORY = Path(__file__).resolve().parents[3]
_INHERITED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "FFMPEG",
    "WHISPER_MODEL",
)


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """The start of a worker: its command, the emulator it talks to, and additional settings."""

    command: Sequence[str]
    base_url: str
    endpoint_id: str
    api_key: str
    ping_ms: int = 10_000
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self, worker_id: str, scratch: Path) -> dict[str, str]:
        """Return the variables of a container on RunPod (SDK 1.12.0) and nothing else, above all no proxy."""
        base = f"{self.base_url}/v2/{self.endpoint_id}"
        gpu = "gpu=Local+CPU"
        passed = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return passed | {
            "PYTHONPATH": str(_REPOSITORY),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "WORK_DIR": str(scratch),
            "ALLOW_LOOPBACK_URLS": "true",
            "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?{gpu}",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?{gpu}",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{base}/job-stream/$RUNPOD_POD_ID/$ID?{gpu}",
            "RUNPOD_WEBHOOK_PING": f"{base}/ping/$RUNPOD_POD_ID?{gpu}",
            "RUNPOD_AI_API_KEY": self.api_key,
            "RUNPOD_POD_ID": worker_id,
            "RUNPOD_ENDPOINT_ID": self.endpoint_id,
            "RUNPOD_PING_INTERVAL": str(self.ping_ms),
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
            "RUNPOD_LOG_LEVEL": "INFO",
            **self.env,
        }


class Container:
    """One worker process, from its start until it and its children are gone."""

    def __init__(self, worker_id: str, process: asyncio.subprocess.Process, scratch: Path, log: Log) -> None:
        self.id = worker_id
        self.pid = process.pid
        self.scratch = scratch
        self.started_at = time.time()
        self.ready = False
        self.stopping = False
        self.idle_since: float | None = None
        self.job_id: str | None = None
        self._process = process
        self._log = log
        self._gone = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls, worker_id: str, spec: WorkerSpec, scratch: Path, log: Log, on_exit: Callable[[Container], Awaitable[None]]
    ) -> Container:
        """Start the process. `on_exit` is awaited as soon as it has ended, before its leftovers are removed."""
        os.makedirs(scratch)  # noqa: PTH103 - one system call, not worth a thread
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")), str(os.getpid())]
        try:
            process, read_fd = await start_service(
                [*launcher, *spec.command], spec.environment(worker_id, scratch), scratch
            )
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        container = cls(worker_id, process, scratch, log)
        reading = asyncio.create_task(container._copy_output(read_fd))
        container._tasks = [reading, asyncio.create_task(container._watch(on_exit, reading))]
        return container

    def kill_main(self) -> None:
        """Kill the worker alone with SIGKILL, as the kernel does when memory runs out; `on_exit` follows."""
        self._signal(signal.SIGKILL)

    async def stop(self, grace: float) -> None:
        """Send SIGTERM, after `grace` seconds SIGKILL, and wait until it is gone. 0 kills at once."""
        self.stopping = True
        if grace > 0:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(grace):
                    await self._process.wait()
            except TimeoutError:
                self._log.event(self.id, "did not stop in time, killed", "WARNING")
        if self._process.returncode is None:
            # Find its children while the parent still identifies them.
            await asyncio.to_thread(kill_all, self._trace())
        await self._gone.wait()

    @property
    def is_gone(self) -> bool:
        return self._gone.is_set()

    async def gone(self) -> None:
        """Return when the process, its descendants and its scratch directory are gone."""
        await self._gone.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    def _trace(self) -> Trace:
        # The scratch path is unique on this machine; worker ids are not, if two systems run in parallel.
        return Trace(self.pid, self.scratch, ("WORK_DIR", str(self.scratch)))

    async def _copy_output(self, read_fd: int) -> None:
        async for line in read_lines(read_fd):
            self._log.line(self.id, line)

    async def _watch(self, on_exit: Callable[[Container], Awaitable[None]], reading: asyncio.Task[None]) -> None:
        code = await self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        self._log.event(self.id, f"ended ({how})", "INFO" if self.stopping else "WARNING")
        try:
            await on_exit(self)
        finally:
            await asyncio.to_thread(kill_all, self._trace())
            await asyncio.wait([reading], timeout=1.0)
            await remove_tree(self.scratch)
            self._gone.set()
