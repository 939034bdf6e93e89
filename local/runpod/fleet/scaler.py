"""0 → N → 0: start workers while jobs wait, stop those that have been idle too long (RunPod QUEUE_DELAY scaler)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.logs import Log
from local.runpod.fleet.containers import Container, WorkerSpec


@dataclass(frozen=True, slots=True)
class Scaling:
    """The endpoint's settings, in RunPod's terms. Times in seconds."""

    workers_min: int = 0
    workers_max: int = 2
    queue_delay: float = 0.0
    idle_timeout: float = 30.0
    grace: float = 3.0
    """Seconds between SIGTERM and SIGKILL; RunPod documents none."""


_NAMES = {"min": "workers_min", "max": "workers_max", "idleTimeout": "idle_timeout", "queueDelay": "queue_delay"}


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker as the scaler sees it."""

    id: str
    starting: bool
    idle_since: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    start: int
    stop: tuple[str, ...]


def plan_scaling(now: float, scaling: Scaling, queued_times: Iterable[float], workers: Sequence[WorkerView]) -> Plan:
    """Plan how many workers to start and which to stop. Pure.

    A worker that is starting or idle will take a waiting job, so only jobs beyond those start another.
    """
    overdue = sum(1 for since in queued_times if now - since >= scaling.queue_delay)
    available = sum(1 for worker in workers if worker.starting or worker.idle_since is not None)
    needed = max(overdue - available, scaling.workers_min - len(workers), 0)
    start = min(needed, scaling.workers_max - len(workers))
    idle = sorted((w.idle_since, w.id) for w in workers if w.idle_since is not None)
    spare = max(len(workers) - scaling.workers_min, 0) if overdue == 0 else 0
    expired = [name for since, name in idle if now - since >= scaling.idle_timeout]
    return Plan(max(start, 0), tuple(expired[:spare]))


class Fleet:
    """The endpoint's containers."""

    def __init__(self, spec: WorkerSpec, scaling: Scaling, scratch: Path, log: Log) -> None:
        self.containers: dict[str, Container] = {}
        self.ending: list[Container] = []
        """Stopped containers whose cleanup is still running."""
        self.scaling = scaling
        self.spec = spec
        self._scratch = scratch
        self._log = log
        self._count = 0
        self._failures = 0
        self._not_before = 0.0

    async def adjust(self, queued_times: Iterable[float], on_exit: Callable[[Container], Awaitable[None]]) -> list[str]:
        """Start missing workers; return the ids of workers to stop."""
        now = time.time()
        seen = [WorkerView(c.id, not c.ready, c.idle_since) for c in self.containers.values() if not c.stopping]
        plan = plan_scaling(now, self.scaling, queued_times, seen)
        if now >= self._not_before:
            for _ in range(plan.start):
                await self._start(on_exit)
        return list(plan.stop)

    def rescale(self, changed: dict[str, Any]) -> None:
        """Apply settings under RunPod's names, `workers` and `scaling` merged."""
        known = {name: _NAMES[name] for name in changed if name in _NAMES}
        self.scaling = replace(self.scaling, **{ours: changed[name] for name, ours in known.items()})

    def mark_ready(self, worker_id: str) -> None:
        """Record that the worker polls for a job: it is running, and any earlier job is finished."""
        container = self.containers.get(worker_id)
        if container is None:
            return
        if not container.ready:
            self._failures = 0
            container.ready = True
            self._log.event(worker_id, "ready", start_ms=round((time.time() - container.started_at) * 1000))
        container.job_id = None
        if container.idle_since is None:
            container.idle_since = time.time()

    def mark_busy(self, worker_id: str, job_id: str) -> None:
        container = self.containers.get(worker_id)
        if container is not None:
            container.idle_since, container.job_id = None, job_id

    def forget(self, container: Container) -> None:
        """Remove a container that has exited. One that never became ready delays the next start, longer each time."""
        self.containers.pop(container.id, None)
        self.ending = [one for one in self.ending if not one.is_gone] + [container]
        if not container.ready and not container.stopping:
            self._failures += 1
            self._not_before = time.time() + min(2.0**self._failures, 10.0)

    async def stop(self) -> None:
        """Kill every worker; return when no process and no directory of any is left."""
        await asyncio.gather(*(container.stop(0) for container in list(self.containers.values())))
        await asyncio.gather(*(container.gone() for container in self.ending))

    def counts(self) -> dict[str, int]:
        """Return the `workers` part of /health."""
        live = [c for c in self.containers.values() if not c.stopping]
        idle = sum(1 for c in live if c.idle_since is not None)
        starting = sum(1 for c in live if not c.ready)
        return {
            "idle": idle,
            "initializing": starting,
            "ready": idle,
            "running": len(live) - idle - starting,
            "throttled": 0,
            "unhealthy": 0,
        }

    async def _start(self, on_exit: Callable[[Container], Awaitable[None]]) -> None:
        self._count += 1
        name = f"worker-{self._count}"
        container = await Container.start(name, self.spec, self._scratch / name, self._log, on_exit)
        self.containers[name] = container
        self._log.event(name, "starting", pid=container.pid)
