"""Both drivers against servers on loopback that drop, stall, refuse and cut off."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api_gpu import APIConnectionError, ApiGpuError, APITimeoutError, AsyncClient, Client, ServerError
from api_gpu.core.effects import Flow, Gather, Item, Request, Send, Sleep
from api_gpu.drivers.tasks import TaskDriver
from api_gpu.drivers.threads import ThreadDriver
from tests.support.scripted_server import Peer, Reply, answer, assert_faster_than, closed_url, peer, reset, stall
from tests.support.system import eventually

BYTES = bytes(range(256)) * 4096
"""1 MiB: several pieces."""


class Both:
    """Runs the same calls with a `Client` or an `AsyncClient`."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind, self.url = kind, url

    def __call__(self, use: Callable[[Any], Any], **options: Any) -> Any:
        if self.kind == "threads":
            with Client(self.url, "key", **options) as client:
                return use(client)

        async def run() -> Any:
            async with AsyncClient(self.url, "key", **options) as client:
                return await use(client)

        return asyncio.run(run())


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as serving:
        yield serving


@pytest.fixture(params=["threads", "tasks"])
def both(request: pytest.FixtureRequest, server: Peer) -> Both:
    return Both(request.param, server.url)


def test_request_has_key_and_version(both: Both, server: Peer) -> None:
    server.replies = [answer(200, {"ok": True})]
    assert both(lambda client: client.health()) == {"ok": True}
    headers = server.seen[0].headers
    assert headers["x-api-key"] == "key"
    assert headers["user-agent"].startswith("api-gpu-python/")


def test_dropped_connection_and_error_are_outlived(both: Both, server: Peer) -> None:
    server.replies = [reset, answer(500, {}, {"Retry-After": "0"}), answer(200, {"ok": True})]
    assert both(lambda client: client.fonts(), max_retries=3) == {"ok": True}
    assert len(server.seen) == 3


def test_nobody_listens(both: Both) -> None:
    both.url = closed_url()
    with pytest.raises(APIConnectionError, match=r"no answer from http://127\.0\.0\.1"):
        both(lambda client: client.fonts(), max_retries=0)


def test_silent_server_times_out(both: Both, server: Peer) -> None:
    server.replies = [stall]
    with assert_faster_than(5), pytest.raises(APITimeoutError, match="in time"):
        both(lambda client: client.fonts(), max_retries=0, timeout=0.2)


def test_long_retry_after_is_left_to_the_caller(both: Both, server: Peer) -> None:
    server.replies = [answer(503, {"detail": "Later."}, {"Retry-After": "3600"})]
    with assert_faster_than(5), pytest.raises(ServerError) as raised:
        both(lambda client: client.fonts())
    assert raised.value.retry_after == 3600


def test_redirects_are_not_followed(both: Both, server: Peer) -> None:
    server.replies = [answer(302, b"", {"Location": "/elsewhere"}), answer(200, {})]
    with pytest.raises(ApiGpuError, match="leads elsewhere"):
        both(lambda client: client.fonts())
    assert len(server.seen) == 1


def upload_plan(server: Peer, size: int, part: int | None = None) -> dict[str, Any]:
    plan: dict[str, Any] = {"upload_id": "u1", "url": None, "headers": {}, "parts": None}
    if part is None:
        headers = {"Content-Type": "video/mp4", "Content-Length": str(size), "X-Amz-Checksum-Sha256": "abc="}
        return plan | {"url": f"{server.url}/bucket/u1", "headers": headers}
    sizes = [min(part, size - start) for start in range(0, size, part)]
    return plan | {
        "parts": [{"number": n, "url": f"{server.url}/bucket/{n}", "size_bytes": s} for n, s in enumerate(sizes, 1)]
    }


def by_path(**routes: Reply) -> Reply:
    """Choose the reply by the first part of the path."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        routes[handler.path.split("/")[1]](handler)

    return reply


def test_upload_streams_the_file_with_the_given_headers(both: Both, server: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(BYTES)
    server.replies = [answer(201, upload_plan(server, len(BYTES))), answer(200)]
    sent: list[tuple[str, int, int]] = []
    upload = both(lambda client: client.upload(tmp_path / "a.mp4", lambda *it: sent.append(it)))
    put = server.seen[1]
    assert str(upload) == "upload:u1"
    assert put.body == BYTES
    assert (put.headers["content-length"], put.headers["content-type"]) == (str(len(BYTES)), "video/mp4")
    assert put.headers["x-amz-checksum-sha256"] == "abc="
    assert "transfer-encoding" not in put.headers
    assert "x-api-key" not in put.headers
    assert len(sent) > 2
    assert sent[-1] == ("a.mp4", len(BYTES), len(BYTES))


def test_parts_are_sent_at_the_same_time(both: Both, server: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(BYTES)
    together = threading.Barrier(4, timeout=10)
    part = len(BYTES) // 4

    def store(handler: BaseHTTPRequestHandler) -> None:
        together.wait()
        answer(200, b"", {"ETag": f'"{handler.path[-1]}"'})(handler)

    done = answer(200, {"upload_id": "u1", "state": "ready"})

    def api(handler: BaseHTTPRequestHandler) -> None:
        (done if handler.path.endswith("complete") else answer(201, upload_plan(server, len(BYTES), part)))(handler)

    server.replies = [by_path(uploads=api, bucket=store)]
    both(lambda client: client.upload(tmp_path / "a.mp4"))
    bodies = {request.path: request.body for request in server.seen if request.method == "PUT"}
    assert b"".join(bodies[f"/bucket/{number}"] for number in (1, 2, 3, 4)) == BYTES
    assert server.seen[-1].json == {"parts": [{"number": n, "etag": f'"{n}"'} for n in (1, 2, 3, 4)]}


def test_failed_part_ends_the_others(both: Both, server: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(BYTES)
    part = len(BYTES) // 16
    refused = answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    server.replies = [by_path(uploads=answer(201, upload_plan(server, len(BYTES), part)), bucket=refused)]
    with pytest.raises(ApiGpuError, match="AccessDenied"):
        both(lambda client: client.upload(tmp_path / "a.mp4"))
    assert sum(request.method == "PUT" for request in server.seen) < 16


def finished(server: Peer) -> dict[str, Any]:
    entry = {"name": "output.mp4", "url": f"{server.url}/file?signature", "size_bytes": len(BYTES),
             "sha256": hashlib.sha256(BYTES).hexdigest()}  # fmt: skip
    return {"job_id": "j1", "status": "COMPLETED", "artifacts": [entry]}


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BYTES)))
    handler.end_headers()
    handler.wfile.write(BYTES[:300_000])
    handler.close_connection = True


def rest(handler: BaseHTTPRequestHandler) -> None:
    start = int(handler.headers["Range"][6:-1])
    span = {"Content-Range": f"bytes {start}-{len(BYTES) - 1}/{len(BYTES)}"}
    answer(206, BYTES[start:], span)(handler)


def test_download_that_is_cut_off_is_continued(both: Both, server: Peer, tmp_path: Path) -> None:
    server.replies = [answer(200, finished(server)), cut_off, rest]
    saved = both(lambda client: client.job("j1").download(tmp_path))
    assert saved.read_bytes() == BYTES
    assert server.seen[2].headers["range"].startswith("bytes=")
    assert server.seen[2].headers["range"] != "bytes=0-"
    assert "x-api-key" not in server.seen[1].headers
    assert [path.name for path in tmp_path.iterdir()] == ["output.mp4"]


def test_refused_download_has_its_reason(both: Both, server: Peer, tmp_path: Path) -> None:
    refused = answer(404, b"<Error><Code>NoSuchKey</Code><Message>Gone.</Message></Error>")
    server.replies = [answer(200, finished(server)), refused, answer(200, finished(server)), refused]
    with pytest.raises(ApiGpuError, match="Gone"):
        both(lambda client: client.job("j1").download(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_options_change_limits_over_the_same_connections(both: Both, server: Peer) -> None:
    server.replies = [stall]
    if both.kind == "threads":
        with Client(server.url, "key") as client, pytest.raises(APITimeoutError):
            client.with_options(timeout=0.2, max_retries=0).fonts()
        return

    async def run() -> None:
        async with AsyncClient(server.url, "key") as client:
            with pytest.raises(APITimeoutError):
                await client.with_options(timeout=0.2, max_retries=0).fonts()

    asyncio.run(run())


def items() -> Flow[None]:
    try:
        yield Sleep(0.0)
        yield Item(1)
        yield Item(2)
    finally:
        CLOSED.append(True)


CLOSED: list[bool] = []


def test_iteration_that_is_left_closes_its_flow() -> None:
    CLOSED.clear()
    with httpx2.Client() as http:
        iterator = ThreadDriver(http, 1.0).iterate(items())
        assert next(iterator) == 1
        iterator.close()  # type: ignore[attr-defined]
    assert CLOSED

    async def run() -> None:
        async with httpx2.AsyncClient() as http:
            iterator = TaskDriver(http, 1.0).iterate(items())
            assert await anext(iterator) == 1
            await iterator.aclose()  # type: ignore[attr-defined]

    CLOSED.clear()
    asyncio.run(run())
    assert CLOSED


def test_interrupt_ends_what_runs_at_the_same_time() -> None:
    """Ctrl-C reaches the main thread only: the others must not go on behind it."""
    started = threading.Barrier(3, timeout=10)
    left: list[int] = []

    def forever(number: int) -> Flow[None]:
        started.wait()
        try:
            while True:
                yield Sleep(0.01)
        finally:
            left.append(number)

    def both_flows() -> Flow[None]:
        yield Gather([forever(1), forever(2)], 2)

    def interrupt() -> None:
        started.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with httpx2.Client() as http, pytest.raises(KeyboardInterrupt):
        ThreadDriver(http, 1.0).run(both_flows())
    eventually(lambda: sorted(left), lambda seen: seen == [1, 2], 5)


def test_cancelled_task_ends_what_it_gathered() -> None:
    left: list[int] = []

    def forever(number: int) -> Flow[None]:
        try:
            while True:
                yield Sleep(0.01)
        finally:
            left.append(number)

    def both_flows() -> Flow[None]:
        yield Gather([forever(1), forever(2)], 2)

    async def run() -> None:
        async with httpx2.AsyncClient() as http:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(TaskDriver(http, 1.0).run(both_flows()), 0.1)

    asyncio.run(run())
    assert sorted(left) == [1, 2]


def test_results_come_in_order() -> None:
    def number(value: int, seconds: float) -> Flow[int]:
        yield Sleep(seconds)
        return value

    def all_of_them() -> Flow[list[int]]:
        return (yield Gather([number(1, 0.03), number(2, 0.0), number(3, 0.01)], 2))  # type: ignore[no-any-return]

    with httpx2.Client() as http:
        assert ThreadDriver(http, 1.0).run(all_of_them()) == [1, 2, 3]

    async def run() -> list[int]:
        async with httpx2.AsyncClient() as http:
            return await TaskDriver(http, 1.0).run(all_of_them())

    assert asyncio.run(run()) == [1, 2, 3]


def test_http_client_of_the_caller_is_used_and_left_open() -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"path": request.url.path}))
    with httpx2.Client(transport=transport) as http:
        with Client("https://api.example.com/v1", "key", http_client=http) as client:
            assert client.fonts() == {"path": "/v1/fonts"}
        assert not http.is_closed


def test_send_of_an_unknown_scheme_is_no_connection_error() -> None:
    with httpx2.Client() as http, pytest.raises(ApiGpuError, match="cannot be requested"):
        ThreadDriver(http, 1.0).run(_one(Send(Request("GET", "ftp://127.0.0.1/x"))))


def _one(effect: Send) -> Flow[Any]:
    return (yield effect)
