"""The whole product on one machine, as one async context manager.

Started in parallel, for speed: AWS, the emulator and the fork server, whose addresses are known before they run.
Stopped in order: clients are refused, workers end, webhooks drain, functions end, AWS ends, the temporary directory is
deleted. Also stops correctly after a partial start.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from gpu_worker.ffmpeg.locate import find_ffmpeg
from local.apigateway.gateway import Gateway
from local.aws.process import AwsProcess
from local.aws.sqs import Queue
from local.lambdas.functions import ForkedFunctions, MakeFunctions
from local.logs import Log
from local.runpod import app as runpod_app
from local.runpod.emulator import Emulator
from local.runpod.fleet.containers import WorkerSpec
from local.runpod.fleet.scaler import Scaling
from local.runpod.settings import Settings as EmulatorSettings
from local.samples.server import SampleServer
from local.servers import Server, bind
from local.settings import (
    API,
    CALLBACKS,
    ENDPOINT_ID,
    FUNCTIONS,
    HOOKS,
    RUNPOD_KEY,
    SWEEPER,
    Options,
    lambda_environment,
)
from local.triggers import map_queue, sweep_every

_REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class System:
    """The running system: its URLs, its temporary root and the emulator."""

    url: str
    emulator_url: str
    aws_url: str
    s3_url: str
    root: Path
    emulator: Emulator


@contextlib.asynccontextmanager
async def running(options: Options, log: Log, make_functions: MakeFunctions = ForkedFunctions) -> AsyncIterator[System]:
    """Start everything, yield when requests can be served, stop everything.

    Raises PortInUseError or FfmpegUnusableError before anything is started, RuntimeError if a part fails to start.
    """
    ffmpeg = find_ffmpeg(os.environ.get("FFMPEG")).path
    async with contextlib.AsyncExitStack() as cleanup:
        sock, emulator_sock = bind(options.port), bind()
        cleanup.callback(sock.close)
        cleanup.callback(emulator_sock.close)
        root = Path(tempfile.mkdtemp(prefix="api-gpu-"))
        cleanup.callback(shutil.rmtree, root, ignore_errors=True)
        cleanup.push_async_callback(_stop_reaper, await _start_reaper(root))
        aws_scratch, lambda_scratch = _make_folder(root, "aws"), _make_folder(root, "lambda")

        aws = AwsProcess(aws_scratch, log)
        cleanup.push_async_callback(aws.stop)
        emulator = _emulator(options, f"http://127.0.0.1:{emulator_sock.getsockname()[1]}", root, log)
        emulator_server = Server(runpod_app.build(emulator), emulator_sock)
        public_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        env = lambda_environment(options, aws.addresses, public_url, emulator_server.url)
        functions = make_functions(FUNCTIONS, env, lambda_scratch, log)
        cleanup.push_async_callback(functions.stop)
        samples = SampleServer(_make_folder(root, "samples"), ffmpeg)
        gateway = Gateway(functions.of(API.name), functions.of(HOOKS.name), log, samples)
        gateway_server = Server(gateway.app, sock)
        cleanup.push_async_callback(gateway_server.stop)
        cleanup.push_async_callback(emulator_server.stop)
        cleanup.push_async_callback(emulator.stop)

        await emulator_server.start()
        emulator.start()
        await _run_together([aws.start(), functions.start()])
        await gateway_server.start()

        session = await cleanup.enter_async_context(aiohttp.ClientSession(trust_env=False))
        queue = Queue(session, aws.addresses.url, aws.addresses.queue_url)
        triggers = [
            asyncio.create_task(sweep_every(options.sweep_seconds, functions.of(SWEEPER.name))),
            asyncio.create_task(map_queue(queue, functions.of(CALLBACKS.name), log, CALLBACKS.concurrency)),
        ]
        cleanup.push_async_callback(_cancel, triggers)
        cleanup.callback(gateway.close_to_clients)
        yield System(public_url, emulator_server.url, aws.addresses.url, aws.addresses.s3_url, root, emulator)


async def _start_reaper(root: Path) -> asyncio.subprocess.Process:
    """Start the process that cleans up after a SIGKILL of this one."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.supervisor.reaper", str(root)),
        cwd=_REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def _stop_reaper(reaper: asyncio.subprocess.Process) -> None:
    if reaper.stdin is not None:
        reaper.stdin.close()
    await reaper.wait()


def _make_folder(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    return folder


def _emulator(options: Options, base_url: str, root: Path, log: Log) -> Emulator:
    settings = EmulatorSettings(
        endpoint_id=ENDPOINT_ID,
        api_key=RUNPOD_KEY,
        scaling=Scaling(
            workers_min=options.workers_min, workers_max=options.workers, idle_timeout=options.idle_seconds
        ),
        webhook_scale=options.webhook_scale,
    )
    command = options.worker_command
    # `python` means this interpreter, not the first on PATH.
    command = (sys.executable, *command[1:]) if command[0] == "python" else command
    spec = WorkerSpec(command, base_url, ENDPOINT_ID, RUNPOD_KEY, env=options.worker_env)
    return Emulator(settings, spec, root / "workers", log)


async def _run_together(parts: Sequence[Coroutine[None, None, None]]) -> None:
    """Run coroutines in parallel; if one fails, cancel the others and raise its exception."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _cancel(tasks)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
