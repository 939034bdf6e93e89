"""Misbehaving sources: each download is bounded, and the failure names the cause."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from contract.errors import CATALOGUE, Blame, Code, Failure
from contract.limits import Limits
from contract.operations import Role
from contract.retry import Backoff
from lambda_api.domain.policy import MINUTE
from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import submission
from tests.support.fake_network import FakeNetwork
from tests.support.fakes import World
from tests.support.gateway import Client
from tests.support.outbound import LOOPBACK, download, find_reason
from tests.support.scripted_server import SLOW_SECONDS, Reply, answer, drip, peer, reset, slowly, stall
from tests.support.worker import handle

IMG2VID = {"kind": "img2vid", "duration": 0.5, "size": "160x90"}
SMALL = Limits(max_video_bytes=1_000_000, fetch_seconds=30.0)
OK = b"HTTP/1.1 200 OK\r\n"


def raw(*parts: bytes, times: int = 1) -> Reply:
    """Send the parts, the last one `times` times."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            for part in parts[:-1]:
                handler.wfile.write(part)
            for _ in range(times):
                handler.wfile.write(parts[-1])

    return reply


_CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_ZIPPED = OK + b"Content-Encoding: gzip\r\n\r\n"
_LARGE = "source_too_large"
_LOST, _NOT_HTTP = "source_unreachable connection_lost", "source_unreachable not_http"
_HEADERS = "source_unreachable headers_too_large"
FAULTS: dict[str, tuple[Reply, str]] = {
    "a drip": (drip, "source_timeout too_slow"),
    "a body that stops": (slowly(OK + b"Content-Length: 9\r\n\r\nhalf", b"", SLOW_SECONDS), "source_timeout stalled"),
    "silence": (stall, "source_timeout no_answer"),
    "a reset": (reset, _LOST),
    "half a header": (raw(OK + b"Conte"), _LOST),
    "noise": (raw(b"\x16\x03\x01\0\xff" * 99), _NOT_HTTP),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.9\r\n"), _NOT_HTTP),
    "chunks without end": (raw(_CHUNKED, _CHUNK, times=10_000), _LARGE),
    "chunks cut off": (raw(_CHUNKED, _CHUNK[:-9]), _LOST),
    "chunks without the last": (raw(_CHUNKED, _CHUNK), _LOST),
    "a negative chunk": (raw(_CHUNKED + b"-5\r\nxx\r\n"), _NOT_HTTP),
    "a huge chunk": (raw(_CHUNKED + b"f" * 40 + b"\r\nx"), _NOT_HTTP),
    "a body without end": (raw(OK + b"\r\n", b"x" * 65536, times=10_000), _LARGE),
    "a length that is too long": (raw(OK + b"Content-Length: 999\r\n\r\nhalf"), _LOST),
    "a length of 5,000 digits": (raw(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx"), _NOT_HTTP),
    "a negative length": (raw(OK + b"Content-Length: -1\r\n\r\nx"), _NOT_HTTP),
    "two lengths": (raw(OK + b"Content-Length: 1\r\nContent-Length: 9\r\n\r\nx"), _NOT_HTTP),
    "headers without end": (raw(OK, b"X-A: " + b"y" * 60 + b"\r\n", times=9999), _HEADERS),
    "a header of a megabyte": (raw(OK + b"X-A: " + b"y" * 1_000_000 + b"\r\n\r\n"), _HEADERS),
    "promises without end": (slowly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), "source_timeout no_answer"),
    "an unrequested part": (
        raw(b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx"),
        "source_http 206",
    ),
    "a bomb": (raw(_ZIPPED + gzip.compress(b"0" * 50_000_000)), _LARGE),
    "a bomb in a bomb": (
        raw(OK + b"Content-Encoding: gzip, deflate\r\n\r\n" + zlib.compress(gzip.compress(b"0" * 50_000_000))),
        _LARGE,
    ),
    "packed nothing without end": (raw(_ZIPPED, gzip.compress(b"") * 5000, times=5000), _LARGE),
    "nothing, packed": (raw(_ZIPPED, gzip.compress(b"")), "source_empty"),
    "packed too often": (raw(OK + b"Content-Encoding: gzip" + b", gzip" * 999 + b"\r\n\r\nx"), "media_unsupported"),
    "cut off while unpacking": (raw(_ZIPPED + gzip.compress(b"data" * 999)[:-9]), _LOST),
}
LONG = {"source_timeout too_slow", "source_timeout no_answer"}


@pytest.mark.fault("F14")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_misbehaving_source_is_bounded_and_named(fault: str, tmp_path: Path) -> None:
    reply, cause = FAULTS[fault]
    # Only these tests reach a time limit; the others may take long on a busy machine.
    limits = SMALL.model_copy(update={"fetch_seconds": 1.0}) if cause in LONG else SMALL
    policy = replace(LOOPBACK, stall_seconds=0.3) if cause == "source_timeout stalled" else LOOPBACK
    began = time.monotonic()
    with peer() as server:
        server.replies = [reply]
        found = find_reason(server.url, tmp_path, limits=limits, policy=policy)
    assert found == cause
    assert time.monotonic() - began < SLOW_SECONDS / 2
    assert CATALOGUE[Code(cause.split()[0])].blame is Blame.CALLER
    kept = tmp_path / "in"
    assert not kept.exists() or kept.stat().st_size <= SMALL.max_video_bytes


_LENGTH = b"Content-Length: 4\r\n"
ODD: dict[str, bytes] = {
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\ndata",
    "no length": OK + b"\r\ndata",
    "no reason": b"HTTP/1.1 200\r\n" + _LENGTH + b"\r\ndata",
    "line feeds": b"HTTP/1.1 200 OK\n" + _LENGTH.replace(b"\r", b"") + b"\ndata",
    "hints before it": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 9 + OK + _LENGTH + b"\r\ndata",
    "a trailer": _CHUNKED + b"4;a=b\r\ndata\r\n0\r\nX: y\r\n\r\n",
    "a folded header": OK + b"X-A: b\r\n c\r\n" + _LENGTH + b"\r\ndata",
    "Latin-1 in a header": OK + b"Content-Disposition: attachment; filename=\xe9\r\n" + _LENGTH + b"\r\ndata",
    "300 headers": OK + b"X: y\r\n" * 300 + _LENGTH + b"\r\ndata",
    "cookies that are none": OK + b"Set-Cookie: \xff=;;\r\nSet-Cookie: a\r\nSet-Cookie: b=c; Domain=..\r\n\r\ndata",
    "a page by its type": OK + b"Content-Type: text/html\r\n" + _LENGTH + b"\r\ndata",
    "packed by the transfer": OK + b"Transfer-Encoding: gzip\r\n\r\n" + gzip.compress(b"data"),
}


@pytest.mark.parametrize("response", ODD)
def test_an_unusual_response_is_accepted(response: str, tmp_path: Path) -> None:
    with peer() as server:
        server.replies = [raw(ODD[response])]
        assert download(server.url, tmp_path, policy=LOOPBACK) == b"data"


@pytest.mark.fault("F14")
def test_data_after_a_compressed_body_is_dropped(tmp_path: Path) -> None:
    """zlib keeps it in `unused_data`, which no size limit covers: it could fill the memory."""
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.wfile.write(OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"data"))
        with suppress(OSError):
            while sent < 200_000_000:
                handler.wfile.write(b"x" * 1_000_000)
                sent += 1_000_000

    tracemalloc.start()
    try:
        with peer() as server:
            server.replies = [endless]
            assert download(server.url, tmp_path, policy=LOOPBACK) == b"data"
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert sent < 100_000_000


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_temporary_statuses_are_retryable_for_the_client(status: int) -> None:
    failure = Failure.of(Code.SOURCE_HTTP, field="url_video", http_status=str(status))
    assert failure.retryable
    assert failure.message.endswith(f"HTTP {status}. Try again later.")


@pytest.mark.fault("F16")
@pytest.mark.parametrize(
    ("status", "expired", "retryable"),
    [
        (403, True, False), (400, True, False), (401, True, False), (410, True, False), (404, False, False),
        (402, False, False), (503, False, True), (501, False, False),
    ],
)  # fmt: skip
def test_the_client_reads_that_a_source_url_expired(
    status: int, expired: bool, retryable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the store's response to a signed URL, through the worker and RunPod, to the job that the client gets."""
    monkeypatch.setenv("WORK_DIR", str(tmp_path))
    monkeypatch.setenv("ALLOW_LOOPBACK_URLS", "true")
    cloud = FakeNetwork()

    async def work(url: str) -> dict[str, Any]:
        async with cloud.open():
            return await handle(
                cloud.job({"kind": "img2vid", "url_image": "x"}, operation=IMG2VID | {"url_image": url})
            )

    with peer() as store:
        store.replies = [answer(status, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message>")]
        query = "X-Amz-Date=20260101T000000Z&X-Amz-Expires=900&X-Amz-Signature=planted"
        error = asyncio.run(work(f"{store.url}/planted.jpg?{query}"))["error"]
    world = World()
    submit_job(world.services, submission())
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", error)
    world.clock.advance(2 * MINUTE)
    sweep(world.services, 100, lambda: True)
    public_error = Client(world).call("GET", "/job/job-1").json["error"]
    assert (public_error["code"], public_error["blame"], public_error["retryable"]) == (
        "source_http",
        "caller",
        retryable,
    )
    assert public_error["message"].startswith(f"url_image could not be downloaded: its host answered HTTP {status}.")
    assert ("may have expired" in public_error["message"]) == expired
    assert ("Try again later" in public_error["message"]) == retryable
    assert ("refuses automated downloads" in public_error["message"]) == (status == 403)
    for secret in ("planted", "X-Amz", "127.0.0.1"):
        assert secret not in f"{error} {public_error}"


@pytest.mark.fault("F15", "F16")
@pytest.mark.parametrize(
    ("reply", "code", "tries"),
    [
        (answer(404), Code.SOURCE_HTTP, 1),
        (answer(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message>"), Code.SOURCE_HTTP, 1),
        (answer(410), Code.SOURCE_HTTP, 1),
        (answer(500), Code.SOURCE_HTTP, 3),
        (answer(200, b"<!doctype html><title>Sign in</title>", {"Content-Type": "video/mp4"}), Code.SOURCE_IS_HTML, 1),
        (answer(200, b"<html>", {"Content-Type": "text/html"}), Code.SOURCE_IS_HTML, 1),
        (answer(200), Code.SOURCE_EMPTY, 1),
    ],
)
@pytest.mark.parametrize("role", [Role.VIDEO, Role.IMAGE])
def test_only_temporary_errors_are_retried(reply: Reply, code: Code, tries: int, role: Role, tmp_path: Path) -> None:
    policy = replace(LOOPBACK, backoff=Backoff(attempts=3, base=0.01))
    with peer() as server:
        server.replies = [reply]
        assert download(server.url, tmp_path, role, policy=policy) == code
    assert len(server.seen) == tries
