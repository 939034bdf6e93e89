"""Bounded exchanges over kept connections, and over TLS with a certificate that is checked."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from lambda_api.adapters.http_client import Bounds, ConnectError, HttpClient, Response, ResponseError
from tests.support.fakes import START
from tests.support.scripted_server import SLOW_SECONDS, Peer, Reply, answer, drip, peer, slowly, stall
from tests.support.tls import Authority

HOST = "hooks.example"


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        plan.keep_open = True
        yield plan


@pytest.fixture
def client() -> HttpClient:
    return HttpClient(idle_seconds=5)


def send(client: HttpClient, url: str, method: str = "GET", max_bytes: int = 1000, read: float = 20.0) -> Response:
    return client.send(method, url, Bounds(connect=20.0, read=read, max_bytes=max_bytes), headers={})


def chunked(*parts: bytes) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in (*parts, b""):
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))

    return reply


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "10")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


drip_headers = slowly(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n", 0.05)


def test_connection_stays_open_after_chunks_and_empty_bodies(server: Peer, client: HttpClient) -> None:
    server.replies = [chunked(b"ab", b"c" * 500), answer(204), answer(200, b"x"), answer(200, b"last")]
    assert send(client, f"{server.url}/a?b=c").body == b"ab" + b"c" * 500
    assert send(client, server.url).status == 204
    assert send(client, f"{server.url}/", "HEAD").headers["content-length"] == "1"
    assert send(client, server.url).body == b"last"
    assert [(r.method, r.path) for r in server.seen] == [("GET", "/a?b=c"), ("GET", "/"), ("HEAD", "/"), ("GET", "/")]
    assert len({r.port for r in server.seen}) == 1


@pytest.mark.parametrize("reply", [drip, stall, drip_headers, cut_off])
def test_slow_or_truncated_response_is_an_error(server: Peer, client: HttpClient, reply: Reply) -> None:
    server.replies = [reply]
    began = time.monotonic()
    with pytest.raises(ResponseError):
        send(client, server.url, max_bytes=10**6, read=0.5)
    assert time.monotonic() - began < SLOW_SECONDS / 2


def test_response_that_is_too_long_is_an_error(server: Peer, client: HttpClient) -> None:
    server.replies = [answer(200, b"x" * 11)]
    with pytest.raises(ResponseError, match="response too long"):
        send(client, server.url, max_bytes=10)


def test_broken_connection_is_not_reused(server: Peer, client: HttpClient) -> None:
    server.replies = [cut_off, answer(200, b"whole")]
    with pytest.raises(ResponseError):
        send(client, server.url)
    assert send(client, server.url).body == b"whole"


def test_unsolicited_response_is_never_used(server: Peer, client: HttpClient) -> None:
    def twice(handler: BaseHTTPRequestHandler) -> None:
        answer(200, b"mine")(handler)
        answer(200, b"planted")(handler)

    server.replies = [twice, answer(200, b"mine")]
    assert send(client, server.url).body == b"mine"
    time.sleep(0.1)
    assert send(client, server.url).body == b"mine"


def test_idle_connection_is_not_reused(server: Peer, client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    server.replies = [answer(200)]
    send(client, server.url)
    send(client, server.url)
    later = time.time() + 6
    monkeypatch.setattr(time, "time", lambda: later)
    send(client, server.url)
    first, second, third = (request.port for request in server.seen)
    assert first == second != third


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7), (" 7 ", 7), ("Fri, 15 Jan 2027 08:01:00 GMT", 60), ("Friday, 15-Jan-27 08:01:00 GMT", 60),
        ("Fri Jan 15 08:01:00 2027", 60), ("Fri, 15 Jan 2027 07:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("", 0), ("soon", 0), ("-1", 0), ("1e9", 0), ("99999999", 0), ("Fri, 99 Jan 2027 08:01:00 GMT", 0),
        ("Fri, 15 Jan 99999 08:01:00 GMT", 0), ("1, 2", 0), ("²", 0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str, seconds: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: START / 1000)
    milliseconds = Response(503, b"", {"retry-after": value}).retry_after_ms()
    assert milliseconds == seconds * 1000 if seconds is not None else milliseconds > 10**12


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_host_header_omits_only_the_default_port(scheme: str) -> None:
    authority = Authority()
    tls = authority.server(HOST) if scheme == "https" else None
    with peer(tls=tls) as server:
        server.replies = [answer(200)]
        bounds = Bounds(connect=20.0, read=20.0, max_bytes=1000)
        client = HttpClient(tls=authority.client())
        client.send("GET", f"{scheme}://{HOST}:{server.port}/", bounds, headers={}, addresses=["127.0.0.1"])
        assert server.seen[0].headers["host"] == f"{HOST}:{server.port}"


def test_forgotten_client_closes_its_connections(server: Peer) -> None:
    server.replies = [answer(200)]
    # Earlier tests may have left garbage.
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        send(HttpClient(idle_seconds=5), server.url)
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


class TestTls:
    @pytest.fixture
    def site(self, authority: Authority) -> Iterator[Peer]:
        with peer(tls=authority.server(HOST)) as site:
            site.replies = [answer(200, b"ok")]
            yield site

    def get(self, client: HttpClient, host: str, site: Peer) -> bytes:
        bounds = Bounds(connect=20.0, read=20.0, max_bytes=1000)
        url = f"https://{host}:{site.port}/"
        return client.send("GET", url, bounds, headers={}, addresses=["127.0.0.1"]).body

    def test_certificate_must_be_the_hosts(self, authority: Authority, site: Peer) -> None:
        assert self.get(HttpClient(tls=authority.client()), HOST, site) == b"ok"

    @pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
    def test_certificate_of_another_host_is_refused(self, authority: Authority, site: Peer, host: str) -> None:
        with pytest.raises(ConnectError, match="Certificate"):
            self.get(HttpClient(tls=authority.client()), host, site)
        assert site.seen == []

    def test_certificate_of_unknown_authority_is_refused(self, site: Peer) -> None:
        with pytest.raises(ConnectError, match="SSLCertVerificationError"):
            self.get(HttpClient(), HOST, site)
