"""Certificates that downloads, callbacks and calls to RunPod must not trust."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lambda_api.adapters.runpod import RunpodProvider
from lambda_api.domain.ports import ProviderError, ProviderRefused
from tests.support.outbound import LOOPBACK, call_back, download, find_reason, trust
from tests.support.scripted_server import answer, peer
from tests.support.tls import Authority


def _runpod(url: str) -> bool:
    try:
        RunpodProvider(url, url, "planted-key").run("ep", {})
    except ProviderRefused:
        # Certain: nothing was sent, so the dispatch costs no attempt.
        return False
    return True


TRUSTS: dict[str, Callable[[str, Path, ssl.SSLContext | None], bool]] = {
    "downloads": lambda url, folder, tls: isinstance(download(url, folder, policy=replace(LOOPBACK, tls=tls)), bytes),
    "callbacks": lambda url, folder, tls: call_back(url, allow_loopback=True).ok,
    "RunPod's client": lambda url, folder, tls: _runpod(url),
}
"""Our clients: True if they trust the server."""


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Authority:
    trusted = Authority()
    trust(trusted, monkeypatch)
    return trusted


@pytest.mark.fault("F11", "C2")
@pytest.mark.parametrize("side", TRUSTS)
@pytest.mark.parametrize("fault", ["none", "another host", "expired", "unknown authority", "no TLS"])
def test_a_server_needs_a_valid_certificate(authority: Authority, side: str, fault: str, tmp_path: Path) -> None:
    issuer = Authority() if fault == "unknown authority" else authority
    name = "other.example" if fault == "another host" else "localhost"
    context = None if fault == "no TLS" else issuer.server(name, expired=fault == "expired")
    with peer(tls=context) as server:
        server.replies = [answer(200, {"id": "a"})]
        assert TRUSTS[side](f"https://localhost:{server.port}/", tmp_path, authority.client()) is (fault == "none")
        assert len(server.seen) == (fault == "none")


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("another host", "certificate"),
        ("expired", "certificate"),
        ("unknown authority", "certificate"),
        ("no TLS", "no_tls"),
    ],
)
def test_a_bad_certificate_is_named(authority: Authority, fault: str, cause: str, tmp_path: Path) -> None:
    issuer = Authority() if fault == "unknown authority" else authority
    name = "other.example" if fault == "another host" else "localhost"
    context = None if fault == "no TLS" else issuer.server(name, expired=fault == "expired")
    with peer(tls=context) as server:
        server.replies = [answer(200, b"data")]
        policy = replace(LOOPBACK, tls=authority.client())
        found = find_reason(f"https://localhost:{server.port}/", tmp_path, policy=policy)
    assert found == f"source_unreachable {cause}"


@pytest.mark.fault("C2")
def test_a_bad_certificate_is_a_retryable_status_error(authority: Authority) -> None:
    with peer(tls=Authority().server("localhost")) as server:
        url = f"https://localhost:{server.port}"
        with pytest.raises(ProviderError):
            RunpodProvider(url, url, "planted-key").status("ep", "a")
    assert server.seen == []


@pytest.mark.fault("F11")
@pytest.mark.parametrize("side", TRUSTS)
def test_an_unknown_authority_is_not_trusted(side: str, tmp_path: Path) -> None:
    """With the system's authorities, as in production."""
    with peer(tls=Authority().server("localhost")) as server:
        assert TRUSTS[side](f"https://localhost:{server.port}/", tmp_path, None) is False
        assert server.seen == []
