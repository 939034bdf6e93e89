"""Cancel a job at each of its awaits: it leaves no process, no file and no partial result."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import gpu_worker
from gpu_worker.sandbox.process_tree import PROCESSES
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import MediaFactory
from tests.support.processes import processes_below
from tests.support.suspension_points import SuspensionPoint, SuspensionRecorder
from tests.support.worker import handle

OWN = Path(gpu_worker.__file__ or "").parent
SRT = "1\n00:00:00,100 --> 00:00:00,400\nhi\n"
WHOLE = {
    "kind": "compose", "url_image": "photo.jpg", "url_audio": "sound.mp3", "url_srt": "words.srt", "size": "160x90",
}  # fmt: skip
SHORT = {"kind": "img2vid", "url_image": "photo.jpg", "duration": 0.2, "size": "160x90"}


@dataclass(frozen=True)
class Work:
    """An operation, and what another execution has stored in the bucket."""

    operation: dict[str, Any]
    stored: dict[str, bytes]


class SlowNetwork(FakeNetwork):
    """Sends each source in two parts, 20 ms apart."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        kind, _, key = request.path.lstrip("/").partition("/")
        if kind != "media":
            return await super().answer(request)
        data = self.files[key].read_bytes()
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        await asyncio.sleep(0.02)
        await response.write(data[len(data) // 2 :])
        return response


@pytest.fixture
def network(media: MediaFactory) -> FakeNetwork:
    srt = media.folder / "short.srt"
    srt.write_text(SRT)
    return SlowNetwork(
        files={
            "photo.jpg": media.make_circle("photo.jpg", (400, 300), 60),
            "sound.mp3": media.make_audio("short.mp3", 0.5),
            "words.srt": srt,
        }
    )


def run_work(network: FakeNetwork, work: Work, work_dir: Path, at: SuspensionPoint | None = None) -> SuspensionRecorder:
    """Run the job, cancel it `at` a suspension point if that is reached, and check that nothing is left of it."""

    async def scenario() -> SuspensionRecorder:
        network.stored.clear()
        network.stored.update(work.stored)

        def cancel() -> None:
            job.cancel()

        async with network.open():
            recorder = SuspensionRecorder(OWN, at, cancel)
            with recorder.record_tasks():
                job = asyncio.create_task(handle(network.job(work.operation)))
                (result,) = await asyncio.gather(job, return_exceptions=True)
            assert recorder.unfinished() == []
            assert isinstance(result, asyncio.CancelledError) if recorder.is_reached else "error" not in result
            return recorder

    recorder = asyncio.run(scenario())
    assert list(work_dir.iterdir()) == [], at
    assert processes_below(work_dir) == [], at
    assert PROCESSES.sessions == set(), at
    if "manifest.json" in network.stored:
        assert network.manifest().artifacts[0].size_bytes == len(network.stored["output.mp4"]), at
    return recorder


@pytest.mark.fault("I1", "I5", "I11")
def test_job_cancelled_at_any_await_leaves_nothing(network: FakeNetwork, work_dir: Path) -> None:
    first = Work(SHORT, {})
    run_work(network, first, work_dir)
    other = dict(network.stored)
    del other["manifest.json"]
    cancelled_at: set[SuspensionPoint] = set()
    for work in (Work(WHOLE, {}), Work(SHORT, other)):
        for point in run_work(network, work, work_dir).points:
            if point not in cancelled_at and run_work(network, work, work_dir, point).is_reached:
                cancelled_at.add(point)
    functions = {f"{file} {function}" for file, function, _ in cancelled_at}
    assert {
        "download.py Downloader._follow_redirects", "body.py write_body", "probe_inputs.py probe_inputs",
        "output.py read_lines", "concurrency.py shield",
        "upload.py Uploader._put.<locals>.attempt", "upload.py Uploader.adopt_stored.<locals>.attempt",
        "upload.py read_artifact_facts", "verify.py verify",
    } <= functions  # fmt: skip
    assert len(cancelled_at) >= 20
