"""URLs that users may submit; only the URL decides which server is contacted."""

from __future__ import annotations

import http.client
import socket
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from contract.addresses import AddressKind, classify
from contract.errors import Code
from contract.urls import UrlError, parse_url
from lambda_api.adapters.runpod import RunpodProvider
from tests.support.canary import Canary, CanaryPlugin
from tests.support.fakes import World
from tests.support.gateway import Client
from tests.support.outbound import LOOPBACK, call_back, download
from tests.support.scripted_server import answer, peer

_SPELLINGS = [
    "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://127.0.1:{port}/", "http://2130706433:{port}/",
    "http://017700000001:{port}/", "http://0x7f000001:{port}/", "http://0x7f.1:{port}/", "http://0177.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/", "http://①②⑦.⓪.⓪.①:{port}/", "http://１２７.０.０.１:{port}/",
    "http://127。0。0。1:{port}/", "http://127．0．0．1:{port}/", "http://127｡0｡0｡1:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[::7f00:1]:{port}/",
    "http://[::1]:{port}/", "http://[::1%25lo]:{port}/", "http://0.0.0.0:{port}/", "http://0:{port}/",
    "http://localhost:{port}/", "http://LOCALHOST.:{port}/", "http://ｌocalhost:{port}/", "http://a.localhost:{port}/",
    "http://media.example@127.0.0.1:{port}/", "http://media.example:x@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@media.example/", "http://127.0.0.1:{port}#@media.example/", "http:127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}\\", "http://127.0.0.1%00.media.example:{port}/", "http://127.0.0.1\t:{port}/",
    "http://[127.0.0.1]:{port}/", "http://[::1]media.example:{port}/", "http://media.example[::1]:{port}/",
]  # fmt: skip


@pytest.mark.fault("F2", "F4", "F8")
@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_every_spelling_of_loopback_is_refused(canary: Canary, spelling: str, tmp_path: Path) -> None:
    url = spelling.format(port=canary.port)
    assert download(url, tmp_path) is Code.SOURCE_FORBIDDEN
    assert call_back(url.replace("http:", "https:")).result == "forbidden_address"
    response = Client(World()).call("POST", "/video/img2vid", {"url_image": url})
    assert (response.status, [error["field"] for error in response.json["errors"]]) == (422, ["url_image"])


def test_the_canary_records_connections() -> None:
    plugin = CanaryPlugin()
    try:
        assert plugin.hits() == []
        with socket.create_connection(("127.0.0.1", plugin.port)):
            pass
        assert len(plugin.hits()) == 1
    finally:
        plugin.pytest_unconfigure()


_SCHEMES = [
    "file:///etc/passwd", "FILE:///etc/passwd", "fIlE:/etc/passwd", "ftp://media.example/x", "gopher://127.0.0.1:6379/_x",
    "data:video/mp4;base64,AAAA", "concat:http://media.example/a|file:/etc/passwd", "crypto:file:///etc/passwd",
    "subfile,,start,0,end,0,,:/etc/passwd", "javascript:alert(1)", "rtmp://media.example/x", "unix:///run/x.sock",
    "view-source:https://media.example/", "https:", "//media.example/x", "/etc/passwd", "pipe:0", "s3://bucket/key",
]  # fmt: skip


@pytest.mark.fault("F1")
@pytest.mark.parametrize("url", _SCHEMES)
@pytest.mark.parametrize("field", ["url_image", "webhook_url"])
def test_other_schemes_are_refused_naming_the_field(url: str, field: str, tmp_path: Path) -> None:
    world = World()
    body = {"url_image": "https://media.example/a.png"} | {field: url}
    response = Client(world).call("POST", "/video/img2vid", body)
    assert (response.status, [error["field"] for error in response.json["errors"]]) == (422, [field])
    assert "passwd" not in response.text
    assert (world.store.jobs, world.provider.runs) == ({}, [])
    assert download(url, tmp_path) is Code.SOURCE_FORBIDDEN


@pytest.mark.fault("F9")
@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 445, 2375, 3306, 5432, 6379, 9200, 11211, 27017, 65535, 70000])
def test_ports_of_other_services_are_refused(port: int, tmp_path: Path) -> None:
    url = f"https://media.example:{port}/x"
    assert download(url, tmp_path) is Code.SOURCE_FORBIDDEN
    assert call_back(url).result == "forbidden_address"
    assert Client(World()).call("POST", "/video/img2vid", {"url_image": url}).status == 422


@pytest.mark.fault("F10")
def test_proxies_of_the_environment_are_ignored(
    canary: Canary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, canary.url)
        monkeypatch.setenv(name.lower(), canary.url)
    with peer() as server:
        server.replies = [answer(200, {"id": "a"})]
        assert isinstance(download(server.url, tmp_path, policy=LOOPBACK), bytes)
        assert call_back(server.url, allow_loopback=True).ok
        assert RunpodProvider(server.url, server.url, "k").run("ep", {}) == "a"
    assert len(server.seen) == 3


@pytest.mark.fault("F12")
@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/job/1/cancel",
        "https://API.example:443/",
        "https://api.example./x?y",
        "https://ａpi.example",
    ],
)
def test_a_callback_to_the_gateway_itself_is_refused(url: str) -> None:
    world = World()
    response = Client(world).call(
        "POST", "/video/img2vid", {"url_image": "https://media.example/a", "webhook_url": url}
    )
    assert (response.status, response.json["errors"][0]["field"]) == (422, "webhook_url")
    assert world.store.jobs == {}


_V4 = st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), st.ip_addresses(v=4))
_V6 = st.one_of(
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.ip_addresses(v=6),
    st.integers(0, 2**125 - 1).map(lambda rest: IPv6Address((1 << 125) + rest)),
)
_HIDING = {
    "mapped": 0xFFFF << 32, "compatible": 0, "translated": 0xFFFF << 48, "NAT64": 0x64FF9B << 96,
    "local NAT64": (0x64FF9B << 96) + (1 << 80), "Teredo": 0x2001_0000 << 96,
}  # fmt: skip


@pytest.mark.fault("F2", "F3")
@settings(max_examples=1000, deadline=None)
@given(st.one_of(_V4, _V6))
@example(IPv4Address("192.88.99.1"))
@example(IPv6Address("5f00::1"))
@example(IPv6Address("100::1"))
@example(IPv6Address("100:0:0:1::1"))
@example(IPv6Address("2001:20::1"))
@example(IPv6Address("3fff::1"))
@example(IPv6Address("2620:4f:8000::1"))
def test_addresses_python_calls_not_global_are_not_public(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local:
        assert classify(address) is not AddressKind.PUBLIC
    if isinstance(address, IPv6Address) and address.is_site_local:
        assert classify(address) is not AddressKind.PUBLIC


@pytest.mark.fault("F3")
@settings(max_examples=300, deadline=None)
@given(_V4, st.sampled_from(sorted(_HIDING)))
def test_ipv4_hidden_in_ipv6_is_never_public(address: IPv4Address, way: str) -> None:
    assert classify(IPv6Address(_HIDING[way] + int(address))) is not AddressKind.PUBLIC
    assert classify(IPv6Address((0x2002 << 112) + (int(address) << 80) + 1)) is not AddressKind.PUBLIC


_PIECES = st.sampled_from([
    "//", "/", "\\", "@", ":", "#", "?", "[", "]", "%", "%00", "%2e", ".", "。", "①", "127.1", "0x7f.1", "2130706433",
    "::1", "::ffff:7f00:1", "2606:4700::1111", "%25eth0", "localhost", "media.example", "xn--", "ß", "\u200d", "ａ",
    "／", "＃", "＠", "：", "\t", "\r\n", " ", "\x00", "\ud800", "\u2028", "é", "K", "İ", "80", "8443", "99999",
    "a" * 64, "ς", "-", "_", "v1.x", "user:pw", "１２７", "٣", "\u00ad", "🎉", "|",
])  # fmt: skip
_RANDOM_REST = st.lists(st.one_of(_PIECES, st.text(st.characters(), max_size=4)), max_size=9).map("".join)


@pytest.mark.fault("F8")
@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(["http://", "HTTPS://", "https://media.example/", "https://media.example:8443", ""]), _RANDOM_REST
)
@example("https://[::1", "")
@example("https://[v1.x]/", "")
@example("https://[2606:4700::1111%25eth0]/", "")
@example("https://[2606:4700::1111]evil.example/", "")
@example("https://media.example/\ud800", "")
def test_url_parsers_agree_on_every_accepted_url(start: str, rest: str) -> None:
    try:
        target = parse_url(start + rest)
    except UrlError:
        return
    assert parse_url(target.url) == target
    assert target.url.isascii()
    split, read = urlsplit(target.url), URL(target.url, encoded=True)
    default = {"http": 80, "https": 443}[target.scheme]
    assert (split.scheme, split.hostname, split.port or default) == (target.scheme, target.host, target.port)
    assert (read.scheme, read.raw_host, read.port) == (target.scheme, target.host, target.port)
    connection = http.client.HTTPConnection(split.netloc)
    # It only buffers the request line, and raises InvalidURL for characters that would break it.
    connection.putrequest("GET", f"{split.path}?{split.query}", skip_host=True)
    assert connection.host == target.host


@pytest.mark.fault("F8")
@pytest.mark.parametrize("host", ["straße.example", "βόλος.example", "a\u200db.example", "a\u200cb.example"])
def test_a_host_that_idna_versions_read_differently_is_refused(host: str) -> None:
    with pytest.raises(UrlError):
        parse_url(f"https://{host}/")


@pytest.mark.fault("F3", "F8")
@pytest.mark.parametrize(
    "host",
    ["[2606:4700::1111]media.example", "media.example[2606:4700::1111]", "[v1.media.example]", "[media.example]",
     "[2606:4700::1111%25eth0]", "[2606:4700::1111%eth0]", "[fe80::1%25eth0]"],
)  # fmt: skip
def test_brackets_contain_only_an_address(host: str) -> None:
    with pytest.raises(UrlError):
        parse_url(f"https://{host}/")
