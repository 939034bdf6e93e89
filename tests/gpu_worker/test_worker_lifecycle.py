"""Run the real worker process under RunPod's SDK: signals, full disks, lost responses, snapshots."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from contract.errors import Code, Failure
from contract.retry import Backoff
from gpu_worker.errors import JobFailed
from gpu_worker.job.progress import initial_sequence
from gpu_worker.transfer.upload import Uploader
from tests.local.support import EmulatorClient, eventually, find_processes_in, running_emulator
from tests.support.fake_network import FakeNetwork, serving
from tests.support.media.factory import MediaFactory
from tests.support.processes import processes_below
from tests.support.worker import handle

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


def failure_code(answer: dict[str, Any]) -> Code:
    failure = Failure.parse(answer["error"])
    assert failure is not None
    return failure.code


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0755", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.fault("I3")
@pytest.mark.parametrize("when", ["fetching", "encoding", "adopting"])
def test_full_disk_fails_the_job_and_is_left_empty(
    media: MediaFactory, network: FakeNetwork, small_disk: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setenv("WORK_DIR", str(small_disk))
    monkeypatch.setenv("FFMPEG", media.ffmpeg)
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    operation = SHORT
    if when == "fetching":
        large = media.folder / "large.jpg"
        large.write_bytes(network.files["photo.jpg"].read_bytes() + bytes(4_000_000))
        network.files["photo.jpg"] = large
    elif when == "encoding":
        operation = SHORT | {"size": "1920x1080", "duration": 2.0}
    else:
        network.stored["output.mp4"] = bytes(4_000_000)

    async def work() -> dict[str, Any]:
        async with network.open():
            return await handle(network.job(operation))

    assert failure_code(asyncio.run(work())) == Code.RESOURCES
    assert "manifest.json" not in network.stored
    assert list(small_disk.iterdir()) == []


class UnreliableBucket:
    """A bucket whose connections fail: each with the next of `troubles`, then none."""

    def __init__(self, *troubles: str) -> None:
        self.troubles = list(troubles)
        self.stored: dict[str, bytes] = {}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _address = self._server.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                self._take(caller, self.troubles.pop(0) if self.troubles else "")

    def _take(self, caller: socket.socket, trouble: str) -> None:
        head, _, body = caller.recv(65536).partition(b"\r\n\r\n")
        name = head.split()[1].decode().partition("?")[0].strip("/")
        size = int(head.lower().split(b"content-length:")[1].split()[0])
        most = size * 9 // 10 if trouble == "reset" else size
        while len(body) < most:
            body += caller.recv(65536)
        if trouble == "reset":
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        there = name in self.stored
        self.stored.setdefault(name, body)
        if trouble != "no answer":
            caller.sendall(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (412 if there else 200))

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


@pytest.mark.fault("I4", "I7")
@pytest.mark.parametrize(
    ("troubles", "stays"),
    [(["reset"], True), (["reset", "reset", "reset"], True), (["no answer"], False), (["reset"] * 4, None)],
)
def test_upload_over_a_broken_connection(tmp_path: Path, troubles: list[str], stays: bool | None) -> None:
    """`stays` is False if an earlier attempt was stored and its response lost, None if all attempts fail."""
    video = tmp_path / "out.mp4"
    video.write_bytes(os.urandom(3_000_000))
    uplink = UnreliableBucket(*troubles)

    async def work() -> bool:
        async with aiohttp.ClientSession() as session:
            uploader = Uploader(session, backoff=Backoff(attempts=4, base=0.01), stall_seconds=5)
            return await uploader.upload_video(f"{uplink.base}/output.mp4?sig=x", video, lambda _: None)

    try:
        if stays is None:
            with pytest.raises(JobFailed) as failure:
                asyncio.run(work())
            assert failure.value.failure.code == Code.PUBLISH_FAILED
            assert uplink.stored == {}
        else:
            assert asyncio.run(work()) is stays
            assert uplink.stored == {"output.mp4": video.read_bytes()}
    finally:
        uplink.close()


@pytest.fixture
def noise_image(media: MediaFactory) -> Path:
    """A picture of noise, which no encoder can compress."""
    path = media.folder / "noise.png"
    Image.frombytes("RGB", (640, 360), os.urandom(640 * 360 * 3)).save(path)
    return path


@pytest.mark.fault("I4", "I5")
def test_stalled_uploads_end_in_time_and_complete_nothing(
    media: MediaFactory, noise_image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three jobs at once, each with its own bucket: all end at their execution limit."""
    monkeypatch.setenv("WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("FFMPEG", media.ffmpeg)
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    operation = SHORT | {"size": "320x180"}
    networks = {
        stuck: FakeNetwork(files={"photo.jpg": noise_image}) for stuck in ("output", "manifest", "output, dripping")
    }
    taken = 0

    async def upload(stuck: str) -> dict[str, Any]:
        network, finished = networks[stuck], asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.method == "PUT" and stuck.startswith(request.path.rsplit("/", 1)[1].partition(".")[0]):
                await (drip(request, finished) if "drip" in stuck else finished.wait())
            return await network.answer(request)

        async with serving(answer) as network.base:
            try:
                return await handle(network.job(operation, limits={"execution_seconds": 6.0}))
            finally:
                finished.set()

    async def drip(request: web.Request, finished: asyncio.Event) -> None:
        """Read 1 KB per second."""
        nonlocal taken
        while not finished.is_set():
            taken += len(await request.content.read(100))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(finished.wait(), 0.1)

    async def work() -> list[dict[str, Any]]:
        return await asyncio.gather(*map(upload, networks))

    assert [failure_code(result) for result in asyncio.run(work())] == [Code.EXECUTION_TIMEOUT] * 3
    assert [set(network.stored) for network in networks.values()] == [set(), {"output.mp4"}, set()]
    assert 0 < taken < len(networks["manifest"].stored["output.mp4"])
    assert list((tmp_path / "work").iterdir()) == []


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.fault("I10", "I11")
def test_restored_worker_carries_nothing_into_the_next_job(
    media: MediaFactory, network: FakeNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run jobs in one process and one loop; between them a day passes on the wall clock only, as in a snapshot."""
    work_dir = tmp_path / "work"
    monkeypatch.setenv("WORK_DIR", str(work_dir))
    monkeypatch.setenv("FFMPEG", media.ffmpeg)
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    network.files["other.jpg"] = media.make_circle("other.jpg", (200, 300), 40)
    other = SHORT | {"url_image": "other.jpg", "size": "90x160"}
    callers: list[set[Any]] = []
    folders: list[set[str]] = []
    days = 0
    wall = time.time

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        callers[-1].add(request.transport.get_extra_info("peername"))
        folders[-1].update(folder.name for folder in work_dir.iterdir())
        return await network.answer(request)

    async def run_one(operation: dict[str, Any], runpod_id: str, **changes: Any) -> bytes:
        callers.append(set())
        folders.append(set())
        network.reports.clear()
        network.stored.clear()
        job = network.job(operation, **changes) | {"id": runpod_id}
        assert await handle(job) == {"job_id": job["input"]["job_id"], "attempt": job["input"]["attempt"]}
        assert {report["runpod_job_id"] for report in network.reports} == {runpod_id}
        # Counted from the current time, 300 s before the deadline.
        first = network.reports[0]["seq"]
        assert 0 <= first - initial_sequence(300.0, 0.0) < 60
        manifest = network.manifest()
        assert (manifest.job_id, manifest.attempt) == (job["input"]["job_id"], job["input"]["attempt"])
        return network.stored["output.mp4"]

    async def scenario() -> None:
        nonlocal days
        async with serving(answer) as network.base:
            first = await run_one(SHORT, "runpod-1")
            late = network.job(SHORT)
            environment, files, place = dict(os.environ), open_files(), Path.cwd()
            days = 1
            await run_one(other, "runpod-2", job_id="job2", attempt=2)
            again = await run_one(SHORT, "runpod-3")
            assert again == first
            # A job whose deadline was yesterday is not started.
            assert failure_code(await handle(late)) == Code.DEADLINE_EXCEEDED
            assert (dict(os.environ), Path.cwd()) == (environment, place)
            await eventually(lambda: open_files() <= files)

    monkeypatch.setattr(time, "time", lambda: wall() + days * 24 * 3600)
    asyncio.run(scenario())
    assert not set.intersection(*callers[:2]) | set.intersection(*callers[1:3])
    assert [len(names) for names in folders] == [1, 1, 1]
    assert len(set.union(*folders)) == 3
    assert processes_below(work_dir) == []
    assert list(work_dir.iterdir()) == []


@pytest.mark.fault("I7")
def test_manifest_whose_response_was_lost_is_a_success(
    media: MediaFactory, network: FakeNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("FFMPEG", media.ffmpeg)
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")

    async def answer(request: web.Request) -> web.StreamResponse:
        answered = await network.answer(request)
        if request.path.endswith("manifest.json") and network.puts.count("manifest.json") == 1:
            assert request.transport is not None
            request.transport.close()
        return answered

    async def work() -> dict[str, Any]:
        async with serving(answer) as network.base:
            return await handle(network.job(SHORT))

    assert asyncio.run(work()) == {"job_id": "job1", "attempt": 1}
    assert network.puts == ["output.mp4", "manifest.json", "manifest.json"]
    assert network.manifest().output.size_bytes == len(network.stored["output.mp4"])
