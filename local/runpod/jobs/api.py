"""The job API a client calls: `/v2/{endpoint}/run`, `status`, `cancel`… (RunPod docs: endpoint operations)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import wraps

from aiohttp import web

from local.runpod.emulator import Emulator
from local.runpod.faults import Fault
from local.runpod.jobs.job import MAX_RUN_BYTES, MAX_RUNSYNC_BYTES, BadRequestError, Job, Submission
from local.runpod.replies import EMULATOR, error, json_body, refusal, reply, reset

Action = Callable[[web.Request, Emulator], Awaitable[web.Response]]
JobAction = Callable[[web.Request, Emulator, Job], Awaitable[web.Response]]


def routes() -> list[web.RouteDef]:
    base = "/v2/{ep}"
    return [
        web.post(f"{base}/run", _authorized(_run)),
        web.post(f"{base}/runsync", _authorized(_runsync)),
        web.get(f"{base}/status/{{job}}", _authorized(_with_job(_status, "status"))),
        web.post(f"{base}/status/{{job}}", _authorized(_with_job(_status, "status"))),
        web.get(f"{base}/status-sync/{{job}}", _authorized(_with_job(_status_sync, "status"))),
        web.get(f"{base}/stream/{{job}}", _authorized(_with_job(_stream))),
        web.post(f"{base}/cancel/{{job}}", _authorized(_with_job(_cancel, "cancel"))),
        web.post(f"{base}/retry/{{job}}", _authorized(_with_job(_retry))),
        web.post(f"{base}/purge-queue", _authorized(_purge)),
        web.get(f"{base}/health", _authorized(_health)),
    ]


def _authorized(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    @wraps(action)
    async def handler(request: web.Request) -> web.Response:
        emulator = request.app[EMULATOR]
        return refusal(request, f"Bearer {emulator.settings.api_key}") or await action(request, emulator)

    return handler


def _with_job(action: JobAction, target: str | None = None) -> Action:
    """Wrap a handler that needs a job. `target` names the faults that apply to it."""

    async def handler(request: web.Request, emulator: Emulator) -> web.Response:
        fault = emulator.faults.use(target) if target is not None else None
        if fault is not None and fault.mode != "accept_then_reset":
            return await _apply_fault(request, fault)
        job = emulator.state.get(request.match_info["job"])
        emulator.apply()
        response = error(404, "job not found") if job is None else await action(request, emulator, job)
        return response if fault is None else reset(request)

    return handler


async def _read_submission(request: web.Request, limit: int) -> Submission | web.Response:
    if request.content_length is not None and request.content_length > limit:
        return error(413, "request body too large")
    try:
        body = await json_body(request)
        if await request.read() and len(await request.read()) > limit:
            return error(413, "request body too large")
        return Submission.parse(body)
    except BadRequestError as problem:
        return error(400, str(problem))
    except ValueError:
        return error(400, "json is invalid")


async def _run(request: web.Request, emulator: Emulator) -> web.Response:
    fault = emulator.faults.use("run")
    if fault is not None and fault.mode != "accept_then_reset":
        return await _apply_fault(request, fault)
    read = await _read_submission(request, MAX_RUN_BYTES)
    if isinstance(read, web.Response):
        return read
    job = emulator.submit(read)
    if fault is not None:
        return reset(request)
    return reply(200, {"id": job.id, "status": job.status.value})


async def _apply_fault(request: web.Request, fault: Fault) -> web.Response:
    if fault.mode == "reset":
        return reset(request)
    if fault.mode == "timeout":
        await asyncio.sleep(fault.seconds(8.0))
        return error(504, "fault injected")
    return error(int(fault.mode), "fault injected")


async def _runsync(request: web.Request, emulator: Emulator) -> web.Response:
    read = await _read_submission(request, MAX_RUNSYNC_BYTES)
    if isinstance(read, web.Response):
        return read
    job = emulator.submit(read, sync=True)
    await _wait_until_terminal(emulator, job, _wait_ms(request, highest=300_000))
    return reply(200, job.envelope(time.time()))


async def _status(request: web.Request, emulator: Emulator, job: Job) -> web.Response:
    ttl = request.query.get("ttl", "")
    if ttl.isdecimal():
        emulator.state.set_ttl(job, int(ttl) / 1000)
    return reply(200, job.envelope(time.time()))


async def _status_sync(request: web.Request, emulator: Emulator, job: Job) -> web.Response:
    await _wait_until_terminal(emulator, job, _wait_ms(request, highest=90_000))
    return reply(200, job.envelope(time.time()))


async def _stream(_request: web.Request, emulator: Emulator, job: Job) -> web.Response:
    if not job.chunks and not job.status.terminal:
        await emulator.notifier.wait(10.0)
    chunks = [{"output": chunk} for chunk in job.chunks]
    job.chunks.clear()
    return reply(200, {"status": job.status.value, "stream": chunks})


async def _cancel(_request: web.Request, emulator: Emulator, job: Job) -> web.Response:
    emulator.state.cancel(job)
    emulator.apply()
    return reply(200, {"id": job.id, "status": job.status.value})


async def _retry(_request: web.Request, emulator: Emulator, job: Job) -> web.Response:
    if not emulator.state.retry(job):
        return error(400, "only a failed or timed out job can be retried")
    emulator.apply()
    return reply(200, {"id": job.id, "status": job.status.value})


async def _purge(_request: web.Request, emulator: Emulator) -> web.Response:
    return reply(200, {"removed": emulator.state.purge(), "status": "completed"})


async def _health(_request: web.Request, emulator: Emulator) -> web.Response:
    return reply(200, {"jobs": emulator.state.counts(), "workers": emulator.workers()})


def _wait_ms(request: web.Request, *, highest: int) -> float:
    raw = request.query.get("wait", "")
    return min(max(int(raw) if raw.isdecimal() else 90_000, 1000), highest) / 1000


async def _wait_until_terminal(emulator: Emulator, job: Job, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not job.status.terminal and not emulator.closing and (left := until - time.monotonic()) > 0:
        await emulator.notifier.wait(left)
