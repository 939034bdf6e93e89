"""Redirects: a download follows up to 20 and checks each URL, a callback follows none."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from contract.errors import Code
from tests.support.canary import Canary
from tests.support.outbound import Internet, call_back, download, find_reason, internet
from tests.support.scripted_server import Reply, answer

FIRST, OTHER = "127.1.0.2", "127.1.0.3"


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with internet(monkeypatch) as made:
        made.dns.hosts |= {"media.example": [[FIRST]], "inside.example": [["127.0.0.1"]]}
        yield made


def to(location: str | bytes, status: int = 302) -> Reply:
    raw = location if isinstance(location, bytes) else location.encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 %d Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % (status, raw))

    return reply


@pytest.mark.fault("F7", "F8")
@pytest.mark.parametrize(
    "location",
    [
        "{canary}", "//127.0.0.1:{port}/", "http:/127.0.0.1:{port}/", "http://2130706433:{port}/",
        "http://0x7f.1:{port}/", "http://127.1:{port}/", "http://①②⑦.0.0.1:{port}/", "http://[::ffff:7f00:1]:{port}/",
        "http://[::1%25lo]:{port}/", "http://127.0.0.1:{port}\\@media.example/", "http://media.example@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}#@media.example/", "https://inside.example:{port}/", "http://localhost:{port}/",
        "file:///etc/passwd", "FTP://media.example/x", "gopher://127.0.0.1:{port}/_x", "data:video/mp4;base64,AA==",
        "http://[::1", "http://[v1.x]:{port}/", "https://media.example:22/", "https://media.example:99999/",
        "https://media.example\t.evil/", b"https://media.example\xff/", "http://169.254.169.254/latest/meta-data",
    ],
)  # fmt: skip
def test_a_redirect_is_checked_like_the_first_url(
    net: Internet, canary: Canary, location: str | bytes, tmp_path: Path
) -> None:
    first = net.site(FIRST, "media.example")
    if isinstance(location, str):
        location = location.format(canary=canary.url, port=canary.port)
    first.replies = [to(location)]
    assert find_reason(net.url("media.example"), tmp_path, policy=net.policy) == "source_forbidden refused_redirect"
    assert len(first.seen) == 1


@pytest.mark.fault("F6", "F7")
def test_each_redirect_is_resolved_and_checked_again(net: Internet, tmp_path: Path) -> None:
    first, private = net.site(FIRST, "media.example"), net.site("127.0.0.3", "media.example")
    private.replies = [answer(200, b"secret")]
    net.dns.hosts["media.example"] = [[FIRST], ["127.0.0.3"]]
    first.replies = [to("/again")]
    assert download(net.url("media.example"), tmp_path, policy=net.policy) == Code.SOURCE_FORBIDDEN
    assert (len(first.seen), private.seen) == (1, [])


@pytest.mark.fault("F7")
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_followed_without_sending_secrets(net: Internet, status: int, tmp_path: Path) -> None:
    first, other = net.site(FIRST, "media.example"), net.site(OTHER, "other.example")
    net.dns.hosts["other.example"] = [[OTHER]]
    first.replies = [to(net.url("other.example", "/b?sig=a%2Fb"), status)]
    other.replies = [answer(200, b"data")]
    assert download(net.url("media.example", "/a?sig=s3cret"), tmp_path, policy=net.policy) == b"data"
    assert (other.seen[0].method, other.seen[0].path) == ("GET", "/b?sig=a%2Fb")
    assert not {"referer", "cookie", "authorization"} & set(other.seen[0].headers)


@pytest.mark.fault("F7")
def test_redirect_loops_end(net: Internet, tmp_path: Path) -> None:
    first = net.site(FIRST, "media.example")
    first.replies = [to("/circle")]
    assert find_reason(net.url("media.example"), tmp_path, policy=net.policy) == "source_unreachable too_many_redirects"
    assert len(first.seen) == 21


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/a b|é?q=ü#part", "/a%20b%7C%C3%A9?q=%C3%BC"), (b"/caf\xe9", "/caf%E9"), ("e\u0301", "/e%CC%81"),
        ("?a=%2F", "/?a=%2F"), ("//media.example:{port}/x", "/x"), ("../../x", "/x"),
    ],
)  # fmt: skip
def test_a_location_is_followed_as_written(net: Internet, location: str | bytes, path: str, tmp_path: Path) -> None:
    first = net.site(FIRST, "media.example")
    if isinstance(location, str):
        location = location.format(port=net.port)
    first.replies = [to(location), answer(200, b"data")]
    assert download(net.url("media.example"), tmp_path, policy=net.policy) == b"data"
    assert first.seen[1].path == path


@pytest.mark.fault("F7")
@pytest.mark.parametrize(
    ("other", "domain", "is_sent"),
    [
        ("media.example", "", True),
        ("cdn.media.example", "", False),
        ("cdn.media.example", "media.example", True),
        ("other.example", "", False),
        ("other.example", "media.example", False),
        ("other.example", "example", False),
        ("other.example", "other.example", False),
        ("evilmedia.example", "media.example", False),
    ],
)
def test_a_cookie_never_goes_to_another_site(
    net: Internet, other: str, domain: str, is_sent: bool, tmp_path: Path
) -> None:
    site = net.site(FIRST, "media.example", "cdn.media.example", "other.example", "evilmedia.example")
    net.dns.hosts[other] = [[FIRST]]
    cookie = "seen=1; Path=/; Secure" + f"; Domain={domain}" * bool(domain)
    hop = answer(302, headers={"Location": net.url(other, "/end"), "Set-Cookie": cookie})
    site.replies = [hop, answer(200, b"data")]
    assert download(net.url("media.example"), tmp_path, policy=net.policy) == b"data"
    assert site.seen[1].headers.get("cookie") == ("seen=1" if is_sent else None)


@pytest.mark.fault("F7")
def test_a_redirect_without_location_is_an_http_error(net: Internet, tmp_path: Path) -> None:
    first = net.site(FIRST, "media.example")
    first.replies = [answer(302), answer(302, headers={"Location": ""})]
    for _ in range(2):
        assert download(net.url("media.example"), tmp_path, policy=net.policy) == Code.SOURCE_HTTP


@pytest.mark.fault("F7", "J2")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_callback_follows_no_redirect(net: Internet, canary: Canary, status: int) -> None:
    first = net.site(FIRST, "media.example")
    for location in (canary.url, net.url("media.example", "/again")):
        first.replies = [to(location, status)]
        delivery = call_back(net.url("media.example", "/hook"))
        assert (delivery.ok, delivery.final, delivery.result) == (False, False, f"http_{status}")
    assert [request.path for request in first.seen] == ["/hook", "/hook"]
