"""Run jobs on full disks, with stalled uploads and lost responses, and after a snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from contract.errors import Code
from gpu_worker.job.progress import initial_sequence
from tests.local.support import eventually
from tests.support.fake_network import FakeNetwork, serving
from tests.support.media.factory import MediaFactory
from tests.support.processes import processes_below
from tests.support.worker import failure_code, handle, run_on

SHORT = {"kind": "img2vid", "url_image": "photo.jpg", "duration": 0.5, "size": "160x90"}


@pytest.fixture
def network(media: MediaFactory) -> FakeNetwork:
    return FakeNetwork(files={"photo.jpg": media.make_circle("photo.jpg", (400, 300), 60)})


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
    media: MediaFactory,
    network: FakeNetwork,
    work_dir: Path,
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    monkeypatch.setenv("WORK_DIR", str(small_disk))
    operation = SHORT
    if when == "fetching":
        large = media.folder / "large.jpg"
        large.write_bytes(network.files["photo.jpg"].read_bytes() + bytes(4_000_000))
        network.files["photo.jpg"] = large
    elif when == "encoding":
        operation = SHORT | {"size": "1920x1080", "duration": 2.0}
    else:
        network.stored["output.mp4"] = bytes(4_000_000)

    assert failure_code(run_on(network, operation)) == Code.RESOURCES
    assert "manifest.json" not in network.stored
    assert list(small_disk.iterdir()) == []


@pytest.fixture
def noise_image(media: MediaFactory) -> Path:
    """A picture of noise, which no encoder can compress."""
    path = media.folder / "noise.png"
    Image.frombytes("RGB", (640, 360), os.urandom(640 * 360 * 3)).save(path)
    return path


@pytest.mark.fault("I4", "I5")
def test_stalled_uploads_end_in_time_and_complete_nothing(noise_image: Path, work_dir: Path) -> None:
    """Three jobs at once, each with its own bucket: all end at their execution limit."""
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
    assert list(work_dir.iterdir()) == []


@pytest.mark.fault("I7")
def test_manifest_whose_response_was_lost_is_a_success(network: FakeNetwork, work_dir: Path) -> None:
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
    assert network.manifest().artifacts[0].size_bytes == len(network.stored["output.mp4"])


def test_manifest_states_the_measured_loudness(media: MediaFactory, work_dir: Path) -> None:
    files = {
        "film.mp4": media.make_video("quiet.mp4", 3, "64x36", "10", sound=False),
        "a.wav": media.make_audio("a.wav", 3),
    }
    network = FakeNetwork(files=files)
    operation = {"kind": "addaudio", "url_video": "film.mp4", "url_audio": "a.wav", "loudness": -16}

    async def work() -> None:
        async with serving(network.answer) as network.base:
            await handle(network.job(operation))

    asyncio.run(work())
    loudness = network.manifest().execution.loudness
    assert loudness is not None
    assert loudness.lufs == pytest.approx(-16, abs=0.5)
    assert loudness.gain_db == pytest.approx(loudness.lufs - loudness.input_lufs, abs=0.5)


def test_pictures_of_a_slideshow_are_downloaded_a_few_at_a_time(network: FakeNetwork, work_dir: Path) -> None:
    open_now: list[int] = [0]
    most = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal most
        if not request.path.startswith("/media/"):
            return await network.answer(request)
        open_now[0] += 1
        most = max(most, open_now[0])
        await asyncio.sleep(0.05)
        answered = await network.answer(request)
        open_now[0] -= 1
        return answered

    images = [{"url_image": "photo.jpg", "duration": 0.1, "motion": "static"}] * 12
    operation = {"kind": "slideshow", "size": "64x64", "transition": "cut", "images": images}

    async def work() -> None:
        async with serving(answer) as network.base:
            await handle(network.job(operation))

    asyncio.run(work())
    assert network.manifest().media is not None
    assert 2 <= most <= 8


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.fault("I10", "I11")
def test_restored_worker_carries_nothing_into_the_next_job(
    media: MediaFactory, network: FakeNetwork, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run jobs in one process and one loop; between them a day passes on the wall clock only, as in a snapshot."""
    network.files["other.jpg"] = media.make_circle("other.jpg", (200, 300), 40)
    other = SHORT | {"url_image": "other.jpg", "size": "90x160"}
    callers: list[set[Any]] = []
    folders: list[set[str]] = []
    days = 0
    wall = time.time

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        callers[-1].add(request.transport.get_extra_info("peername"))
        folders[-1].update(names_in(work_dir))
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
