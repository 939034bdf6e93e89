"""A look at inputs over real sockets: what hosts answer, refuse, and keep to themselves."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from contract.errors import Code
from contract.errors.downloads import Reason
from contract.limits import GIB
from lambda_api.adapters import dns
from lambda_api.adapters.input_reader import BOUNDS, HEAD_BYTES, MAX_REDIRECTS, HttpInputReader
from lambda_api.domain.inputs import Answer, NoAnswer
from tests.support.scripted_server import (
    Peer,
    Reply,
    answer,
    assert_faster_than,
    closed_url,
    peer,
    reset,
    slowly,
    stall,
)

JPEG = {"Content-Type": "image/jpeg"}
BODY = bytes(range(256)) * 1024


def no_index(_head: bytes, _size: int) -> int | None:
    return None


@pytest.fixture
def reader() -> HttpInputReader:
    return HttpInputReader(allow_loopback=True, find_index=no_index)


def impatient(seconds: float = 12.0) -> HttpInputReader:
    bounds = replace(BOUNDS, connect=0.4, read=0.6)
    return HttpInputReader(allow_loopback=True, find_index=no_index, bounds=bounds, seconds=seconds)


def read(reader: HttpInputReader, url: str, *, with_bytes: bool = False) -> Answer | NoAnswer | None:
    return reader.read({url: with_bytes})[url]


def methods(host: Peer) -> list[str]:
    return [request.method for request in host.seen]


def test_head_is_enough_for_a_picture(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [answer(200, BODY, JPEG)]
        found = read(reader, f"{host.url}/p.jpg?sig=a%2Fb")
    assert found == Answer(200, "127.0.0.1", "image/jpeg", len(BODY))
    assert methods(host) == ["HEAD"]
    assert host.seen[0].path == "/p.jpg?sig=a%2Fb"
    assert host.seen[0].headers["user-agent"] == "api-gpu-worker/1"


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_get_is_asked_where_head_is_refused(reader: HttpInputReader, status: int) -> None:
    with peer() as host:
        host.replies = [answer(status), answer(206, BODY[:10], JPEG | {"Content-Range": "bytes 0-9/5000"})]
        found = read(reader, host.url)
    assert found == Answer(206, "127.0.0.1", "image/jpeg", 5000, BODY[:10])
    assert methods(host) == ["HEAD", "GET"]
    assert host.seen[1].headers["range"] == f"bytes=0-{HEAD_BYTES - 1}"


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/html; charset=utf-8"}])
def test_get_is_asked_where_head_tells_nothing(reader: HttpInputReader, headers: dict[str, str]) -> None:
    with peer() as host:
        host.replies = [answer(200, b"<!doctype html>hello", headers)]
        found = read(reader, host.url)
    assert isinstance(found, Answer)
    assert found.head == b"<!doctype html>hello"
    assert methods(host) == ["HEAD", "GET"]


def test_bytes_are_asked_with_get_alone(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [answer(206, BODY[:HEAD_BYTES], {"Content-Range": f"bytes 0-65535/{3 * GIB}"})]
        found = read(reader, host.url, with_bytes=True)
    assert found == Answer(206, "127.0.0.1", None, 3 * GIB, BODY[:HEAD_BYTES])
    assert methods(host) == ["GET"]


def test_index_inside_of_the_file_is_read() -> None:
    asked = []

    def find_index(head: bytes, size: int) -> int:
        asked.append((head, size))
        return 4_990_000

    part = {"Content-Range": "bytes 0-9/5000000"}
    with peer() as host:
        host.replies = [answer(206, b"first", part), answer(206, b"index", part)]
        found = read(HttpInputReader(allow_loopback=True, find_index=find_index), host.url, with_bytes=True)
    assert asked == [(b"first", 5_000_000)]
    assert found == Answer(206, "127.0.0.1", None, 5_000_000, b"first", b"index")
    assert host.seen[1].headers["range"] == "bytes=4990000-4994095"


@pytest.mark.parametrize(
    "second", [answer(404), answer(200, b"whole"), answer(206, b"x", {"Content-Range": "bytes 0-0/7"})]
)
def test_index_that_cannot_be_had_is_left(second: Reply) -> None:
    with peer() as host:
        host.replies = [answer(206, b"first", {"Content-Range": "bytes 0-9/5000000"}), second]
        found = read(HttpInputReader(allow_loopback=True, find_index=lambda *_: 90), host.url, with_bytes=True)
    assert found == Answer(206, "127.0.0.1", None, 5_000_000, b"first")


def test_host_that_ignores_the_range_is_cut_off(reader: HttpInputReader) -> None:
    def endless(handler: object) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\nContent-Type: video/mp4\r\n\r\n"
        slowly(head, b"x" * 100_000, 0.0)(handler)  # type: ignore[arg-type]

    with peer() as host, assert_faster_than(10):
        host.replies = [endless]
        found = read(reader, host.url, with_bytes=True)
    assert found == Answer(200, "127.0.0.1", "video/mp4", 5_000_000_000, b"x" * HEAD_BYTES)


def test_empty_file_refuses_the_range(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [
            answer(416, b"", {"Content-Range": "bytes */0"}),
            answer(200, b""),
        ]
        found = read(reader, host.url, with_bytes=True)
    assert found == Answer(200, "127.0.0.1", None, 0)


def test_compressed_length_is_not_the_files(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [answer(200, b"abc", {"Content-Encoding": "gzip", "Content-Type": "text/plain"})]
        found = read(reader, host.url)
    assert isinstance(found, Answer)
    assert found.size_bytes is None


def test_refusal_is_an_answer(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [answer(404, b"nothing here")]
        found = read(reader, host.url)
    assert isinstance(found, Answer)
    assert found.status == 404


def test_redirects_are_followed_from_host_to_host(reader: HttpInputReader) -> None:
    with peer() as first, peer("127.0.0.2") as second:
        first.replies = [answer(302, b"", {"Location": f"{second.url}/a b.jpg"})]
        second.replies = [answer(301, b"", {"Location": "/c.jpg"}), answer(200, BODY, JPEG)]
        found = read(reader, first.url)
    assert found == Answer(200, "127.0.0.2", "image/jpeg", len(BODY))
    assert [request.path for request in second.seen] == ["/a%20b.jpg", "/c.jpg"]


def test_redirects_end(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [answer(302, b"", {"Location": "/again"})]
        found = read(reader, host.url, with_bytes=True)
    assert found == NoAnswer(Code.SOURCE_UNREACHABLE, Reason.TOO_MANY_REDIRECTS)
    assert len(host.seen) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://[fd00::1]/",
        "file:///etc/passwd",
        "//a@b/",
    ],
)
def test_redirect_to_a_private_address_is_refused(reader: HttpInputReader, location: str) -> None:
    with peer() as host:
        host.replies = [answer(302, b"", {"Location": location})]
        found = read(reader, host.url, with_bytes=True)
    assert found == NoAnswer(Code.SOURCE_FORBIDDEN, Reason.REFUSED_REDIRECT)


def test_loopback_is_refused_in_a_deployment() -> None:
    with peer() as host:
        found = read(HttpInputReader(allow_loopback=False, find_index=no_index), host.url)
    assert found == NoAnswer(Code.SOURCE_FORBIDDEN)
    assert host.seen == []


@pytest.mark.parametrize("addresses", [["10.1.2.3"], ["93.184.216.34", "127.0.0.1"], ["64:ff9b::a00:1"]])
def test_every_address_of_a_name_must_be_public(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    monkeypatch.setattr(dns, "resolve", lambda *_: addresses)
    found = read(
        HttpInputReader(allow_loopback=False, find_index=no_index), "https://rebind.example/v.mp4", with_bytes=True
    )
    assert found == NoAnswer(Code.SOURCE_FORBIDDEN)


def test_connection_goes_to_the_checked_address(monkeypatch: pytest.MonkeyPatch, reader: HttpInputReader) -> None:
    monkeypatch.setattr(dns, "resolve", lambda *_: ["127.0.0.1"])
    with peer() as host:
        host.replies = [answer(200, BODY, JPEG)]
        # Loopback names may have any port in local mode.
        found = read(reader, f"http://media.localhost:{host.port}/p.jpg")
    assert found == Answer(200, "media.localhost", "image/jpeg", len(BODY))
    assert host.seen[0].headers["host"] == f"media.localhost:{host.port}"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Reason.NO_SUCH_HOST),
        (socket.gaierror(socket.EAI_AGAIN, "later"), Reason.LOOKUP_FAILED),
        (TimeoutError("no answer from DNS"), Reason.LOOKUP_FAILED),
    ],
)
def test_names_that_do_not_resolve(monkeypatch: pytest.MonkeyPatch, error: OSError, reason: Reason) -> None:
    def fail(*_: object) -> list[str]:
        raise error

    monkeypatch.setattr(dns, "resolve", fail)
    found = read(HttpInputReader(allow_loopback=False, find_index=no_index), "https://nowhere.example/v.mp4")
    assert found == NoAnswer(Code.SOURCE_UNREACHABLE, reason)


def test_refused_connection(reader: HttpInputReader) -> None:
    assert read(reader, closed_url()) == NoAnswer(Code.SOURCE_UNREACHABLE, Reason.CONNECTION_REFUSED)


def test_lost_connection(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [reset]
        assert read(reader, host.url) == NoAnswer(Code.SOURCE_UNREACHABLE, Reason.CONNECTION_LOST)


def test_no_tls_at_the_port(reader: HttpInputReader) -> None:
    with peer() as host:
        host.replies = [answer(200)]
        found = read(reader, f"https://127.0.0.1:{host.port}/v.mp4")
    assert isinstance(found, NoAnswer)
    assert (found.code, found.reason) == (Code.SOURCE_UNREACHABLE, Reason.NO_TLS)


def test_silent_host_is_left_after_the_bound() -> None:
    with peer() as host, assert_faster_than(3):
        host.replies = [stall]
        assert read(impatient(), host.url) == NoAnswer(Code.SOURCE_TIMEOUT, Reason.NO_ANSWER)


def test_dripping_headers_are_left_after_the_bound() -> None:
    with peer() as host, assert_faster_than(3):
        host.replies = [slowly(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")]
        found = read(impatient(), host.url, with_bytes=True)
    assert found == NoAnswer(Code.SOURCE_TIMEOUT, Reason.NO_ANSWER)


def test_dripping_body_is_an_answer_with_what_has_come() -> None:
    with peer() as host, assert_faster_than(3):
        host.replies = [slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nfirst", b" ")]
        found = read(impatient(), host.url, with_bytes=True)
    assert isinstance(found, Answer)
    assert (found.size_bytes, found.head[:5]) == (100_000, b"first")
    assert len(found.head) < 100


def test_many_inputs_take_no_longer_than_their_bound() -> None:
    """Those for which there was no time are named, and the others have their answer."""
    with peer() as host, peer() as good, assert_faster_than(4):
        host.replies, good.replies = [stall], [answer(200, BODY, JPEG)]
        urls = {f"{good.url}/first.jpg": False} | {f"{host.url}/{i}": True for i in range(40)}
        found = impatient(seconds=1.5).read(urls)
    assert len(found) == 41
    assert isinstance(found[f"{good.url}/first.jpg"], Answer)
    late = [entry for entry in found.values() if entry is None]
    assert late
    assert all(isinstance(entry, NoAnswer) for entry in list(found.values())[1:] if entry is not None)
