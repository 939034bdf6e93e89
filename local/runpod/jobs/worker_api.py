"""The routes that the SDK inside a worker calls (runpod SDK 1.12.0): job-take, job-done, job-stop, job-stream, ping.

The SDK polls without a pause, so every empty response is delayed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from local.runpod.emulator import Emulator
from local.runpod.jobs.effects import Done
from local.runpod.jobs.job import Job
from local.runpod.replies import EMULATOR, error, json_body, refusal, reply

_PAUSE = 0.5
_DONE = {Done.ACCEPTED: 200, Done.IGNORED: 200, Done.NOT_YOURS: 400, Done.UNKNOWN: 404}

Action = Callable[[web.Request, Emulator, str], Awaitable[web.Response]]


def routes() -> list[web.RouteDef]:
    base = "/v2/{ep}"
    return [
        web.get(f"{base}/job-take/{{worker}}", _worker(_take)),
        web.get(f"{base}/job-take-batch/{{worker}}", _worker(_take_batch)),
        web.get(f"{base}/job-stop/{{worker}}", _worker(_stop)),
        web.post(f"{base}/job-done/{{worker}}/{{job}}", _worker(_done)),
        web.post(f"{base}/job-stream/{{worker}}/{{job}}", _worker(_stream)),
        web.get(f"{base}/ping/{{worker}}", _worker(_ping)),
    ]


def _worker(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        emulator = request.app[EMULATOR]
        # The SDK sends the bare key, without `Bearer`.
        refused = refusal(request, emulator.settings.api_key)
        if refused is not None:
            await asyncio.sleep(_PAUSE)
            return refused
        worker_id = request.match_info["worker"]
        emulator.record_contact(worker_id)
        return await action(request, emulator, worker_id)

    return handler


async def _take(request: web.Request, emulator: Emulator, worker_id: str) -> web.Response:
    job = await _wait_for_job(request, emulator, worker_id)
    return web.Response(status=204) if job is None else reply(200, job.for_worker())


async def _take_batch(request: web.Request, emulator: Emulator, worker_id: str) -> web.Response:
    first = await _wait_for_job(request, emulator, worker_id)
    if first is None:
        return web.Response(status=204)
    size = request.query.get("batch_size", "1")
    batch = [first]
    while len(batch) < (int(size) if size.isdecimal() else 1) and (job := emulator.take(worker_id)) is not None:
        batch.append(job)
    return reply(200, [job.for_worker() for job in batch])


async def _wait_for_job(request: web.Request, emulator: Emulator, worker_id: str) -> Job | None:
    if request.query.get("job_in_progress", "0") == "0":
        emulator.fleet.mark_ready(worker_id)
    until = time.monotonic() + emulator.settings.take_hold
    while (left := until - time.monotonic()) > 0 and not _is_leaving(emulator, worker_id):
        if request.transport is None or request.transport.is_closing():
            return None
        job = emulator.take(worker_id)
        if job is not None:
            return job
        # Check the connection every second: a job must not go to a worker that has died.
        await emulator.notifier.wait(min(left, 1.0))
    await asyncio.sleep(_PAUSE if _is_leaving(emulator, worker_id) else 0)
    return None


def _is_leaving(emulator: Emulator, worker_id: str) -> bool:
    container = emulator.fleet.containers.get(worker_id)
    return emulator.closing or (container is not None and container.stopping)


async def _stop(_request: web.Request, emulator: Emulator, worker_id: str) -> web.Response:
    until = time.monotonic() + emulator.settings.take_hold
    while (left := until - time.monotonic()) > 0 and not _is_leaving(emulator, worker_id):
        stops = emulator.pop_stops(worker_id)
        if stops:
            return reply(200, {"jobsToStop": stops})
        await emulator.notifier.wait(min(left, 1.0))
    return web.Response(status=204)


async def _done(request: web.Request, emulator: Emulator, worker_id: str) -> web.Response:
    fault = emulator.faults.use("job_done")
    if fault is not None:
        return error(int(fault.mode), "fault injected")
    return await _post(request, emulator, lambda job_id, body: emulator.state.done(worker_id, job_id, body))


async def _stream(request: web.Request, emulator: Emulator, worker_id: str) -> web.Response:
    return await _post(
        request, emulator, lambda job_id, body: emulator.state.chunk(worker_id, job_id, body.get("output"))
    )


async def _post(
    request: web.Request, emulator: Emulator, record: Callable[[str, dict[str, Any]], Done]
) -> web.Response:
    try:
        body = await json_body(request)
    except ValueError:
        return error(400, "json is invalid")
    if not isinstance(body, dict):
        return error(400, "json is invalid")
    done = record(request.match_info["job"], body)
    emulator.apply()
    emulator.notifier.notify()
    return reply(_DONE[done], {"result": done.name.lower()})


async def _ping(request: web.Request, emulator: Emulator, worker_id: str) -> web.Response:
    if request.query.get("status") == "unhealthy":
        emulator.log.event(worker_id, "unhealthy", "ERROR", reason=request.query.get("reason"))
    return reply(200, {"status": "ok"})
