"""The management API, under `/management` (RunPod REST v2: serverless endpoints, GPU catalog)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps

from aiohttp import web

from local.runpod.emulator import Emulator
from local.runpod.faults import Fault
from local.runpod.fleet.containers import Container
from local.runpod.jobs.job import Json
from local.runpod.management import catalog
from local.runpod.management.endpoint_schema import RefusedError
from local.runpod.replies import EMULATOR, json_body, reset

Action = Callable[[web.Request, Emulator], Awaitable[web.Response]]

_TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict", 422: "Unprocessable Entity",
           429: "Too Many Requests", 500: "Internal Server Error", 504: "Gateway Timeout"}  # fmt: skip
_WINDOWS = (("minute", 60, 60), ("hour", 3000, 3600), ("day", 50_000, 86_400))


def routes() -> list[web.RouteDef]:
    base = "/management/v2/serverless"
    return [
        web.get(base, _handle("read", _list)),
        web.post(base, _handle("create", _create)),
        web.get(f"{base}/{{ep}}", _handle("read", _show)),
        web.patch(f"{base}/{{ep}}", _handle("update", _update)),
        web.delete(f"{base}/{{ep}}", _handle("delete", _delete)),
        web.get(f"{base}/{{ep}}/workers", _handle("read", _workers)),
        web.get("/management/v2/catalog/gpus", _handle("read", _gpus)),
    ]


def _handle(kind: str, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    @wraps(action)
    async def handler(request: web.Request) -> web.Response:
        emulator = request.app[EMULATOR]
        if request.headers.get("Authorization") != f"Bearer {emulator.settings.api_key}":
            return _problem(401)
        fault = emulator.faults.use(f"endpoint_{kind}")
        if fault is not None and not fault.mode.startswith("accept"):
            return await _apply_fault(fault)
        if fault is not None and fault.mode == "accept_late":
            # The client has disconnected by then; the change is made all the same.
            return await _run_late(fault.seconds(8.0), action, request, emulator)
        response = await _run(action, request, emulator)
        return response if fault is None else reset(request)

    return handler


async def _run_late(seconds: float, action: Action, request: web.Request, emulator: Emulator) -> web.Response:
    await request.read()
    await asyncio.sleep(seconds)
    return await _run(action, request, emulator)


async def _run(action: Action, request: web.Request, emulator: Emulator) -> web.Response:
    if "ep" in request.match_info and emulator.endpoints.get(request.match_info["ep"]) is None:
        response = _problem(404)
    else:
        try:
            response = await action(request, emulator)
        except RefusedError as refused:
            response = _problem(refused.status, str(refused))
        except ValueError:
            response = _problem(400, "json is invalid")
    # RunPod limits rates; the emulator throttles only through a fault.
    response.headers["RateLimit"] = ", ".join(f'"{name}";r={quota - 1};t={span}' for name, quota, span in _WINDOWS)
    response.headers["RateLimit-Policy"] = ", ".join(f'"{name}";q={quota};w={span}' for name, quota, span in _WINDOWS)
    return response


async def _apply_fault(fault: Fault) -> web.Response:
    if fault.mode == "timeout":
        await asyncio.sleep(fault.seconds(8.0))
        return _problem(504)
    response = _problem(int(fault.mode), "fault injected")
    if fault.mode == "429":
        response.headers["Retry-After"] = "1"
    return response


def _problem(status: int, detail: str | None = None) -> web.Response:
    body = {"title": _TITLES[status], "status": status, "detail": detail or _TITLES[status]}
    return web.json_response(body, status=status, content_type="application/problem+json")


async def _list(_request: web.Request, emulator: Emulator) -> web.Response:
    return web.json_response({"endpoints": emulator.endpoints.list_all()})


async def _show(request: web.Request, emulator: Emulator) -> web.Response:
    return web.json_response(emulator.endpoints.get(request.match_info["ep"]))


async def _create(request: web.Request, emulator: Emulator) -> web.Response:
    created = emulator.endpoints.create(await json_body(request))
    emulator.log.event("emulator", "endpoint created", endpoint_id=created["id"], name=created["name"])
    return web.json_response(created, status=201)


async def _update(request: web.Request, emulator: Emulator) -> web.Response:
    endpoint_id, body = request.match_info["ep"], await json_body(request)
    changed = emulator.endpoints.update(endpoint_id, body)
    if endpoint_id == emulator.settings.endpoint_id:
        emulator.fleet.rescale(body.get("workers", {}) | body.get("scaling", {}))
        emulator.notifier.notify()
    emulator.log.event("emulator", "endpoint changed", endpoint_id=endpoint_id, fields=sorted(body))
    return web.json_response(changed)


async def _delete(request: web.Request, emulator: Emulator) -> web.Response:
    endpoint_id = request.match_info["ep"]
    if endpoint_id == emulator.settings.endpoint_id:
        return _problem(409, "this endpoint ends with the emulator")
    emulator.endpoints.delete(endpoint_id)
    emulator.log.event("emulator", "endpoint deleted", endpoint_id=endpoint_id)
    return web.Response(status=204)


async def _gpus(_request: web.Request, _emulator: Emulator) -> web.Response:
    return web.json_response({"gpus": catalog.list_gpus()})


async def _workers(request: web.Request, emulator: Emulator) -> web.Response:
    is_own = request.match_info["ep"] == emulator.settings.endpoint_id
    live = [c for c in emulator.fleet.containers.values() if not c.stopping] if is_own else []
    counts = emulator.workers()
    names = ("running", "idle", "initializing", "throttled")
    summary = {name: counts[name] if is_own else 0 for name in names} | {"unhealthy": counts["unhealthy"]}
    shown: list[Json] = [_worker(container) for container in live]
    shown += [{"id": "broken", "status": "UNHEALTHY", "isStale": False, "gpuCount": 1}] * counts["unhealthy"]
    return web.json_response(
        {"endpointVersion": 1, "summary": summary | {"total": sum(summary.values())}, "workers": shown}
    )


def _worker(container: Container) -> Json:
    return {
        "id": container.id,
        "status": worker_status(container),
        "isStale": False,
        "version": 1,
        "gpuCount": 1,
        "image": "local/worker:latest",
        "uptimeSeconds": int(time.time() - container.started_at),
        "gpuTypeId": "Local CPU",
        "dataCenterId": "LOCAL-1",
        "startedAt": datetime.fromtimestamp(container.started_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def worker_status(container: Container) -> str:
    if not container.ready:
        return "INITIALIZING"
    return "IDLE" if container.idle_since is not None else "RUNNING"
