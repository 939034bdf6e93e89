"""Bounded exchanges over kept connections, and over TLS with a certificate that is checked."""

from __future__ import annotations

import datetime
import gc
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lambda_api.adapters import connection_pool
from lambda_api.adapters.http import Answer, HttpLost, HttpRefused, HttpTooLong, Pool, exchange
from tests.support.fakes import START
from tests.support.scripted_server import SLOW_SECONDS, Peer, Reply, answer, drip, peer, slowly, stall

HOST = "hooks.example"


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as plan:
        plan.keep_open = True
        yield plan


def ask(pool: Pool, url: str, method: str = "GET", max_bytes: int = 1000, read: float = 20.0) -> Answer:
    return exchange(pool, method, url, headers={}, connect=20.0, read=read, max_bytes=max_bytes)


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


def test_an_answer_in_chunks_and_one_without_a_body_leave_the_connection_open(server: Peer) -> None:
    pool = Pool(server.url, idle_seconds=5)
    server.replies = [chunked(b"ab", b"c" * 500), answer(204), answer(200, b"x"), answer(200, b"last")]
    assert ask(pool, f"{server.url}/a?b=c").body == b"ab" + b"c" * 500
    assert ask(pool, server.url).status == 204
    assert ask(pool, f"{server.url}/", "HEAD").headers["content-length"] == "1"
    assert ask(pool, server.url).body == b"last"
    assert [(r.method, r.path) for r in server.seen] == [("GET", "/a?b=c"), ("GET", "/"), ("HEAD", "/"), ("GET", "/")]
    assert len({r.port for r in server.seen}) == 1


@pytest.mark.parametrize("reply", [drip, stall, drip_headers, cut_off])
def test_an_answer_that_is_slow_or_not_whole_is_lost(server: Peer, reply: Reply) -> None:
    server.replies = [reply]
    began = time.monotonic()
    with pytest.raises(HttpLost):
        ask(Pool(server.url, idle_seconds=5), server.url, max_bytes=10**6, read=0.5)
    assert time.monotonic() - began < SLOW_SECONDS / 2


def test_an_answer_that_is_too_long_is_its_own_loss(server: Peer) -> None:
    server.replies = [answer(200, b"x" * 11)]
    with pytest.raises(HttpTooLong):
        ask(Pool(server.url, idle_seconds=5), server.url, max_bytes=10)


def test_a_connection_that_broke_is_not_used_again(server: Peer) -> None:
    pool = Pool(server.url, idle_seconds=5)
    server.replies = [cut_off, answer(200, b"whole")]
    with pytest.raises(HttpLost):
        ask(pool, server.url)
    assert ask(pool, server.url).body == b"whole"


def test_what_was_not_asked_for_is_never_taken_for_an_answer(server: Peer) -> None:
    def twice(handler: BaseHTTPRequestHandler) -> None:
        answer(200, b"mine")(handler)
        answer(200, b"planted")(handler)

    pool = Pool(server.url, idle_seconds=5)
    server.replies = [twice, answer(200, b"mine")]
    assert ask(pool, server.url).body == b"mine"
    time.sleep(0.1)
    assert ask(pool, server.url).body == b"mine"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7), (" 7 ", 7), ("Fri, 15 Jan 2027 08:01:00 GMT", 60), ("Friday, 15-Jan-27 08:01:00 GMT", 60),
        ("Fri Jan 15 08:01:00 2027", 60), ("Fri, 15 Jan 2027 07:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("", 0), ("soon", 0), ("-1", 0), ("1e9", 0), ("99999999", 0), ("Fri, 99 Jan 2027 08:01:00 GMT", 0),
        ("Fri, 15 Jan 99999 08:01:00 GMT", 0), ("1, 2", 0), ("²", 0),
    ],
)  # fmt: skip
def test_a_pause_that_is_asked_for_in_seconds_or_until_a_date(
    told: str, seconds: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: START / 1000)
    pause = Answer(503, b"", {"retry-after": told}).retry_after_ms()
    assert pause == seconds * 1000 if seconds is not None else pause > 10**12


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://hooks.example", "hooks.example"), ("https://hooks.example:443", "hooks.example"),
        ("https://hooks.example:80", "hooks.example:80"), ("http://hooks.example", "hooks.example"),
        ("http://hooks.example:443", "hooks.example:443"),
    ],
)  # fmt: skip
def test_a_port_that_goes_without_saying_is_not_said(origin: str, host: str) -> None:
    connection = Pool(origin, idle_seconds=0).take()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection.sock = ours
        connection.request("PUT", "/signed?for=the-host", b"{}")
        assert f"\r\nHost: {host}\r\n" in theirs.recv(4096).decode()


def test_a_forgotten_pool_closes_its_connections(server: Peer) -> None:
    server.replies = [answer(200)]
    # What the tests before this one have left behind is not meant.
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        ask(Pool(server.url, idle_seconds=5), server.url)
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


class TestTls:
    @pytest.fixture
    def port(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
        certificate = self.certificate(tmp_path)
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(connection_pool, "_tls", lambda: trusting)
        with self.serving(certificate) as port:
            yield port

    def certificate(self, folder: Path) -> Path:
        """A certificate for HOST, signed by itself, with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / "both.pem"
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return path

    @contextmanager
    def serving(self, certificate: Path) -> Iterator[int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(5)

            def serve() -> None:
                try:
                    with context.wrap_socket(listening.accept()[0], server_side=True) as sock:
                        sock.recv(4096)
                        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                except OSError:
                    pass

            thread = threading.Thread(target=serve)
            thread.start()
            yield listening.getsockname()[1]
            thread.join()

    def test_the_name_is_checked_at_the_address_that_was_given(self, port: int) -> None:
        url = f"https://{HOST}:{port}"
        assert ask(Pool(url, idle_seconds=0, address="127.0.0.1"), f"{url}/").body == b"ok"

    @pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
    def test_a_certificate_for_another_name_is_refused(self, port: int, host: str) -> None:
        url = f"https://{host}:{port}"
        with pytest.raises(HttpRefused, match="SSLCertVerificationError"):
            ask(Pool(url, idle_seconds=0, address="127.0.0.1"), f"{url}/")

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection_pool, "_tls", ssl.create_default_context)
        url = f"https://{HOST}:{port}"
        with pytest.raises(HttpRefused, match="SSLCertVerificationError"):
            ask(Pool(url, idle_seconds=0, address="127.0.0.1"), f"{url}/")
