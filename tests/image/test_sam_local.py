"""Run the API with `sam local start-api`: the real routing, package and Lambda runtime, in a container.

The container has no way out. It calls the emulators of AWS and RunPod on this machine, through a relay that runs in its
network namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from contract.documentation.describe import describe
from contract.operations import OPERATIONS
from local.aws.process import Addresses
from local.demo.client import Client
from local.logs import Log
from local.servers import bind
from local.settings import API_KEY, Options, lambda_environment
from local.system import System, running
from tests.image import relay
from tests.support.system import eventually

ROOT = Path(__file__).resolve().parents[2]
SECRET = "the-hook-secret-of-sam-local-tests"
_BODIES = {kind: describe(model).smallest for kind, model in OPERATIONS.items()}


@pytest.fixture
def template() -> str:
    path = os.environ.get("SAM_TEMPLATE")
    if not path:
        pytest.skip("SAM_TEMPLATE is not set: scripts/prove_sam_local.sh builds one and runs this")
    return path


def test_routes_respond(template: str, tmp_path: Path) -> None:
    asyncio.run(_check_routes(template, tmp_path))


async def _check_routes(template: str, folder: Path) -> None:
    options = Options(env={"HOOK_SECRET": SECRET})
    async with contextlib.AsyncExitStack() as stack:
        system = await stack.enter_async_context(running(options, Log(None)))
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        url = await stack.enter_async_context(_start_api(template, folder, system, options))
        before = _containers()
        assert await _get(session, f"{url}/health") == (200, {"status": "healthy"})
        (function,) = _containers() - before
        await stack.enter_async_context(
            _relay_ports(
                function, folder, [urlsplit(one).port for one in (system.aws_url, system.s3_url, system.emulator_url)]
            )
        )
        await _check_public_routes(session, url)
        await _check_jobs(Client(session, url, API_KEY), session, url, system)


async def _check_public_routes(session: aiohttp.ClientSession, url: str) -> None:
    """Check the routes that need no key, and that the others do."""
    for path, holds in {"/": "api-gpu", "/docs": "swagger", "/openapi.json": "/video/compose"}.items():
        async with session.get(url + path) as answer:
            assert (answer.status, holds in await answer.text()) == (200, True), path
    for path in ("/jobs", "/runpod/health", "/job/none"):
        assert (await _get(session, url + path))[0] == 401
    async with session.post(f"{url}/runpod/webhook/none/none", json={}) as answer:
        assert answer.status == 404


async def _check_jobs(client: Client, session: aiohttp.ClientSession, url: str, system: System) -> None:
    """Check that jobs are stored, dispatched to RunPod, listed and cancelled."""
    system.emulator.faults.set({"worker": "hold"})
    jobs = [await client.submit(operation, body) for operation, body in _BODIES.items()]
    assert [job["status"] for job in jobs] == ["IN_QUEUE"] * len(jobs)
    key = {"X-API-Key": API_KEY}
    _, listed = await _get(session, f"{url}/jobs", key)
    assert {job["job_id"] for job in listed["jobs"]} == {job["job_id"] for job in jobs}
    status, health = await _get(session, f"{url}/runpod/health", key)
    assert (status, health["jobs"]["inQueue"]) == (200, len(jobs))
    assert (await _get(session, f"{url}/runpod/config", key))[0] == 200
    for job in jobs:
        async with session.post(f"{url}/job/{job['job_id']}/cancel", headers=key) as answer:
            assert answer.status == 200
        assert (await client.job(job["job_id"]))["status"] == "CANCELLED"


async def _get(session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    async with session.get(url, headers=headers) as answer:
        return answer.status, await answer.json()


@contextlib.asynccontextmanager
async def _start_api(template: str, folder: Path, system: System, options: Options) -> AsyncIterator[str]:
    """Run the API on a free port, with the settings of the emulated system; yield its URL. Stop its containers."""
    given = json.loads((ROOT / "local/sam_local.json").read_text())["Parameters"]
    queue = f"{system.aws_url}/123456789012/none"
    own = lambda_environment(options, Addresses(system.aws_url, queue, system.s3_url), system.url, system.emulator_url)
    variables = folder / "variables.json"
    variables.write_text(json.dumps({"Parameters": {name: own.get(name, value) for name, value in given.items()}}))
    with bind() as sock:
        port = sock.getsockname()[1]
    emulator = system.emulator_url
    parameters = f"Architecture=x86_64 RunpodApiUrl={emulator}/v2 RunpodManagementUrl={emulator}/management"
    log = folder / "sam.log"
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *(str(ROOT / ".venv-sam/bin/sam"), "local", "start-api", "--template", template, "--port", str(port)),
            *("--env-vars", str(variables), "--parameter-overrides", parameters),
            *("--warm-containers", "LAZY", "--skip-pull-image"),
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
        )
    try:
        await asyncio.to_thread(
            eventually, log.read_text, lambda text: "Running on http" in text or process.returncode is not None, 60
        )
        assert process.returncode is None, log
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 30)


def _containers() -> set[str]:
    argv = [os.environ["IMAGE_ENGINE"], "ps", "--quiet", "--no-trunc"]
    return set(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30).stdout.split())


@contextlib.asynccontextmanager
async def _relay_ports(container: str, folder: Path, ports: Collection[int | None]) -> AsyncIterator[None]:
    """Make these ports of this machine answer on the container's loopback, too."""
    argv = [os.environ["IMAGE_ENGINE"], "inspect", "--format", "{{.State.Pid}}", container]
    inspected = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=True, timeout=30)
    servers = [await relay.serve(f"unix:{folder}/{port}=tcp:{port}") for port in ports]
    inside = await asyncio.create_subprocess_exec(
        *("nsenter", "--target", inspected.stdout.strip(), "--net", sys.executable, relay.__file__),
        *(f"tcp:{port}=unix:{folder}/{port}" for port in ports),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert inside.stdout is not None
        assert await asyncio.wait_for(inside.stdout.readline(), 20) == b"listening\n"
        yield
    finally:
        inside.kill()
        await inside.wait()
        for server in servers:
            server.close()
