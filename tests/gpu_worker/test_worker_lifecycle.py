"""Run the real worker process under RunPod's SDK, with real signals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.local.support import EmulatorClient, eventually, find_processes_in, running_emulator
from tests.support.fake_network import FakeNetwork, serving
from tests.support.media.factory import MediaFactory
from tests.support.processes import processes_below

WORKER = (sys.executable, "-u", "-m", "gpu_worker")


SHORT = {"kind": "img2vid", "url_image": "photo.jpg", "duration": 0.5, "size": "160x90"}


LONG = SHORT | {"duration": 60.0, "size": "1280x720"}


@pytest.fixture
def network(media: MediaFactory) -> FakeNetwork:
    return FakeNetwork(files={"photo.jpg": media.make_circle("photo.jpg", (400, 300), 60)})


@contextlib.asynccontextmanager
async def start_worker(media: MediaFactory, tmp_path: Path) -> AsyncIterator[tuple[EmulatorClient, Path]]:
    """Start a real worker at the emulated RunPod; yield the emulator and the worker's directory."""
    work = tmp_path / "work"
    work.mkdir()
    env = {"FFMPEG": media.ffmpeg, "WORK_DIR": str(work)}
    async with running_emulator(tmp_path, workers=1, command=WORKER, env=env) as emulator:
        yield emulator, work


@pytest.mark.fault("I1", "I2", "I8", "I10", "I11")
def test_worker_survives_a_refused_result_and_dies_with_its_jobs(
    media: MediaFactory, network: FakeNetwork, tmp_path: Path
) -> None:
    """Run two jobs, RunPod refusing the result of the first; then SIGTERM and SIGKILL during a third."""
    callers: list[set[Any]] = [set()]

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        callers[-1].add(request.transport.get_extra_info("peername"))
        return await network.answer(request)

    async def scenario() -> None:
        async with serving(answer) as network.base, start_worker(media, tmp_path) as (emulator, work):
            await emulator.call("POST", "/_faults", {"job_done": {"mode": "400", "times": 1}})
            await emulator.run(input=network.job(SHORT)["input"])
            await eventually(lambda: "manifest.json" in network.stored, 40.0)
            await eventually(lambda: not list(work.iterdir()))
            first = dict(network.stored)
            network.stored.clear()
            callers.append(set())
            second = await emulator.run(input=network.job(SHORT)["input"])
            shown = await emulator.until(second, "COMPLETED", 40.0)
            assert shown["output"] == {"job_id": "job1", "attempt": 1}
            assert network.stored["output.mp4"] == first["output.mp4"]
            # A worker restored from a snapshot must not use sockets from before.
            assert callers[0].isdisjoint(callers[1])
            assert list(work.iterdir()) == []
            network.stored.clear()
            await emulator.run(input=network.job(LONG)["input"])
            await eventually(lambda: processes_below(work), 40.0)
            [container] = emulator.emulator.fleet.containers.values()
            # The SDK finishes the job after SIGTERM; RunPod sends SIGKILL before that.
            os.kill(container.pid, signal.SIGTERM)
            await asyncio.sleep(0.5)
            assert processes_below(work)
            container.kill_main()
            await eventually(lambda: not processes_below(work), 5.0)
            await asyncio.wait_for(container.gone(), 10)
            assert find_processes_in(container.scratch) == []
            assert not container.scratch.exists()
            assert network.stored == {}

    asyncio.run(scenario())
