"""The HTTP API of the running system."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.system import System, Web, eventually

SMALL: dict[str, Any] = {"size": "128x128", "duration": 0.5, "frame_rate": 10}


def test_prefer_wait_returns_the_finished_job(system: System, site: Web) -> None:
    body = SMALL | {"url_image": site("photo.jpg")}
    status, job = system.call("POST", "/video/img2vid", body, headers={"Prefer": "wait=20"})
    assert (status, job["status"]) == (200, "COMPLETED")


def test_concurrent_requests_with_one_key_create_one_job(system: System, site: Web) -> None:
    before = len(system.executions())
    body = SMALL | {"url_image": site("photo.jpg")}

    def post(_: int) -> tuple[int, Any]:
        return system.call("POST", "/video/img2vid", body, headers={"Idempotency-Key": "one-key"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert {status for status, _ in answers} == {202}
    (job_id,) = {job["job_id"] for _, job in answers}
    assert system.wait(job_id)["status"] == "COMPLETED"
    assert len(system.executions()) == before + 1


@pytest.mark.fault("B12")
def test_client_that_disconnects_finds_its_job_by_its_key(system: System, site: Web) -> None:
    before = len(system.executions())
    body = json.dumps(SMALL | {"url_image": site("photo.jpg")}).encode()
    address = urlsplit(system.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        head = (
            "POST /video/img2vid HTTP/1.1", f"Host: {address.netloc}", "X-API-Key: local-key",
            "Idempotency-Key: left-early", "Content-Type: application/json", f"Content-Length: {len(body)}",
        )  # fmt: skip
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    eventually(system.executions, lambda found: len(found) == before + 1)
    status, job = system.call("POST", "/video/img2vid", json.loads(body), headers={"Idempotency-Key": "left-early"})
    assert (status, system.wait(job["job_id"])["status"]) == (202, "COMPLETED")
    assert len(system.executions()) == before + 1


def test_owners_cannot_see_each_others_jobs(system: System, site: Web) -> None:
    job_id = system.submit("img2vid", url_image=site("photo.jpg"), **SMALL)["job_id"]
    assert system.call("GET", f"/job/{job_id}", key="other-key")[0] == 404
    assert system.call("GET", f"/job/{job_id}", key="wrong")[0] == 401
    system.wait(job_id)


def test_execution_shows_runpods_details(system: System) -> None:
    status, health = system.call("GET", "/runpod/health")
    assert (status, set(health)) == (200, {"endpoint_id", "jobs", "workers"})
    status, config = system.call("GET", "/runpod/config")
    assert (status, config["id"]) == (200, "local")
    assert "env" not in config


def test_private_addresses_are_refused_even_locally(system: System) -> None:
    status, problem = system.call("POST", "/video/img2vid", {"url_image": "http://169.254.169.254/latest"})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["url_image"])
