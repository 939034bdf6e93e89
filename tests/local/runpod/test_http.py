"""The emulator over loopback HTTP; the tests act as the worker."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.local.support import BEARER, KEY, RAW, EmulatorClient, eventually, running_emulator, serve_receiver


def test_job_passes_through_every_worker_route(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator, serve_receiver() as (receiver, hook):
            job_id = await emulator.run(input={"a": 1}, webhook=hook)
            taken = await emulator.take()
            assert taken == {"id": job_id, "input": {"a": 1}, "webhook": hook}
            assert (await emulator.status(job_id))["status"] == "IN_PROGRESS"
            assert await emulator.done(job_id, {"output": {"v": 1}}) == 200
            shown = await emulator.status(job_id)
            assert (shown["status"], shown["output"], shown["workerId"]) == ("COMPLETED", {"v": 1}, "hand")
            await eventually(lambda: receiver.bodies)
            body = receiver.bodies[0]
            assert body == shown | {"input": {"a": 1}, "webhook": hook}
            assert (await emulator.call("GET", "/v2/local/health"))[1]["jobs"]["completed"] == 1

    asyncio.run(scenario())


def test_long_poll_returns_as_soon_as_a_job_arrives(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path, take_hold=60.0) as emulator:
            take = asyncio.create_task(emulator.take())
            await asyncio.sleep(0.2)
            sent = time.monotonic()
            job_id = await emulator.run(input={})
            assert (await take)["id"] == job_id
            # The job ends the long poll early.
            assert time.monotonic() - sent < 30

    asyncio.run(scenario())


def test_long_poll_without_a_job_waits(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            began = time.monotonic()
            status, body = await emulator.call("GET", "/v2/local/job-take/w?gpu=x", headers=RAW)
            assert (status, body) == (204, None)
            assert time.monotonic() - began > 0.9

    asyncio.run(scenario())


def test_job_is_not_given_to_a_closed_long_poll(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path, take_hold=10.0) as emulator:
            take = asyncio.create_task(emulator.take("dead"))
            await asyncio.sleep(0.2)
            take.cancel()
            await asyncio.sleep(0.1)
            job_id = await emulator.run(input={})
            assert (await emulator.take("alive"))["id"] == job_id

    asyncio.run(scenario())


def test_job_take_batch_returns_several_jobs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            ids = [await emulator.run(input={"n": n}) for n in range(3)]
            _, batch = await emulator.call("GET", "/v2/local/job-take-batch/w?gpu=x&batch_size=2", headers=RAW)
            assert [job["id"] for job in batch] == ids[:2]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v2/local/run", {}, 401),
        ("POST", "/v2/local/run", {"Authorization": KEY}, 401),
        ("POST", "/v2/local/run", {"Authorization": "Bearer wrong"}, 401),
        ("GET", "/v2/local/health", {}, 401),
        ("POST", "/v2/elsewhere/run", BEARER, 404),
        ("GET", "/v2/local/status/unknown", BEARER, 404),
        ("POST", "/v2/local/cancel/unknown", BEARER, 404),
        ("POST", "/v2/local/retry/unknown", BEARER, 404),
        ("GET", "/v2/local/job-take/w", {}, 401),
        ("POST", "/v2/local/job-done/w/unknown", RAW, 404),
        ("GET", "/management/v2/serverless/local", {}, 401),
        ("GET", "/management/v2/serverless/other", BEARER, 404),
    ],
)
def test_each_route_requires_its_key(tmp_path: Path, method: str, path: str, headers: Any, status: int) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            body = {"input": {}} if method == "POST" else None
            assert (await emulator.call(method, path, body, headers=headers))[0] == status

    asyncio.run(scenario())


def test_invalid_bodies_are_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            for body in ({}, {"input": 3}, {"input": {}, "policy": {"ttl": 1}}):
                assert (await emulator.call("POST", "/v2/local/run", body))[0] == 400
            async with emulator.session.post(f"{emulator.url}/v2/local/run", data=b"{", headers=BEARER) as answer:
                assert answer.status == 400
            big = io.BytesIO(b'{"input": {"a": "' + b"x" * 10_000_000 + b'"}}')
            async with emulator.session.post(f"{emulator.url}/v2/local/run", data=big, headers=BEARER) as answer:
                assert answer.status == 413
            assert (await emulator.call("GET", "/_jobs"))[1] == {"jobs": []}

    asyncio.run(scenario())


def test_runsync_returns_the_result_or_the_current_state(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            status, waiting = await emulator.call("POST", "/v2/local/runsync?wait=1000", {"input": {}})
            assert (status, waiting["status"]) == (200, "IN_QUEUE")
            assert waiting["id"].startswith("sync-")
            sync = asyncio.create_task(emulator.call("GET", f"/v2/local/status-sync/{waiting['id']}?wait=9000"))
            await emulator.take()
            await emulator.done(waiting["id"], {"output": 5})
            assert (await sync)[1]["output"] == 5

    asyncio.run(scenario())


def test_stream_gives_each_chunk_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            job_id = await emulator.run(input={})
            await emulator.take()
            for n in (1, 2):
                await emulator.call("POST", f"/v2/local/job-stream/hand/{job_id}", {"output": n}, headers=RAW)
            _, first = await emulator.call("GET", f"/v2/local/stream/{job_id}")
            assert first == {"status": "IN_PROGRESS", "stream": [{"output": 1}, {"output": 2}]}
            await emulator.done(job_id, {"output": []})
            assert (await emulator.call("GET", f"/v2/local/stream/{job_id}"))[1]["stream"] == []

    asyncio.run(scenario())


def test_cancel_retry_and_purge_answer_like_runpod(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            job_id = await emulator.run(input={})
            await emulator.take()
            stop = asyncio.create_task(emulator.call("GET", "/v2/local/job-stop/hand?gpu=x", headers=RAW))
            cancelled = await emulator.call("POST", f"/v2/local/cancel/{job_id}")
            assert cancelled == (200, {"id": job_id, "status": "CANCELLED"})
            assert await stop == (200, {"jobsToStop": [job_id]})
            assert (await emulator.call("POST", f"/v2/local/retry/{job_id}"))[0] == 400
            failed = await emulator.run(input={})
            await emulator.take()
            await emulator.done(failed, {"error": "m"})
            assert (await emulator.call("POST", f"/v2/local/retry/{failed}"))[1]["status"] == "IN_QUEUE"
            assert (await emulator.call("POST", "/v2/local/purge-queue"))[1] == {"removed": 1, "status": "completed"}

    asyncio.run(scenario())


def test_job_of_a_silent_worker_is_requeued(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path, silence=0.5) as emulator:
            job_id = await emulator.run(input={})
            await emulator.take()
            await emulator.until(job_id, "IN_QUEUE")
            assert (await emulator.status(job_id))["retries"] == 1

    asyncio.run(scenario())


def test_webhook_is_sent_three_times_until_a_200(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator, serve_receiver(500, 204, 302, 200) as (receiver, hook):
            job_id = await emulator.run(input={}, webhook=hook)
            await emulator.take()
            await emulator.done(job_id, {"error": "m"})
            await eventually(lambda: len(receiver.bodies) == 3)
            await asyncio.sleep(0.5)
            assert len(receiver.bodies) == 3
            assert receiver.bodies[0]["status"] == "FAILED"
            assert all(after - before > 0.15 for before, after in zip(receiver.times, receiver.times[1:], strict=False))
            attempts = (await emulator.call("GET", "/_jobs"))[1]["jobs"][0]["webhook_attempts"]
            assert [attempt["answer"] for attempt in attempts] == [500, 204, 302]

    asyncio.run(scenario())


def test_undelivered_webhook_does_not_fail_the_job(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            job_id = await emulator.run(input={}, webhook="http://127.0.0.1:9/")
            await emulator.take()
            await emulator.done(job_id, {"output": 1})
            await asyncio.sleep(0.6)
            assert (await emulator.status(job_id))["status"] == "COMPLETED"

    asyncio.run(scenario())


def test_management_api_shows_the_endpoint(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            _, shown = await emulator.call("GET", "/management/v2/serverless/local")
            assert {"id", "name", "type", "requestUrls", "env", "gpu", "workers", "scaling", "timeout"} <= set(shown)
            assert shown["env"]
            assert shown["requestUrls"]["run"] == f"{emulator.url}/v2/local/run"
            _, listed = await emulator.call("GET", "/management/v2/serverless")
            assert listed == {"endpoints": [shown]}
            _, workers = await emulator.call("GET", "/management/v2/serverless/local/workers")
            assert workers["summary"]["total"] == 0

    asyncio.run(scenario())


async def _finish(emulator: EmulatorClient, hook: str) -> str:
    job_id = await emulator.run(input={}, webhook=hook)
    await emulator.take()
    await emulator.done(job_id, {"output": 1})
    return job_id


@pytest.mark.parametrize(
    ("fault", "bodies", "least", "most"),
    [("drop", 0, 0, 9), ("duplicate", 2, 0, 9), ("null_body", 1, 0, 9), ("delay", 1, 0.5, 9)],
)
def test_webhook_faults_affect_one_delivery(tmp_path: Path, fault: str, bodies: int, least: float, most: float) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator, serve_receiver() as (receiver, hook):
            began = time.monotonic()
            await emulator.call("POST", "/_faults", {"webhook": {"mode": fault, "times": 1, "seconds": 0.6}})
            await _finish(emulator, hook)
            await asyncio.sleep(0.4)
            await eventually(lambda: len(receiver.bodies) >= bodies)
            await asyncio.sleep(0.2)
            assert len(receiver.bodies) == bodies
            assert all(least < at - began < most for at in receiver.times)
            assert fault != "null_body" or receiver.bodies == [None]
            await _finish(emulator, hook)
            await eventually(lambda: len(receiver.bodies) == bodies + 1)
            assert receiver.bodies[-1]["status"] == "COMPLETED"

    asyncio.run(scenario())


@pytest.mark.parametrize("mode", ["503", "429"])
def test_a_refused_run_stores_nothing(tmp_path: Path, mode: str) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            await emulator.call("POST", "/_faults", {"run": mode})
            for _ in range(2):
                assert (await emulator.call("POST", "/v2/local/run", {"input": {}}))[0] == int(mode)
            assert (await emulator.call("GET", "/_jobs"))[1] == {"jobs": []}
            assert (await emulator.call("DELETE", "/_faults"))[1] == {}
            await emulator.run(input={})

    asyncio.run(scenario())


def test_a_run_that_times_out_stores_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            await emulator.call("POST", "/_faults", {"run": {"mode": "timeout", "seconds": 1.0}})
            with pytest.raises(TimeoutError):
                await emulator.call("POST", "/v2/local/run", {"input": {}}, timeout=aiohttp.ClientTimeout(total=0.4))
            assert (await emulator.call("GET", "/_jobs"))[1] == {"jobs": []}

    asyncio.run(scenario())


def test_run_can_be_accepted_with_a_lost_response(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            await emulator.call("POST", "/_faults", {"run": {"mode": "accept_then_reset", "times": 1}})
            with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
                await emulator.call("POST", "/v2/local/run", {"input": {"job_id": "mine"}})
            jobs = (await emulator.call("GET", "/_jobs"))[1]["jobs"]
            assert [(job["job_id"], job["status"]) for job in jobs] == [("mine", "IN_QUEUE")]

    asyncio.run(scenario())


def test_status_and_job_done_can_fail_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            job_id = await emulator.run(input={})
            await emulator.call("POST", "/_faults", {"status": {"mode": "503", "times": 1}, "job_done": "500"})
            assert (await emulator.call("GET", f"/v2/local/status/{job_id}"))[0] == 503
            assert (await emulator.call("GET", f"/v2/local/status/{job_id}"))[0] == 200
            await emulator.take()
            assert await emulator.done(job_id, {"output": 1}) == 500
            assert (await emulator.status(job_id))["status"] == "IN_PROGRESS"

    asyncio.run(scenario())


def test_a_held_job_stays_in_the_queue(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            await emulator.call("POST", "/_faults", {"worker": "hold"})
            job_id = await emulator.run(input={})
            assert await emulator.take() is None
            await emulator.call("DELETE", "/_faults")
            assert (await emulator.take())["id"] == job_id

    asyncio.run(scenario())


def test_unknown_faults_are_refused_with_what_exists(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path) as emulator:
            status, answer = await emulator.call("POST", "/_faults", {"run": "502"})
            assert status == 400
            assert "accept_then_reset" in answer["error"]
            assert "kill_mid_job" in answer["error"]
            assert (await emulator.call("GET", "/_faults"))[1] == {}

    asyncio.run(scenario())
