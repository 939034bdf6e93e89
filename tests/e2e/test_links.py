"""Links to files, and what jobs cost, in the running system."""

from __future__ import annotations

import asyncio
import http.client
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from local.demo.client import Client
from tests.support.system import System, Web

SMALL: dict[str, Any] = {"size": "128x128", "duration": 0.5, "frame_rate": 10}


def visit(method: str, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send one request without a key; redirects are not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def job(shared_system: System, site: Web) -> dict[str, Any]:
    """A finished job, the second one of its worker at least."""
    for _ in range(2):
        done = shared_system.wait(shared_system.submit("img2vid", url_image=site("photo.jpg"), **SMALL)["job_id"])
        assert done["status"] == "COMPLETED"
    return done


def test_share_link_plays_without_a_key_until_it_is_revoked(system: System, job: dict[str, Any]) -> None:
    status, link = system.call("POST", f"/job/{job['job_id']}/share", {"expires_in": 3600})
    assert status == 201
    status, headers, _ = visit("GET", link["url"])
    assert (status, headers["cache-control"], headers["x-robots-tag"]) == (302, "no-store", "noindex")
    status, played, video = visit("GET", headers["location"])
    assert (status, len(video), played["content-type"]) == (200, job["video"]["size_bytes"], "video/mp4")
    assert "content-disposition" not in played
    status, _, start = visit("GET", headers["location"], Range="bytes=0-9")
    assert (status, start) == (206, video[:10])
    status, headers, body = visit("HEAD", link["url"])
    assert (status, body) == (302, b"")
    status, size, _ = visit("HEAD", headers["location"])
    assert (status, int(size["content-length"])) == (200, len(video))
    _, headers, _ = visit("GET", link["url"] + "?download=1")
    assert visit("GET", headers["location"])[1]["content-disposition"] == 'attachment; filename="output.mp4"'

    assert system.call("DELETE", f"/job/{job['job_id']}/share", key="other-key")[0] == 404
    assert visit("GET", link["url"])[0] == 302
    assert system.call("DELETE", f"/job/{job['job_id']}/share")[0] == 204
    assert visit("GET", link["url"])[0] == 404


def test_client_of_the_demo_saves_the_video(system: System, tmp_path: Path) -> None:
    """aiohttp encodes the name in the signed URL in another way than boto3."""
    named = system.submit("img2vid", url_image=f"{system.url}/samples/photo.jpg", output_filename="scene", **SMALL)
    done = system.wait(named["job_id"])

    async def save() -> None:
        async with aiohttp.ClientSession() as session:
            await Client(session, system.url, "local-key").download(done["video_url"], tmp_path / "saved.mp4")

    asyncio.run(save())
    assert (tmp_path / "saved.mp4").stat().st_size == done["video"]["size_bytes"]


def test_owner_is_led_to_the_video_with_the_key_only(system: System, job: dict[str, Any]) -> None:
    url = system.url + job["links"]["video"]
    status, headers, _ = visit("GET", url, **{"X-API-Key": "local-key"})
    assert (status, visit("GET", headers["location"])[0]) == (302, 200)
    assert visit("GET", url)[0] == 401
    assert visit("GET", url, **{"X-API-Key": "other-key"})[0] == 404


def test_cost_is_measured_and_added_up(system: System, job: dict[str, Any]) -> None:
    cost = job["cost"]
    assert (cost["basis"], cost["price_table"]) == ("measured", "2026-08")
    assert cost["billed_seconds"] >= cost["gpu_seconds"] + cost["start_seconds"] + cost["idle_seconds"]
    # As if this machine were an RTX 4090.
    assert cost["gpu_usd"] > 0
    assert cost["gpu_usd"] == pytest.approx(cost["billed_seconds"] * cost["price_per_second"])
    bills, path = [], "/jobs?limit=100"
    while path:
        _, page = system.call("GET", path)
        bills += [found["cost"] for found in page["jobs"] if found["cost"] is not None]
        path = f"/jobs?limit=100&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    # Some job was the first of its worker, whose start takes time.
    assert any((bill["start_seconds"] or 0) > 0.1 for bill in bills)
    status, costs = system.call("GET", "/costs?group_by=operation")
    assert (status, costs["total"]["jobs"], costs["total"]["measured_jobs"]) == (200, len(bills), len(bills))
    for name in ("gpu_seconds", "start_seconds", "idle_seconds", "billed_seconds", "gpu_usd"):
        assert costs["total"][name] == pytest.approx(sum(bill[name] for bill in bills))
    assert "img2vid" in {group["key"] for group in costs["groups"]}
