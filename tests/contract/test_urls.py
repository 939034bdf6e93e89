"""Normalizing and checking URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.urls import UrlError, check_target, normalize_url, parse_url


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" https://Media.Example/a b.mp4\r\n", "https://media.example/a%20b.mp4"),
        ("https://media.example/a|b.mp4", "https://media.example/a%7Cb.mp4"),
        ("https://media.example/café.mp4", "https://media.example/caf%C3%A9.mp4"),
        ("https://media.example/caf%C3%A9.mp4", "https://media.example/caf%C3%A9.mp4"),
        ("https://media.example/cafe\u0301.mp4?e\u0301", "https://media.example/cafe%CC%81.mp4?e%CC%81"),
        ("https://exa\u0308mple.com/x", "https://xn--exmple-cua.com/x"),
        ("https://media.example/100%.mp4", "https://media.example/100%25.mp4"),
        ("https://exämple.com/x", "https://xn--exmple-cua.com/x"),
        ("https://media.example", "https://media.example/"),
        ("https://media.example:443/x#part", "https://media.example/x"),
        ("HTTP://media.example:80/x", "http://media.example/x"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"),
        (
            "https://b.example/k?X-Amz-Signature=ab%2Fc+d&X-Amz-Date=2026&x=a/b?c",
            "https://b.example/k?X-Amz-Signature=ab%2Fc+d&X-Amz-Date=2026&x=a/b?c",
        ),
    ],
)
def test_urls_are_normalized(text: str, normal: str) -> None:
    assert normalize_url(text) == normal
    assert normalize_url(normal) == normal


@given(st.text(max_size=60), st.text(max_size=60))
def test_normalizing_is_idempotent(path: str, query: str) -> None:
    try:
        once = normalize_url(f"https://media.example/{path}?{query}")
    except UrlError:
        return
    assert normalize_url(once) == once
    assert once.isascii()


@pytest.mark.fault("F1", "F4", "F8", "F9")
@pytest.mark.parametrize(
    "text",
    [
        "", "ftp://media.example/x", "file:///etc/passwd", "FILE:/etc/passwd", "javascript:alert(1)", "concat:a|b",
        "//media.example/x", "media.example/x", "https://", "https:///x", "https://user:pw@media.example/x",
        "https://user@media.example", "https://media.example\\@evil.example/", "https://media.example/a\tb",
        "https://media.example/a\nb", "https://media.example:99999/", "https://media.example:0/", "https://a..b/",
        "https://-a.example/", "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/",
        "https://1.2.3.4.5/", "https://[::1", "https://[fe80::1%25eth0]/", "https://media.example%00.evil/",
        "https://" + "a" * 64 + ".example/", "https://media.example/" + "a" * 5000,
    ],
)  # fmt: skip
def test_malformed_urls_are_refused_without_quoting_them(text: str) -> None:
    with pytest.raises(UrlError) as refused:
        check_target(parse_url(text), allow_loopback=False)
    assert "media.example" not in str(refused.value)


@pytest.mark.fault("F2", "F3", "F9")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://x.localhost/", "http://①②⑦.0.0.1/", "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/",
        "http://[64:ff9b::a9fe:a9fe]/", "http://media.example:22/", "http://media.example:6379/",
    ],
)  # fmt: skip
def test_private_targets_and_other_ports_are_refused(url: str) -> None:
    with pytest.raises(UrlError):
        check_target(parse_url(url), allow_loopback=False)


def test_local_mode_allows_loopback_and_nothing_else() -> None:
    check_target(parse_url("http://127.0.0.1:54321/x"), allow_loopback=True, https_only=True)
    check_target(parse_url("http://localhost:54321/x"), allow_loopback=True)
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "http://media.example:54321/"):
        with pytest.raises(UrlError):
            check_target(parse_url(url), allow_loopback=True)
    with pytest.raises(UrlError):
        check_target(parse_url("http://media.example/"), allow_loopback=True, https_only=True)
