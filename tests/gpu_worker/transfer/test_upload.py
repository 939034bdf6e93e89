"""Storing results when the bucket has a bad day."""

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

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.transfer.upload import Publisher, output_facts
from tests.support.fake_network import FakeNetwork, serving

T = TypeVar("T")
SIZE = 700_000


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "out.mp4"
    path.write_bytes(bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256))
    return path


def with_cloud(cloud: FakeNetwork, work: Callable[[Publisher], Awaitable[T]]) -> T:
    async def run() -> T:
        async with cloud.open(), aiohttp.ClientSession() as session:
            return await work(Publisher(session, backoff=0.01, stall_seconds=2))

    return asyncio.run(run())


@pytest.mark.parametrize("trouble", [[500], [503, 500], [409], [429, 502, 504]])
def test_passing_troubles_are_outlived(trouble: list[int], video: Path) -> None:
    cloud = FakeNetwork()
    cloud.scripted["output.mp4"] = list(trouble)
    sent: list[float] = []
    assert with_cloud(cloud, lambda p: p.put_file(f"{cloud.base}/s3/output.mp4?s=a%2Fb", video, sent.append))
    assert cloud.stored["output.mp4"] == video.read_bytes()
    assert len(cloud.puts) == len(trouble) + 1
    assert sent[-1] == 1.0


@pytest.mark.fault("I4")
@pytest.mark.parametrize(("trouble", "tries"), [([500] * 9, 4), ([403], 1), ([400], 1), ([301], 1)])
def test_what_does_not_pass_is_a_failure(trouble: list[int], tries: int, video: Path) -> None:
    cloud = FakeNetwork()
    cloud.scripted["output.mp4"] = list(trouble)
    with pytest.raises(JobFailed) as failure:
        with_cloud(cloud, lambda p: p.put_file(f"{cloud.base}/s3/output.mp4", video, lambda _: None))
    assert failure.value.failure.code == Code.PUBLISH_FAILED
    assert len(cloud.puts) == tries


@pytest.mark.fault("I7")
def test_an_upload_that_was_stored_although_it_failed_counts_as_there(video: Path) -> None:
    """The first answer is lost on the way; the second attempt meets its own upload."""
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
            return await Publisher(session, backoff=0.01).put_file(f"{base}/x", video, lambda _: None)

    assert asyncio.run(run()) is False
    assert stored == [video.read_bytes()]


def test_the_first_one_stays_and_can_be_adopted(video: Path) -> None:
    cloud = FakeNetwork()
    cloud.stored["output.mp4"] = b"the first"

    async def work(publisher: Publisher) -> bool:
        stays = await publisher.put_file(f"{cloud.base}/s3/output.mp4", video, lambda _: None)
        await publisher.adopt(f"{cloud.base}/s3/output.mp4?get", video, 100)
        return stays

    assert with_cloud(cloud, work) is False
    assert video.read_bytes() == b"the first"


def test_adopting_has_bounds(video: Path) -> None:
    cloud = FakeNetwork()
    cloud.stored["output.mp4"] = b"x" * 101
    for key, most in (("output.mp4", 100), ("gone.mp4", 1000)):
        with pytest.raises(JobFailed):
            with_cloud(cloud, lambda p, k=key, m=most: p.adopt(f"{cloud.base}/s3/{k}", video, m))  # type: ignore[misc]


@pytest.mark.fault("I4")
def test_a_bucket_that_answers_nothing_is_given_up(video: Path) -> None:
    async def silence(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def run() -> None:
        async with serving(silence) as base, aiohttp.ClientSession() as session:
            await Publisher(session, backoff=0.01, stall_seconds=0.1).put_json(f"{base}/x", "{}")

    with pytest.raises(JobFailed):
        asyncio.run(run())


@pytest.mark.fault("I4")
@pytest.mark.parametrize(("bytes_a_second", "stall_seconds"), [(1000, 1.0), (5_000_000, 4.0)])
def test_an_upload_that_drips_is_given_up_and_one_that_moves_is_not(
    tmp_path: Path, bytes_a_second: int, stall_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take longer in all than is waited for a piece."""
    video = tmp_path / "long.mp4"
    # Much more than the kernel takes from us before anybody has read it.
    video.write_bytes(bytes(25_000_000))
    monkeypatch.setattr("gpu_worker.transfer.upload.ATTEMPTS", 2)
    sent: list[float] = []
    with slow_line(bytes_a_second) as (url, hang_up):

        async def run() -> bool:
            async with aiohttp.ClientSession() as session:
                publisher = Publisher(session, backoff=0.01, stall_seconds=stall_seconds)
                try:
                    return await publisher.put_file(url, video, sent.append)
                finally:
                    # What was given up is closed once its last bytes are gone, or nobody is there to take them.
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
    """The URL of a bucket that answers 200 to what it has read to its end, and what hangs up on all."""
    over = threading.Event()

    def take(caller: socket.socket) -> None:
        head, _, rest = caller.recv(4096).partition(b"\r\n\r\n")
        left = int(head.lower().split(b"content-length:")[1].split()[0]) - len(rest)
        while left > 0 and not over.wait(0.1):
            read = len(caller.recv(min(left, bytes_a_second // 10), socket.MSG_WAITALL))
            if not read:
                return
            left -= read
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def serve(server: socket.socket) -> None:
        while not over.is_set():
            with suppress(OSError), server.accept()[0] as caller:
                take(caller)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/output.mp4", over.set
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_output_facts_are_of_the_file(video: Path) -> None:
    facts = asyncio.run(output_facts("jobs/j/output.mp4", video))
    assert facts.size_bytes == SIZE
    assert len(facts.sha256) == 64
