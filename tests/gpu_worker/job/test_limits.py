"""End jobs at their deadline, at their execution limit, by the gateway's request, and by cancellation."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from contract.errors import Code
from gpu_worker.sandbox.cpus import usable_cpus
from tests.support.fake_network import FakeNetwork
from tests.support.media.factory import MediaFactory
from tests.support.processes import is_running, processes_below
from tests.support.worker import handle, parse_failure, run_on

IMG2VID = {"kind": "img2vid", "url_image": "photo.jpg", "duration": 0.5, "size": "320x180"}


@pytest.fixture
def network(media: MediaFactory) -> FakeNetwork:
    return FakeNetwork(files={"photo.jpg": media.make_circle("photo.jpg", (400, 300), 60)})


def test_job_past_its_deadline_is_not_started(network: FakeNetwork, work_dir: Path) -> None:
    failure = parse_failure(run_on(network, IMG2VID, deadline=time.time() - 3601))
    assert failure.code == Code.DEADLINE_EXCEEDED
    assert network.reports == []


@pytest.mark.fault("K6")
@pytest.mark.parametrize("ahead", [-3599, 3599], ids=["behind", "ahead"])
def test_clock_skew_of_an_hour_ends_no_job_early(network: FakeNetwork, work_dir: Path, ahead: int) -> None:
    left = 30.0
    assert "error" not in run_on(network, IMG2VID, deadline=time.time() + left - ahead)


@pytest.mark.fault("G10")
def test_job_ends_at_the_execution_limit(network: FakeNetwork, work_dir: Path) -> None:
    def failed_after(seconds_of_video: float, size: str = "1920x1080") -> Code:
        long = IMG2VID | {"duration": seconds_of_video, "size": size, "frame_rate": 24}
        return parse_failure(run_on(network, long, limits={"execution_seconds": 4.0})).code

    # 60 billion pixels in 4 s are beyond any machine, so the plan is refused before it is run...
    assert failed_after(300.0, "3840x2160") == Code.MEDIA_OVER_BUDGET
    # ...and a plan that looks possible is stopped at its time limit: the budget estimates 2 s for this one, with rates
    # four times those of a core.
    started = time.monotonic()
    assert failed_after(min(300.0, 22.0 * usable_cpus())) == Code.EXECUTION_TIMEOUT
    assert time.monotonic() - started < 20
    assert list(work_dir.iterdir()) == []


def test_gateway_can_stop_a_job(network: FakeNetwork, work_dir: Path) -> None:
    network.reply = {"stop": True, "and": "more"}
    failure = parse_failure(run_on(network, IMG2VID | {"duration": 60.0, "size": "1280x720"}))
    assert failure.code == Code.CANCELLED
    assert list(work_dir.iterdir()) == []
    assert len(network.reports) == 1


@pytest.mark.fault("I1")
def test_cancelled_job_leaves_no_process_and_no_file(network: FakeNetwork, work_dir: Path, media: MediaFactory) -> None:
    async def work() -> float:
        async with network.open():
            task = asyncio.create_task(handle(network.job(IMG2VID | {"duration": 300.0, "size": "1280x720"})))
            while not is_running(media.ffmpeg, work_dir):  # noqa: ASYNC110 - another process decides
                await asyncio.sleep(0.05)
            started = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic() - started

    assert asyncio.run(work()) < 10
    assert list(work_dir.iterdir()) == []
    assert processes_below(work_dir) == []
