"""Certificates that must not be believed, by downloads, callbacks and calls to RunPod."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpu_worker.transfer import retries
from lambda_api.adapters.runpod import RunpodProvider
from lambda_api.domain.ports import ProviderError, ProviderRefused
from tests.support.outbound import call_back, download, reason, trust
from tests.support.scripted_server import answer, peer
from tests.support.tls import Authority


def _runpod(url: str, folder: Path) -> bool:
    try:
        RunpodProvider(url, url, "planted-key").run("ep", {})
    except ProviderRefused:
        # Certain: nothing was sent, so the dispatch costs no attempt.
        return False
    return True


BELIEVES: dict[str, Callable[[str, Path], bool]] = {
    "the worker": lambda url, folder: isinstance(download(url, folder, allow_loopback=True), bytes),
    "callbacks": lambda url, folder: call_back(url, allow_loopback=True).ok,
    "RunPod's client": _runpod,
}
"""Our clients: True if the server was believed."""


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setattr(retries, "ATTEMPTS", 1)
    trusted = Authority()
    trust(trusted, monkeypatch)
    return trusted


@pytest.mark.fault("F11", "C2")
@pytest.mark.parametrize("side", BELIEVES)
@pytest.mark.parametrize("fault", ["none", "another host", "expired", "nobody's", "no TLS"])
def test_a_server_is_believed_by_its_certificate(authority: Authority, side: str, fault: str, tmp_path: Path) -> None:
    issuer = Authority() if fault == "nobody's" else authority
    name = "other.example" if fault == "another host" else "localhost"
    context = None if fault == "no TLS" else issuer.server(name, expired=fault == "expired")
    with peer(tls=context) as server:
        server.replies = [answer(200, {"id": "a"})]
        assert BELIEVES[side](f"https://localhost:{server.port}/", tmp_path) is (fault == "none")
        assert len(server.seen) == (fault == "none")


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    ("fault", "cause"),
    [("another host", "certificate"), ("expired", "certificate"), ("nobody's", "certificate"), ("no TLS", "no_tls")],
)
def test_a_bad_certificate_is_named(authority: Authority, fault: str, cause: str, tmp_path: Path) -> None:
    issuer = Authority() if fault == "nobody's" else authority
    name = "other.example" if fault == "another host" else "localhost"
    context = None if fault == "no TLS" else issuer.server(name, expired=fault == "expired")
    with peer(tls=context) as server:
        server.replies = [answer(200, b"data")]
        found = reason(f"https://localhost:{server.port}/", tmp_path, allow_loopback=True)
    assert found == f"source_unreachable {cause}"


@pytest.mark.fault("C2")
def test_a_status_is_asked_for_again_after_a_bad_certificate(authority: Authority) -> None:
    with peer(tls=Authority().server("localhost")) as server:
        url = f"https://localhost:{server.port}"
        with pytest.raises(ProviderError):
            RunpodProvider(url, url, "planted-key").status("ep", "a")
    assert server.seen == []


@pytest.mark.fault("F11")
@pytest.mark.parametrize("side", BELIEVES)
def test_nobody_is_trusted_who_was_not_put_in(side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the authorities of the system, as it runs."""
    monkeypatch.setattr(retries, "ATTEMPTS", 1)
    with peer(tls=Authority().server("localhost")) as server:
        assert BELIEVES[side](f"https://localhost:{server.port}/", tmp_path) is False
        assert server.seen == []
