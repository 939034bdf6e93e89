"""Downloads from a real loopback server, and from addresses that must never be contacted."""

from __future__ import annotations

import asyncio
import gzip
import logging
import math
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from contract.addresses import is_allowed
from contract.errors import Code
from contract.limits import Limits
from contract.operations import Input, Role
from contract.retry import Backoff
from contract.web_pages import looks_like_html
from gpu_worker.errors import JobFailed
from gpu_worker.logs import configure_logging
from gpu_worker.settings import Settings
from gpu_worker.transfer.download import Downloader
from gpu_worker.transfer.resolver import ForbiddenAddressError, GuardedResolver
from gpu_worker.transfer.responses import parse_retry_after
from gpu_worker.transfer.session import DownloadPolicy, open_session
from tests.support.fake_network import serving
from tests.support.outbound import LOOPBACK, PUBLIC_ONLY, find_reason
from tests.support.scripted_server import closed_url

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
FIELDS = {Role.VIDEO: "url_video", Role.SUBTITLES: "url_srt"}


def fetch(
    answer: Answer, tmp_path: Path, role: Role = Role.VIDEO, limits: Limits | None = None, path: str = "/file",
    *, policy: DownloadPolicy = LOOPBACK, seconds_left: float = math.inf,
) -> tuple[bytes | Code, list[web.Request]]:  # fmt: skip
    """Download from a server that sends this answer. Return the bytes or the failure's code, and its requests."""
    seen: list[web.Request] = []

    async def route(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return await answer(request)

    async def work() -> bytes | Code:
        async with serving(route) as base, open_session(policy) as session:
            deadline = time.monotonic() + seconds_left
            downloader = Downloader(session, limits or Limits(), policy, deadline=deadline)
            try:
                await downloader.download(Input(FIELDS[role], role, base + path), tmp_path / "in")
            except JobFailed as error:
                return error.failure.code if error.failure.params["field"] == FIELDS[role] else Code.INTERNAL
            return (tmp_path / "in").read_bytes()

    return asyncio.run(work()), seen


def body(data: bytes = b"data", **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=data, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def status(*codes: int) -> Answer:
    left = list(codes)

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=left.pop(0) if len(left) > 1 else left[0], body=b"data")

    return answer


def redirect(to: str) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": to})

    return answer


def test_bytes_arrive_complete_and_the_signed_query_unchanged(tmp_path: Path) -> None:
    data, seen = fetch(body(b"x" * 700_000), tmp_path, path="/a%20b?X-Sig=a%2Fb%2Bc==&d=1")
    assert data == b"x" * 700_000
    assert seen[0].raw_path == "/a%20b?X-Sig=a%2Fb%2Bc==&d=1"
    headers = seen[0].headers
    assert headers["Accept-Encoding"] == "identity"
    assert "Referer" not in headers
    assert "Cookie" not in headers


@pytest.mark.fault("F7", "F15")
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (status(404), Code.SOURCE_HTTP),
        (status(403), Code.SOURCE_HTTP),
        (status(206), Code.SOURCE_HTTP),
        (body(b""), Code.SOURCE_EMPTY),
        (body(b"\n  <!DOCTYPE html><html>", Content_Type="video/mp4"), Code.SOURCE_IS_HTML),
        (body(b"\xef\xbb\xbf<HTML><body>"), Code.SOURCE_IS_HTML),
        (body(b"<h1>Not found</h1>", Content_Type="text/html; charset=utf-8"), Code.SOURCE_IS_HTML),
        (redirect("/again"), Code.SOURCE_UNREACHABLE),
        (redirect("ftp://example.com/x"), Code.SOURCE_FORBIDDEN),
        (redirect("file:///etc/passwd"), Code.SOURCE_FORBIDDEN),
        (redirect("http://10.0.0.1/x"), Code.SOURCE_FORBIDDEN),
        (redirect("http://169.254.169.254/latest/meta-data"), Code.SOURCE_FORBIDDEN),
        (redirect("http://[::ffff:127.0.0.1]/x"), Code.SOURCE_FORBIDDEN),
        (redirect("http://user@127.0.0.1/x"), Code.SOURCE_FORBIDDEN),
        (body(b"\x1f\x9d\x90data", Content_Encoding="compress"), Code.MEDIA_UNSUPPORTED),
        (status(202), Code.SOURCE_HTTP),
        (status(204), Code.SOURCE_EMPTY),
    ],
)
def test_each_unusable_response_has_its_own_code(answer: Answer, code: Code, tmp_path: Path) -> None:
    assert fetch(answer, tmp_path)[0] == code


def test_an_empty_subtitle_file_is_empty_subtitles(tmp_path: Path) -> None:
    assert fetch(body(b""), tmp_path, Role.SUBTITLES)[0] == Code.SUBTITLES_EMPTY


@pytest.mark.fault("F7")
def test_twenty_redirects_are_followed_and_no_more(tmp_path: Path) -> None:
    async def countdown(request: web.Request) -> web.Response:
        left = int(request.path.strip("/"))
        return web.Response(status=302, headers={"Location": f"/{left - 1}"}) if left else web.Response(body=b"there")

    data, _ = fetch(countdown, tmp_path, path="/20")
    assert data == b"there"
    data, seen = fetch(countdown, tmp_path, path="/21")
    assert data == Code.SOURCE_UNREACHABLE
    assert len(seen) == 21


@pytest.mark.parametrize("code", [200, 201, 203, 226, 299])
def test_any_success_with_a_body_is_a_file(code: int, tmp_path: Path) -> None:
    assert fetch(status(code), tmp_path)[0] == b"data"


@pytest.mark.parametrize(("total", "is_whole"), [("4", True), ("5", False), ("*", False)])
def test_an_unrequested_range_must_be_the_whole_file(total: str, is_whole: bool, tmp_path: Path) -> None:
    async def part(_request: web.Request) -> web.Response:
        return web.Response(status=206, body=b"data", headers={"Content-Range": f"bytes 0-3/{total}"})

    assert fetch(part, tmp_path)[0] == (b"data" if is_whole else Code.SOURCE_HTTP)


@pytest.mark.parametrize("name", ["re\u0301.jpg", "r\u00e9.jpg", "\u1100\u1161.jpg"])
def test_the_path_is_requested_as_spelled_in_the_url(name: str, tmp_path: Path) -> None:
    data, seen = fetch(body(), tmp_path, path=f"/{name}?n={name}")
    assert data == b"data"
    assert (seen[0].path, seen[0].query["n"]) == (f"/{name}", name)


@pytest.mark.parametrize(
    ("cookie", "attributes"),
    [
        ("seen=1", ""),
        ('seen="a b"', "; Path=/"),
        ("seen=YQ==", "; Domain=127.0.0.1"),
        ("seen=", "; Domain=example"),
        ("seen=1", "; HttpOnly; SameSite=Strict; Max-Age=60; Partitioned"),
    ],
)
def test_a_cookie_returns_to_the_host_that_set_it(cookie: str, attributes: str, tmp_path: Path) -> None:
    async def wall(request: web.Request) -> web.Response:
        if request.headers.get("Cookie") == cookie:
            return web.Response(body=b"data")
        return web.Response(status=302, headers={"Location": "/file", "Set-Cookie": cookie + attributes})

    for _ in range(2):
        # The second download knows nothing of the first one's cookies.
        data, seen = fetch(wall, tmp_path)
        assert (data, len(seen)) == (b"data", 2)


@pytest.mark.parametrize("attributes", ["; Path=/elsewhere", "; Secure", "; Max-Age=0"])
def test_a_cookie_is_not_sent_outside_its_scope(attributes: str, tmp_path: Path) -> None:
    async def hop(request: web.Request) -> web.Response:
        assert "Cookie" not in request.headers
        if request.path == "/end":
            return web.Response(body=b"data")
        return web.Response(status=302, headers={"Location": "/end", "Set-Cookie": f"a=b{attributes}"})

    assert fetch(hop, tmp_path)[0] == b"data"


@pytest.fixture
def client_log_level() -> Iterator[None]:
    """Restore the level that `configure_logging` changes."""
    client = logging.getLogger("aiohttp.internal")
    before = client.level
    yield
    client.setLevel(before)


def test_invalid_cookie_names_are_not_logged(
    tmp_path: Path, client_log_level: None, caplog: pytest.LogCaptureFixture
) -> None:
    answer = body(b"data", Set_Cookie="crumb\u00e9=1")
    assert fetch(answer, tmp_path)[0] == b"data"
    assert "crumb" in caplog.text
    caplog.clear()
    configure_logging(logging.getLogger("another"))
    assert fetch(answer, tmp_path)[0] == b"data"
    assert "crumb" not in caplog.text


def test_large_response_headers_are_read(tmp_path: Path) -> None:
    headers = {"Content-Security-Policy": "a" * 60_000, "Report-To": "b" * 9_000}
    assert fetch(body(b"data", **headers), tmp_path)[0] == b"data"


@pytest.mark.parametrize("headers_first", [True, False])
def test_the_first_byte_may_take_longer_than_a_stall(headers_first: bool, tmp_path: Path) -> None:
    async def generate(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if headers_first:
            await response.prepare(request)
        await asyncio.sleep(0.5)
        await response.prepare(request)
        await response.write(b"data")
        return response

    data, seen = fetch(generate, tmp_path, policy=replace(LOOPBACK, stall_seconds=0.1))
    assert (data, len(seen)) == (b"data", 1)


@pytest.mark.parametrize(
    ("contact", "agent"),
    [(None, "api-gpu-worker/1"), ("https://example.com/bot", "api-gpu-worker/1 (+https://example.com/bot)")],
)
def test_the_user_agent_names_the_contact(contact: str | None, agent: str) -> None:
    assert Settings.from_environ({"CONTACT": contact or ""}).contact == contact

    async def work() -> None:
        async with open_session(DownloadPolicy(contact=contact)) as session:
            assert session.headers["User-Agent"] == agent

    asyncio.run(work())


@pytest.mark.parametrize("contact", ["a b", "x\r\nHost: y", "(x)", "caf\u00e9", "a" * 999])
def test_an_invalid_contact_is_refused_at_start(contact: str) -> None:
    with pytest.raises(ValueError, match="CONTACT"):
        Settings.from_environ({"CONTACT": contact})


def test_temporary_errors_are_retried_and_others_are_not(tmp_path: Path) -> None:
    policy = replace(LOOPBACK, backoff=Backoff(attempts=3, base=0.01))
    data, seen = fetch(status(503, 500, 200), tmp_path, policy=policy)
    assert (data, len(seen)) == (b"data", 3)
    data, seen = fetch(status(503), tmp_path, policy=policy)
    assert (data, len(seen)) == (Code.SOURCE_HTTP, 3)
    assert len(fetch(status(404), tmp_path, policy=policy)[1]) == 1


def busy(retry_after: str, *codes: int) -> Answer:
    left = list(codes)

    async def answer(_request: web.Request) -> web.Response:
        code = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(status=code, body=b"data", headers={"Retry-After": retry_after})

    return answer


@pytest.mark.parametrize(
    ("retry_after", "codes", "pauses"),
    [
        ("4", (503, 429, 200), [4, 4]),
        ("1", (503, 503, 503, 503, 200), [1, 1.4, 2.8, 5.6]),
        ("60", (429,), [60, 60]),
        ("200", (503, 200), [200]),
        ("100000", (503,), []),
        ("-5", (503,), [0.7, 1.4]),
        ("soon", (503,), [0.7, 1.4]),
        ("Fri, 31 Dec 1999 23:59:59 GMT", (502,), [0.7, 1.4]),
        ("5", (429,), [5, 5, 5, 5.6, *[10] * 7]),
        ("60", (403,), []),
    ],
)
def test_retry_after_is_respected_up_to_90_seconds_in_all(
    retry_after: str, codes: tuple[int, ...], pauses: list[float], tmp_path: Path
) -> None:
    policy, waits = recording_policy()
    data, seen = fetch(busy(retry_after, *codes), tmp_path, policy=policy)
    assert data == (b"data" if codes[-1] == 200 else Code.SOURCE_HTTP)
    assert (waits, len(seen)) == (pauses, len(pauses) + 1)


@pytest.mark.parametrize(("retry_after", "waits"), [("10", [10]), ("30", [])])
def test_retries_end_before_the_jobs_deadline(retry_after: str, waits: list[float], tmp_path: Path) -> None:
    policy, waited = recording_policy()
    fetch(busy(retry_after, 503, 200), tmp_path, policy=policy, seconds_left=20)
    assert waited == waits


def recording_policy() -> tuple[DownloadPolicy, list[float]]:
    """A policy without jitter that records its waits and does not sleep."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 1))

    backoff = replace(DownloadPolicy().backoff, jitter=0.0)
    return replace(LOOPBACK, backoff=backoff, sleep=sleep), waits


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("0", "", 0.0),
        (" 120 ", "", 120.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:27:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:28:00 -0000", "Wed, 21 Oct 2026 07:27:30 -0000", 30.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 08:00:00 GMT", 0.0),
        ("Fri, 01 Jan 1999 00:00:00 GMT", "nonsense", 0.0),
        *((value, "", None) for value in ("", "-1", "1.5", "1e9", "9" * 5000, "soon", "Wed, 99 Foo 2026", "\u0661")),
    ],
)
def test_retry_after_is_read_in_both_forms(retry_after: str, date: str, seconds: float | None) -> None:
    assert parse_retry_after({"Retry-After": retry_after, "Date": date}) == seconds
    assert parse_retry_after({}) is None


@pytest.mark.fault("F14")
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_refused(declared: bool, tmp_path: Path) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Length": str(10**12)} if declared else {})
        await response.prepare(request)
        while sent < 50_000_000:
            await response.write(b"x" * 100_000)
            sent += 100_000
        return response

    assert fetch(endless, tmp_path, limits=Limits(max_video_bytes=300_000))[0] == Code.SOURCE_TOO_LARGE
    assert sent < 20_000_000


@pytest.mark.fault("F14")
def test_a_gzip_body_is_decoded_up_to_the_limit(tmp_path: Path) -> None:
    subtitles = b"1\n00:00:01,000 --> 00:00:02,000\nhi\n"
    packed = body(gzip.compress(subtitles), Content_Encoding="gzip")
    assert fetch(packed, tmp_path, Role.SUBTITLES)[0] == subtitles
    bomb = body(gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")
    limits = Limits(max_subtitle_bytes=1_000_000)
    assert fetch(bomb, tmp_path, Role.SUBTITLES, limits)[0] == Code.SOURCE_TOO_LARGE
    assert (tmp_path / "in").stat().st_size <= 1_000_000


def test_loopback_is_refused_by_default(tmp_path: Path) -> None:
    data, seen = fetch(body(), tmp_path, policy=PUBLIC_ONLY)
    assert (data, seen) == (Code.SOURCE_FORBIDDEN, [])


def test_a_dead_port_is_unreachable(tmp_path: Path) -> None:
    assert fetch(redirect(f"{closed_url()}/x"), tmp_path)[0] == Code.SOURCE_UNREACHABLE
    assert find_reason(closed_url(), tmp_path, policy=LOOPBACK) == "source_unreachable connection_refused"


def resolving(*addresses: str) -> Callable[..., Awaitable[list[tuple[object, ...]]]]:
    async def getaddrinfo(*_args: object, **_more: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]

    return getaddrinfo


@pytest.mark.fault("F5")
@pytest.mark.parametrize(
    ("addresses", "allowed"),
    [
        (["93.184.215.14"], True),
        (["93.184.215.14", "10.0.0.1"], False),
        (["127.0.0.1"], False),
        (["169.254.169.254"], False),
        (["64:ff9b::a9fe:a9fe"], False),
    ],
)
def test_a_name_is_refused_if_one_of_its_addresses_is(addresses: list[str], allowed: bool) -> None:
    async def work() -> list[str]:
        asyncio.get_running_loop().getaddrinfo = resolving(*addresses)  # type: ignore[method-assign]
        found = await GuardedResolver(partial(is_allowed, allow_loopback=False)).resolve("example.com", 80)
        return [result["host"] for result in found]

    if allowed:
        assert asyncio.run(work()) == addresses
    else:
        with pytest.raises(ForbiddenAddressError):
            asyncio.run(work())


def test_a_name_with_a_private_address_is_refused_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All the way through aiohttp: the refusal is not mistaken for a network error and not retried."""
    resolved: list[str] = []

    def getaddrinfo(host: str, *_args: object, **_more: object) -> list[tuple[object, ...]]:
        resolved.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    policy = replace(LOOPBACK, backoff=Backoff(attempts=3, base=0.0))
    data, seen = fetch(redirect("http://inside.example.com/x"), tmp_path, policy=policy)
    assert (data, len(seen)) == (Code.SOURCE_FORBIDDEN, 1)
    assert resolved == ["inside.example.com"]


def test_sessions_use_no_proxy_and_share_no_cookies() -> None:
    async def work() -> None:
        async with open_session(PUBLIC_ONLY) as session:
            assert session.trust_env is False
            assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("head", "html"),
    [
        (b"<html>", True),
        (b"  \r\n<!doctype HTML>", True),
        (b"<?xml version='1.0'?><html xmlns='x'>", True),
        (b"\xff\xfe<\0h\0t\0m\0l\0>\0", True),
        (b"1\n00:00:01,000 --> 00:00:02,000\n<i>hi</i>", False),
        (b"\0\0\0\x20ftypisom", False),
    ],
)
def test_web_pages_are_recognized(head: bytes, html: bool) -> None:
    assert looks_like_html(head) is html
