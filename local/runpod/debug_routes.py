"""The emulator's own routes, without a key: set and clear faults, list jobs and workers."""

from __future__ import annotations

from aiohttp import web

from local.runpod.faults import UnknownFaultError
from local.runpod.management.routes import worker_status
from local.runpod.replies import EMULATOR, error, json_body, reply


def routes() -> list[web.RouteDef]:
    return [
        web.get("/_faults", _show_faults),
        web.post("/_faults", _set_faults),
        web.delete("/_faults", _clear_faults),
        web.get("/_jobs", _show_jobs),
        web.get("/_workers", _show_workers),
    ]


async def _show_faults(request: web.Request) -> web.Response:
    return reply(200, request.app[EMULATOR].faults.as_json())


async def _set_faults(request: web.Request) -> web.Response:
    emulator = request.app[EMULATOR]
    try:
        emulator.faults.set(await json_body(request))
    except UnknownFaultError as problem:
        return error(400, str(problem))
    except ValueError:
        return error(400, "json is invalid")
    await emulator.apply_worker_fault()
    emulator.log.event("emulator", "faults set", "WARNING", **emulator.faults.as_json())
    return await _show_faults(request)


async def _clear_faults(request: web.Request) -> web.Response:
    emulator = request.app[EMULATOR]
    emulator.faults.clear()
    emulator.notifier.notify()
    return await _show_faults(request)


async def _show_jobs(request: web.Request) -> web.Response:
    return reply(200, {"jobs": [job.summary() for job in request.app[EMULATOR].state.jobs.values()]})


async def _show_workers(request: web.Request) -> web.Response:
    containers = request.app[EMULATOR].fleet.containers.values()
    workers = [
        {
            "id": container.id,
            "pid": container.pid,
            "state": "STOPPING" if container.stopping else worker_status(container),
            "runpod_job_id": container.job_id,
            "scratch": str(container.scratch),
        }
        for container in containers
    ]
    return reply(200, {"workers": workers})
