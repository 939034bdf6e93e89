"""The management API's adapter against a peer that answers anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambda_api.adapters.runpod_endpoints import BOUNDS, RunpodEndpoints
from lambda_api.domain.ports import ProviderRefused, ProviderRejected, ProviderUnknown
from tests.support.scripted_server import Peer, Reply, answer, closed_url, drip, peer, reset, stall

LIVE = {"id": "4m7x2k9q", "name": "video", "workers": {"min": 0, "max": 3}, "env": {"SECRET": "x"}}


@pytest.fixture
def site() -> Iterator[Peer]:
    with peer() as running:
        yield running


@pytest.fixture
def endpoints(site: Peer) -> RunpodEndpoints:
    return RunpodEndpoints(site.url, "planted-key")


def test_each_call_sends_its_request(site: Peer, endpoints: RunpodEndpoints) -> None:
    site.replies = [
        answer(200, {"endpoints": [LIVE]}), answer(200, LIVE), answer(200, {"summary": {"unhealthy": 2}}),
        answer(201, LIVE), answer(200, LIVE), answer(204),
    ]  # fmt: skip
    assert endpoints.list_endpoints() == [LIVE]
    assert endpoints.read("a/../b") == LIVE
    assert endpoints.unhealthy_workers("ep") == 2
    assert endpoints.create({"name": "video"}) == LIVE
    endpoints.update("ep", {"image": "b"})
    endpoints.delete("ep")
    assert [(seen.method, seen.path, seen.json) for seen in site.seen] == [
        ("GET", "/v2/serverless", None),
        ("GET", "/v2/serverless/a%2F..%2Fb", None),
        ("GET", "/v2/serverless/ep/workers", None),
        ("POST", "/v2/serverless", {"name": "video"}),
        ("PATCH", "/v2/serverless/ep", {"image": "b"}),
        ("DELETE", "/v2/serverless/ep", None),
    ]
    assert {seen.headers["authorization"] for seen in site.seen} == {"Bearer planted-key"}


def test_missing_endpoint_is_none(site: Peer, endpoints: RunpodEndpoints) -> None:
    site.replies = [answer(404, {"title": "Not Found", "status": 404})]
    assert endpoints.read("ep") is None
    endpoints.delete("ep")
    with pytest.raises(ProviderRejected):
        endpoints.update("ep", {})


def test_throttling_carries_retry_after(site: Peer, endpoints: RunpodEndpoints) -> None:
    site.replies = [answer(429, {}, {"Retry-After": "12"})]
    with pytest.raises(ProviderRefused) as refused:
        endpoints.create({})
    assert refused.value.retry_after_ms == 12_000


@pytest.mark.parametrize(
    "reply",
    [
        answer(500, {}), answer(502, b"<html>"), answer(408, {}), answer(201, b"<html>"), answer(201, b""),
        answer(201, []), answer(201, {}), answer(201, {"id": 7}), answer(201, {"id": "ep", "workers": {}}),
        answer(201, b"[" * 100_000), reset, stall, drip,
    ],
)  # fmt: skip
def test_possibly_executed_call_is_unknown(site: Peer, reply: Reply) -> None:
    read = 0.3 if reply in {stall, drip} else BOUNDS.read
    site.replies = [reply]
    with pytest.raises(ProviderUnknown):
        RunpodEndpoints(site.url, "k", replace(BOUNDS, read=read)).create({})
    assert len(site.seen) == 1


def test_failed_connection_is_a_certain_refusal() -> None:
    with pytest.raises(ProviderRefused, match="RunPod cannot be reached"):
        RunpodEndpoints(closed_url(), "k").create({})


@pytest.mark.parametrize("listed", [{}, {"endpoints": None}, {"endpoints": "x"}])
def test_unreadable_list_is_not_an_empty_list(site: Peer, endpoints: RunpodEndpoints, listed: Any) -> None:
    site.replies = [answer(200, listed)]
    with pytest.raises(ProviderUnknown):
        endpoints.list_endpoints()


def test_malformed_endpoints_are_skipped(site: Peer, endpoints: RunpodEndpoints) -> None:
    site.replies = [answer(200, {"endpoints": [None, {}, {"id": "x"}, LIVE]})]
    assert endpoints.list_endpoints() == [LIVE]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (answer(401, {"detail": "x"}), "RunPod does not know the API key (401)"),
        (answer(403, {"detail": "x"}), "The API key may not manage endpoints at RunPod (403)"),
        (answer(402, {"detail": "Balance too low"}), "RunPod refused (402): Balance too low"),
        (answer(422, {"title": "Unprocessable", "errors": [{"location": "gpu.pools"}]}),
         'RunPod refused (422): Unprocessable; {"location": "gpu.pools"}'),
        (answer(400, {"detail": "a\r\nb\x00 planted-key"}), "RunPod refused (400): a b [secret]"),
        (answer(400, b"<html>"), "RunPod refused (400)"),
        (answer(400, {"detail": 7, "errors": 8}), "RunPod refused (400): 7"),
    ],
)  # fmt: skip
def test_refusal_is_reported_in_a_sentence(site: Peer, endpoints: RunpodEndpoints, reply: Reply, text: str) -> None:
    site.replies = [reply]
    with pytest.raises(ProviderRejected) as rejected:
        endpoints.create({})
    assert rejected.value.reason == text
