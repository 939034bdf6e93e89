"""Uploads to a bucket that fails, stalls or already has the file."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest
from aiohttp import web

from contract.artifacts import OUTPUT_VIDEO
from contract.errors import Code
from contract.retry import Backoff
from gpu_worker.errors import JobFailed
from gpu_worker.transfer.upload import Uploader, read_artifact_facts
from tests.support.fake_network import FakeNetwork, serving

T = TypeVar("T")
SIZE = 700_000
BACKOFF = Backoff(attempts=4, base=0.01)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "out.mp4"
    path.write_bytes(bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256))
    return path


def with_network(cloud: FakeNetwork, work: Callable[[Uploader], Awaitable[T]]) -> T:
    async def run() -> T:
        async with cloud.open(), aiohttp.ClientSession() as session:
            return await work(Uploader(session, backoff=BACKOFF, stall_seconds=2))

    return asyncio.run(run())


@pytest.mark.parametrize("statuses", [[500], [503, 500], [409], [429, 502, 504]])
def test_temporary_errors_are_retried(statuses: list[int], video: Path) -> None:
    cloud = FakeNetwork()
    cloud.scripted["output.mp4"] = list(statuses)
    sent: list[float] = []
    assert with_network(
        cloud, lambda p: p.upload_file(f"{cloud.base}/s3/output.mp4?s=a%2Fb", video, "video/mp4", sent.append)
    )
    assert cloud.stored["output.mp4"] == video.read_bytes()
    assert len(cloud.puts) == len(statuses) + 1
    assert sent[-1] == 1.0


@pytest.mark.fault("I4")
@pytest.mark.parametrize(("statuses", "tries"), [([500] * 9, 4), ([403], 1), ([400], 1), ([301], 1)])
def test_other_errors_fail_the_job(statuses: list[int], tries: int, video: Path) -> None:
    cloud = FakeNetwork()
    cloud.scripted["output.mp4"] = list(statuses)
    with pytest.raises(JobFailed) as failure:
        with_network(cloud, lambda p: p.upload_file(f"{cloud.base}/s3/output.mp4", video, "video/mp4", lambda _: None))
    assert failure.value.failure.code == Code.PUBLISH_FAILED
    assert len(cloud.puts) == tries


@pytest.mark.fault("I7")
def test_a_retry_finds_the_upload_whose_response_was_lost(video: Path) -> None:
    """The first response is lost; the second attempt finds its own upload."""
    stored: list[bytes] = []

    async def route(request: web.Request) -> web.Response:
        body = await request.read()
        if stored:
            return web.Response(status=412)
        stored.append(body)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def run() -> bool:
        async with serving(route) as base, aiohttp.ClientSession() as session:
            return await Uploader(session, backoff=BACKOFF).upload_file(f"{base}/x", video, "video/mp4", lambda _: None)

    assert asyncio.run(run()) is False
    assert stored == [video.read_bytes()]


def test_the_first_upload_stays_and_can_be_adopted(video: Path) -> None:
    cloud = FakeNetwork()
    cloud.stored["output.mp4"] = b"the first"

    async def work(uploader: Uploader) -> bool:
        stays = await uploader.upload_file(f"{cloud.base}/s3/output.mp4", video, "video/mp4", lambda _: None)
        await uploader.adopt_stored(f"{cloud.base}/s3/output.mp4?get", video, 100)
        return stays

    assert with_network(cloud, work) is False
    assert video.read_bytes() == b"the first"


def test_adopting_a_large_or_missing_video_fails(video: Path) -> None:
    cloud = FakeNetwork()
    cloud.stored["output.mp4"] = b"x" * 101
    for key, most in (("output.mp4", 100), ("gone.mp4", 1000)):
        with pytest.raises(JobFailed):
            with_network(cloud, lambda p, k=key, m=most: p.adopt_stored(f"{cloud.base}/s3/{k}", video, m))  # type: ignore[misc]


@pytest.mark.fault("I4")
def test_an_unresponsive_bucket_fails_the_job(video: Path) -> None:
    async def silence(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def run() -> None:
        async with serving(silence) as base, aiohttp.ClientSession() as session:
            await Uploader(session, backoff=BACKOFF, stall_seconds=0.1).upload_json(f"{base}/x", "{}")

    with pytest.raises(JobFailed):
        asyncio.run(run())


@pytest.mark.fault("I4")
@pytest.mark.parametrize(("bytes_a_second", "stall_seconds"), [(1000, 1.0), (10_000_000, 2.0)])
def test_only_stalled_uploads_time_out(tmp_path: Path, bytes_a_second: int, stall_seconds: float) -> None:
    """Both uploads take longer in all than `stall_seconds`."""
    video = tmp_path / "long.mp4"
    # Much more than socket buffers hold before the server has read anything.
    video.write_bytes(bytes(25_000_000))
    sent: list[float] = []
    with slow_line(bytes_a_second) as (url, hang_up):

        async def run() -> bool:
            async with aiohttp.ClientSession() as session:
                uploader = Uploader(session, Backoff(attempts=2, base=0.01), stall_seconds)
                try:
                    return await uploader.upload_file(url, video, "video/mp4", sent.append)
                finally:
                    # An abandoned connection closes when its last bytes are sent or the server has hung up.
                    hang_up()
                    await asyncio.sleep(0.5)

        began = time.monotonic()
        if bytes_a_second == 1000:
            with pytest.raises(JobFailed) as failure:
                asyncio.run(run())
            assert failure.value.failure.code == Code.PUBLISH_FAILED
            assert max(sent, default=0.0) < 0.5
        else:
            assert asyncio.run(run())
            assert sent[-1] == 1.0
            assert time.monotonic() - began > stall_seconds


@contextmanager
def slow_line(bytes_a_second: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield a slow bucket's URL, and a function that closes all its connections."""
    closed = threading.Event()

    def take(caller: socket.socket) -> None:
        head, _, rest = caller.recv(4096).partition(b"\r\n\r\n")
        left = int(head.lower().split(b"content-length:")[1].split()[0]) - len(rest)
        while left > 0 and not closed.wait(0.1):
            read = len(caller.recv(min(left, bytes_a_second // 10), socket.MSG_WAITALL))
            if not read:
                return
            left -= read
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def serve(server: socket.socket) -> None:
        while not closed.is_set():
            with suppress(OSError), server.accept()[0] as caller:
                take(caller)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/output.mp4", closed.set
        finally:
            closed.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_output_facts_are_those_of_the_file(video: Path) -> None:
    facts = asyncio.run(read_artifact_facts(OUTPUT_VIDEO, video))
    assert (facts.name, facts.kind, facts.content_type, facts.size_bytes) == (*OUTPUT_VIDEO, SIZE)
    assert len(facts.sha256) == 64
