"""The management API, under `/management` (RunPod REST v2: `GET /v2/serverless/{id}`)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from local.runpod.containers import Container
from local.runpod.emulator import Emulator
from local.runpod.jobs import Json
from local.runpod.replies import EMULATOR, reply

_OPERATIONS = {
    "run": "run", "runSync": "runsync", "status": "status", "stream": "stream", "cancel": "cancel", "retry": "retry",
    "purgeQueue": "purge-queue", "health": "health",
}  # fmt: skip


def routes() -> list[web.RouteDef]:
    base = "/management/v2/serverless"
    return [
        web.get(base, _managed(lambda emulator: {"endpoints": [_endpoint(emulator)]})),
        web.get(f"{base}/{{ep}}", _managed(_endpoint)),
        web.get(f"{base}/{{ep}}/workers", _managed(_workers)),
    ]


def _managed(show: Callable[[Emulator], Json]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        emulator = request.app[EMULATOR]
        if request.headers.get("Authorization") != f"Bearer {emulator.settings.api_key}":
            return _problem(401, "Unauthorized")
        if request.match_info.get("ep", emulator.settings.endpoint_id) != emulator.settings.endpoint_id:
            return _problem(404, "Not Found")
        return reply(200, show(emulator))

    return handler


def _problem(status: int, title: str) -> web.Response:
    body = {"title": title, "status": status, "detail": title}
    return web.json_response(body, status=status, content_type="application/problem+json")


def _endpoint(emulator: Emulator) -> Json:
    spec, scaling = emulator.fleet.spec, emulator.settings.scaling
    base = f"{spec.base_url}/v2/{spec.endpoint_id}"
    return {
        "id": spec.endpoint_id,
        "name": "video-worker",
        "type": "QUEUE",
        "requestUrls": {name: f"{base}/{path}" for name, path in _OPERATIONS.items()},
        "image": "local/worker:latest",
        "args": "",
        "disk": 20,
        "ports": [],
        # RunPod shows the environment in clear to whoever holds a key, so a gateway must not pass it on.
        "env": {"RUNPOD_LOG_LEVEL": "INFO", "EXAMPLE_SECRET": "shown-in-clear", **spec.env},
        "registry": None,
        "gpu": {"pools": ["ADA_24"], "count": 1, "allowedCudaVersions": [], "minCudaVersion": None},
        "workers": {"min": scaling.workers_min, "max": scaling.workers_max, "idleTimeout": int(scaling.idle_timeout)},
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": scaling.queue_delay},
        "dataCenterIds": [],
        "networkVolumes": [],
        "timeout": 600_000,
        "flashboot": "FLASHBOOT",
        "createdAt": _iso(emulator.started_at),
    }


def _workers(emulator: Emulator) -> Json:
    counts = emulator.fleet.counts()
    summary = {name: counts[name] for name in ("running", "idle", "initializing", "throttled", "unhealthy")}
    live = [c for c in emulator.fleet.containers.values() if not c.stopping]
    return {
        "endpointVersion": 1,
        "summary": summary | {"total": len(live)},
        "workers": [
            {
                "id": container.id,
                "status": worker_status(container),
                "isStale": False,
                "version": 1,
                "gpuCount": 1,
                "image": "local/worker:latest",
                "uptimeSeconds": int(time.time() - container.started_at),
                "gpuTypeId": "Local CPU",
                "dataCenterId": "LOCAL-1",
                "startedAt": _iso(container.started_at),
            }
            for container in live
        ],
    }


def worker_status(container: Container) -> str:
    if not container.ready:
        return "INITIALIZING"
    return "IDLE" if container.idle_since is not None else "RUNNING"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
