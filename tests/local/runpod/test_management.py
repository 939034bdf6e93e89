"""The emulator's management API accepts, refuses and returns what RunPod's REST v2 does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.local.support import BEARER, EmulatorClient, eventually, running_emulator

BASE = "/management/v2/serverless"
BODY: dict[str, Any] = {
    "name": "video", "type": "QUEUE", "image": "registry/worker:1", "gpu": {"pools": ["ADA_24"]},
    "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
}  # fmt: skip


def run(tmp_path: Path, scenario: Callable[[EmulatorClient], Awaitable[None]], **how: Any) -> None:
    async def running() -> None:
        async with running_emulator(tmp_path, **how) as emulator:
            await scenario(emulator)

    asyncio.run(running())


async def create(emulator: EmulatorClient, **changes: Any) -> Any:
    status, made = await emulator.call("POST", BASE, BODY | changes)
    assert status == 201, made
    return made


def test_endpoint_is_created_updated_and_deleted(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        made = await create(emulator, env={"A": "1", "B": "2"})
        path = f"{BASE}/{made['id']}"
        # RunPod's API has other defaults than its console.
        assert (made["workers"], made["timeout"], made["flashboot"], made["disk"]) == (
            {"min": 0, "max": 3, "idleTimeout": 10}, 300_000, "OFF", 20,
        )  # fmt: skip
        assert made["requestUrls"]["run"] == f"{emulator.url}/v2/{made['id']}/run"
        assert (await emulator.call("GET", path))[1] == made
        status, changed = await emulator.call("PATCH", path, {"env": {"C": "3"}, "workers": {"max": 0}})
        assert (status, changed) == (200, made | {"env": {"C": "3"}, "workers": made["workers"] | {"max": 0}})
        listed = (await emulator.call("GET", BASE))[1]["endpoints"]
        assert [endpoint["id"] for endpoint in listed] == ["local", made["id"]]
        assert (await emulator.call("GET", f"{path}/workers"))[1]["summary"]["total"] == 0
        assert await emulator.call("DELETE", path) == (204, None)
        for method in ("GET", "PATCH", "DELETE"):
            assert (await emulator.call(method, path, {}))[0] == 404

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": ""}, 422), ({"name": None}, 422), ({"type": "POD"}, 422), ({"image": None}, 422), ({"disk": 0}, 422),
        ({"env": {"A": 1}}, 422), ({"registry": 7}, 422), ({"gpu": {}}, 422), ({"gpu": None}, 422),
        ({"gpu": {"pools": []}}, 422), ({"gpu": {"pools": ["ADA_23"]}}, 400), ({"unknown": 1}, 422),
        ({"gpu": {"pools": ["ADA_24"], "minCudaVersion": "12"}}, 422),
        ({"gpu": {"pools": ["ADA_24"], "minCudaVersion": "12.4", "allowedCudaVersions": ["12.4"]}}, 400),
        ({"workers": {"min": -1}}, 422), ({"workers": {"max": "3"}}, 422), ({"workers": {"idleTimeout": 3601}}, 422),
        ({"workers": {"min": 4}}, 400), ({"workers": {"most": 4}}, 422), ({"scaling": {"type": "QUEUE_DELAY"}}, 422),
        ({"scaling": {"type": "QUEUE_DELAY", "queueDelay": 0.4}}, 422), ({"scaling": {"type": "NONE"}}, 422),
        ({"scaling": {"type": "QUEUE_DELAY", "requestCount": 4}}, 422), ({"flashboot": True}, 422),
        ({"scaling": {"type": "REQUEST_COUNT", "requestCount": 1}, "workers": {"idleTimeout": 5}}, 400),
        ({"type": "LOAD_BALANCER"}, 422), ({"timeout": "600"}, 422),
    ],
)  # fmt: skip
def test_values_that_runpod_refuses_are_refused(tmp_path: Path, changes: Any, status: int) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        answer = await emulator.call("POST", BASE, BODY | changes)
        assert (answer[0], answer[1]["status"]) == (status, status)
        assert len((await emulator.call("GET", BASE))[1]["endpoints"]) == 1

    run(tmp_path, scenario)


@pytest.mark.parametrize("missing", ["name", "type", "image", "scaling", "gpu"])
def test_missing_required_field_is_refused(tmp_path: Path, missing: str) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        body = {name: value for name, value in BODY.items() if name != missing}
        assert (await emulator.call("POST", BASE, body))[0] == 422

    run(tmp_path, scenario)


def test_invalid_updates_are_refused(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        path = f"{BASE}/{(await create(emulator))['id']}"
        for body in ({"type": "QUEUE"}, {"gpu": {"excludedTypes": ["NVIDIA L4"]}}, [], {"workers": {"idleTimeout": 0}}):
            assert (await emulator.call("PATCH", path, body))[0] == 422
        assert (await emulator.call("PATCH", path, {"workers": {"min": 9}}))[0] == 400

    run(tmp_path, scenario)


def test_setting_pools_clears_excluded_types(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        gpu = {"pools": ["AMPERE_24"], "excludedTypes": ["NVIDIA L4"], "minCudaVersion": "12.4"}
        path = f"{BASE}/{(await create(emulator, gpu=gpu))['id']}"
        kept = (await emulator.call("PATCH", path, {"gpu": {"minCudaVersion": ""}}))[1]["gpu"]
        assert (kept["excludedTypes"], kept["minCudaVersion"]) == (["NVIDIA L4"], None)
        assert "excludedTypes" not in (await emulator.call("PATCH", path, {"gpu": {"pools": ["ADA_24"]}}))[1]["gpu"]

    run(tmp_path, scenario)


def test_the_fleet_follows_its_endpoints_settings(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        changes = {"workers": {"max": 5, "idleTimeout": 60}, "scaling": {"type": "QUEUE_DELAY", "queueDelay": 2}}
        assert (await emulator.call("PATCH", f"{BASE}/local", changes))[0] == 200
        scaling = emulator.emulator.fleet.scaling
        assert (scaling.workers_max, scaling.idle_timeout, scaling.queue_delay) == (5, 60, 2)
        assert (await emulator.call("GET", f"{BASE}/local"))[1]["workers"]["max"] == 5
        assert (await emulator.call("DELETE", f"{BASE}/local"))[0] == 409

    run(tmp_path, scenario)


def test_a_fleet_scaled_to_zero_starts_no_worker(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        await emulator.call("PATCH", f"{BASE}/local", {"workers": {"max": 0}})
        await emulator.run(input={})
        await asyncio.sleep(0.5)
        assert not emulator.emulator.fleet.containers

    run(tmp_path, scenario, workers=1)


def test_worker_that_fails_to_start_is_shown(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        await emulator.call("POST", "/_faults", {"worker": "unhealthy"})
        shown = (await emulator.call("GET", f"{BASE}/local/workers"))[1]
        assert (shown["summary"]["unhealthy"], shown["summary"]["total"], len(shown["workers"])) == (1, 1, 1)
        assert (await emulator.call("GET", "/v2/local/health"))[1]["workers"]["unhealthy"] == 1

    run(tmp_path, scenario)


def test_catalogue_has_pools_prices_and_rate_headers(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        url = f"{emulator.url}/management/v2/catalog/gpus?product=SERVERLESS"
        async with emulator.session.get(url, headers=BEARER) as answer:
            gpus = {gpu["id"]: gpu for gpu in (await answer.json())["gpus"]}
            assert answer.headers["RateLimit-Policy"].startswith('"minute";q=60;w=60')
            assert '"day";r=' in answer.headers["RateLimit"]
        assert gpus["NVIDIA GeForce RTX 4090"]["pool"] == "ADA_24"
        assert gpus["NVIDIA L40S"]["price"]["serverless"] == 1.908

    run(tmp_path, scenario)


def test_key_is_checked_first(tmp_path: Path) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        for method, path in (("GET", BASE), ("POST", BASE), ("PATCH", f"{BASE}/local"), ("DELETE", f"{BASE}/none")):
            async with emulator.session.request(method, emulator.url + path, data="{") as answer:
                assert (answer.status, answer.content_type) == (401, "application/problem+json")

    run(tmp_path, scenario)


@pytest.mark.parametrize("mode", ["400", "401", "429", "500"])
def test_refused_request_changes_nothing(tmp_path: Path, mode: str) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        await emulator.call("POST", "/_faults", {"endpoint_create": {"mode": mode, "times": 1}})
        async with emulator.session.post(emulator.url + BASE, json=BODY, headers=BEARER) as answer:
            assert (answer.status, answer.headers.get("Retry-After")) == (int(mode), "1" if mode == "429" else None)
            assert json.loads(await answer.text())["status"] == int(mode)
        assert len((await emulator.call("GET", BASE))[1]["endpoints"]) == 1
        await create(emulator)

    run(tmp_path, scenario)


@pytest.mark.parametrize(("mode", "count"), [("timeout", 1), ("accept_then_reset", 2), ("accept_late", 2)])
def test_response_can_be_lost(tmp_path: Path, mode: str, count: int) -> None:
    async def scenario(emulator: EmulatorClient) -> None:
        await emulator.call("POST", "/_faults", {"endpoint_create": {"mode": mode, "seconds": 0.4, "times": 1}})
        request = asyncio.create_task(emulator.call("POST", BASE, BODY))
        # A client that disconnects before its request is read would prove nothing.
        await eventually(lambda: not emulator.emulator.faults.as_json())
        if mode != "accept_then_reset":
            request.cancel()
        with pytest.raises((asyncio.CancelledError, aiohttp.ClientError)):
            await request
        await asyncio.sleep(0.5)

        async def created() -> bool:
            return len((await emulator.call("GET", BASE))[1]["endpoints"]) == count

        await eventually(created)

    run(tmp_path, scenario)
