"""Run jobs of the RunPod emulator in the image, in a container whose only network is its own loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gpu_worker.ffmpeg.locate import find_ffmpeg
from local.demo import file_server
from local.demo.client import Client, Job
from local.demo.verify_output import verify_video
from local.logs import Log
from local.runpod.fleet.containers import WorkerSpec
from local.servers import Server, bind
from local.settings import API_KEY, Options
from local.system import running
from tests.image import relay
from tests.image.conftest import Image

TERMINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
_ENGINE_VARIABLES = ("HOME", "XDG_RUNTIME_DIR", "CONTAINERS_CONF", "DOCKER_HOST")
"""Variables of our environment that an engine needs to find its images and settings."""
_RUNPOD_VARIABLES = [name for name in WorkerSpec((), "", "", "").environment("", Path()) if name.startswith("RUNPOD_")]
_STATE = """
import json, pathlib
stats = [path.read_text() for path in pathlib.Path("/proc").glob("[0-9]*/stat")]
networks = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
print(json.dumps({
    "states": [stat.rpartition(")")[2].split()[0] for stat in stats],
    "networks": [line.split(":")[0].strip() for line in networks],
    "left": [str(path) for folder in ("/tmp", "/var/tmp") for path in pathlib.Path(folder).iterdir()],
}))
"""


def test_jobs_complete_in_a_container_without_network(image: Image, media_folder: Path, tmp_path: Path) -> None:
    jobs, problems, seen = asyncio.run(_run(image, {path.name: path for path in media_folder.iterdir()}, tmp_path))
    for operation, job in jobs.items():
        assert (job["status"], job["error"]) == ("COMPLETED", None), operation
        assert job["execution"]["settled_by"] == "webhook"
    assert problems == dict.fromkeys(jobs)
    assert seen["networks"] == ["lo"]
    assert "Z" not in seen["states"], "process 1 left a zombie"
    assert seen["left"] == []


async def _run(
    image: Image, media: dict[str, Path], out: Path
) -> tuple[dict[str, Job], dict[str, str | None], dict[str, Any]]:
    """Return the jobs of all operations, the problem of each video, and the state of the container at the end."""
    gate = f"api-gpu-test-{os.getpid()}"
    argv = image.argv(
        "--rm",
        f"--network=container:{gate}",
        *(f"--env={name}" for name in (*_RUNPOD_VARIABLES, "ALLOW_LOOPBACK_URLS")),
    )
    options = Options(
        workers=1,
        worker_command=(image.engine, *argv),
        worker_env={name: os.environ[name] for name in _ENGINE_VARIABLES if name in os.environ},
    )
    async with contextlib.AsyncExitStack() as stack:
        system = await stack.enter_async_context(running(options, Log(None)))
        files = Server(file_server.build(media), bind())
        stack.push_async_callback(files.stop)
        await files.start()
        urls = (system.url, system.emulator_url, system.s3_url, files.url)
        await stack.enter_async_context(_loopback_container(image, gate, [urlsplit(url).port for url in urls]))
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        client = Client(session, system.url, API_KEY)
        jobs = await _jobs(client, files.url)
        seen = [json.loads(image.call("exec", one, "python3", "-c", _STATE)) for one in image.containers()]
        problems = {}
        for operation, job in jobs.items():
            if job["status"] == "COMPLETED":
                path = out / f"{operation}.mp4"
                await client.download(job["video_url"], path)
                problems[operation] = (await verify_video(find_ffmpeg(None).path, path, job["video"])).problem
        return jobs, problems, max(seen, key=lambda one: len(one["states"]))


@contextlib.asynccontextmanager
async def _loopback_container(image: Image, name: str, ports: Collection[int | None]) -> AsyncIterator[None]:
    """Run a container on whose loopback, its only network, these ports answer; the worker shares its network."""
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        servers = [await relay.serve(f"unix:{folder}/{port}=tcp:{port}") for port in ports]
        options = ("--detach", "--user=0", f"--name={name}", f"--volume={folder}:/gate")
        pairs = [f"tcp:{port}=unix:/gate/{port}" for port in ports]
        script = f"--volume={Path(relay.__file__)}:/relay.py:ro"
        await asyncio.to_thread(image.call, *image.argv(*options, script), "python3", "/relay.py", *pairs)
        try:
            yield
        finally:
            await asyncio.to_thread(image.remove_containers)
            for server in servers:
                server.close()


async def _jobs(client: Client, files: str) -> dict[str, Job]:
    photo, video, voice, lines = (f"{files}/{name}" for name in ("photo.jpg", "video.mp4", "voice.mp3", "lines.srt"))
    bodies: dict[str, dict[str, Any]] = {
        "caption": {"url_video": video, "url_srt": lines},
        "img2vid": {"url_image": photo, "duration": 1, "size": "640x360"},
        "addaudio": {"url_video": video, "url_audio": voice},
        "compose": {"url_image": photo, "url_audio": voice, "url_srt": lines, "size": "360x640"},
    }
    submitted = {operation: await client.submit(operation, body) for operation, body in bodies.items()}
    async with asyncio.timeout(120):
        while True:
            jobs = {operation: await client.job(job["job_id"]) for operation, job in submitted.items()}
            if all(job["status"] in TERMINAL for job in jobs.values()):
                return jobs
            await asyncio.sleep(0.3)
