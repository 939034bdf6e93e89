"""RunPod's adapter against real sockets that answer, stall, reset and send nonsense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lambda_api.adapters.runpod import BOUNDS, RunpodProvider
from lambda_api.domain.ports import (
    ProviderError,
    ProviderJobMissing,
    ProviderRefused,
    ProviderRejected,
    ProviderUnknown,
)
from tests.support.scripted_server import SLOW_SECONDS, Peer, Reply, answer, closed_url, drip, peer, reset, stall


@pytest.fixture
def script() -> Iterator[tuple[Peer, RunpodProvider]]:
    with peer() as plan:
        yield plan, RunpodProvider(f"{plan.url}/v2", f"{plan.url}/management", "planted-key")


def test_run_sends_the_payload_once_with_the_key(script: tuple[Peer, RunpodProvider]) -> None:
    plan, provider = script
    plan.replies = [answer(200, {"id": "abc-u1", "status": "IN_QUEUE"})]
    assert provider.run("ep", {"input": {"a": 1}}) == "abc-u1"
    assert [(r.method, r.path, r.headers["authorization"], r.json) for r in plan.seen] == [
        ("POST", "/v2/ep/run", "Bearer planted-key", {"input": {"a": 1}})
    ]


@pytest.mark.fault("C1", "C3")
@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 408, 409, 429, 451, 503])
def test_refusal_carries_retry_after(script: tuple[Peer, RunpodProvider], status: int) -> None:
    plan, provider = script
    plan.replies = [answer(status, {}, {"Retry-After": "7"})]
    with pytest.raises(ProviderRefused) as refused:
        provider.run("ep", {})
    assert refused.value.retry_after_ms == 7000
    assert len(plan.seen) == 1


@pytest.mark.fault("C4")
@pytest.mark.parametrize("status", [400, 413, 422])
def test_rejection_is_final(script: tuple[Peer, RunpodProvider], status: int) -> None:
    plan, provider = script
    plan.replies = [answer(status, {"error": "json is invalid"})]
    with pytest.raises(ProviderRejected):
        provider.run("ep", {})


@pytest.mark.fault("C5", "C13")
@pytest.mark.parametrize(
    "reply",
    [
        answer(500, {}), answer(502, b"<html>"), answer(504, {}), answer(200, b"<html>"), answer(200, b""),
        answer(200, []), answer(200, {}), answer(200, {"id": 7}), answer(302, {}),
        answer(200, {"id": "a", "pad": "x" * 2_000_000}), reset,
    ],
)  # fmt: skip
def test_unclear_run_response_is_unknown(script: tuple[Peer, RunpodProvider], reply: Reply) -> None:
    plan, provider = script
    plan.replies = [reply]
    with pytest.raises(ProviderUnknown):
        provider.run("ep", {})
    assert len(plan.seen) == 1


@pytest.mark.fault("C6")
@pytest.mark.parametrize("reply", [drip, stall])
def test_slow_response_is_bounded_as_a_whole(
    script: tuple[Peer, RunpodProvider], reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = script
    provider = RunpodProvider(plan.url, plan.url, "planted-key", replace(BOUNDS, read=0.3))
    plan.replies = [reply]
    began = time.monotonic()
    with pytest.raises(ProviderUnknown):
        provider.run("ep", {})
    assert time.monotonic() - began < SLOW_SECONDS / 2


def test_failed_connection_is_a_refusal() -> None:
    with pytest.raises(ProviderRefused):
        RunpodProvider(closed_url(), "http://127.0.0.1:1", "k").run("ep", {})


def test_connection_idle_for_long_is_not_reused(
    script: tuple[Peer, RunpodProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, provider = script
    plan.replies, plan.keep_open = [answer(200, {})], True
    provider.cancel("ep", "a")
    provider.cancel("ep", "a")
    later = time.time() + 6
    monkeypatch.setattr(time, "time", lambda: later)
    provider.cancel("ep", "a")
    first, second, third = (request.port for request in plan.seen)
    assert first == second != third


def test_proxies_of_the_environment_are_ignored(
    script: tuple[Peer, RunpodProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, provider = script
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    plan.replies = [answer(200, {"id": "x"})]
    assert provider.run("ep", {}) == "x"


def test_status_separates_the_error_text(script: tuple[Peer, RunpodProvider]) -> None:
    plan, provider = script
    plan.replies = [answer(200, {"id": "a", "status": "FAILED", "error": "{}", "output": {"x": 1}})]
    result = provider.status("ep", "a/../b")
    assert (result.status, result.error) == ("FAILED", "{}")
    assert (plan.seen[0].method, plan.seen[0].path) == ("GET", "/v2/ep/status/a%2F..%2Fb")


def test_unknown_job_is_missing(script: tuple[Peer, RunpodProvider]) -> None:
    plan, provider = script
    plan.replies = [answer(404, {})]
    for ask in (provider.status, provider.cancel):
        with pytest.raises(ProviderJobMissing):
            ask("ep", "a")


@pytest.mark.parametrize("reply", [answer(503, {}), answer(200, {}), answer(200, b"?"), reset])
def test_unreadable_status_is_an_error(script: tuple[Peer, RunpodProvider], reply: Reply) -> None:
    plan, provider = script
    plan.replies = [reply]
    with pytest.raises(ProviderError):
        provider.status("ep", "a")


def test_health_has_counts_and_nothing_else(script: tuple[Peer, RunpodProvider]) -> None:
    plan, provider = script
    plan.replies = [answer(200, {"jobs": {"inQueue": 3, "x": "y"}, "workers": None, "extra": 1})]
    assert provider.health("ep") == {"jobs": {"inQueue": 3}, "workers": {}}


def test_config_never_shows_the_environment(script: tuple[Peer, RunpodProvider]) -> None:
    plan, provider = script
    plan.replies = [answer(200, {"id": "ep", "env": {"SECRET": "x"}, "registry": "r", "workers": {"max": 3}})]
    assert provider.config("ep") == {"id": "ep", "workers": {"max": 3}}
    assert plan.seen[0].path == "/management/v2/serverless/ep"
