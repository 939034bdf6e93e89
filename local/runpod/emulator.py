"""The endpoint: state, workers, webhooks and faults together. The HTTP routes are thin layers on top."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
import uuid
from collections.abc import Coroutine
from pathlib import Path

from local.logs import Log
from local.notifier import Notifier
from local.runpod.faults import Fault, Faults
from local.runpod.fleet.containers import Container, WorkerSpec
from local.runpod.fleet.scaler import Fleet
from local.runpod.jobs.effects import Finished, Refresh, Stop
from local.runpod.jobs.job import Job, Status, Submission
from local.runpod.jobs.state import EndpointState
from local.runpod.jobs.webhooks import Webhooks
from local.runpod.management.endpoints import Endpoints, fleet_endpoint
from local.runpod.settings import Settings

_TICK_SECONDS = 0.2


class Emulator:
    """One endpoint with its workers."""

    def __init__(self, settings: Settings, spec: WorkerSpec, scratch: Path, log: Log) -> None:
        self.settings = settings
        self.log = log
        self.faults = Faults()
        self.notifier = Notifier()
        self.closing = False
        self.state = EndpointState(time.time, lambda: f"{uuid.uuid4()}-e1", settings.rules)
        self.fleet = Fleet(spec, settings.scaling, scratch, log)
        self.endpoints = Endpoints(spec.base_url, lambda: secrets.token_hex(7), time.time)
        self.endpoints.add(settings.endpoint_id, fleet_endpoint(settings.scaling, spec.env))
        self.webhooks = Webhooks(self.faults, log, settings.webhook_scale)
        self._stops: dict[str, list[str]] = {}
        self._last_contact: dict[str, float] = {}
        self._killed_once: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticking: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Kill the workers, wake every long poll, give webhooks 1 s to finish. Safe to call twice."""
        self.closing = True
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        await self.fleet.stop()
        self.notifier.notify()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.drain(1.0)

    def submit(self, submission: Submission, *, sync: bool = False) -> Job:
        job = self.state.submit(submission, sync=sync)
        self.log.event("emulator", "queued", runpod_job_id=job.id)
        self.apply()
        return job

    def record_contact(self, worker_id: str) -> None:
        self._last_contact[worker_id] = time.time()

    def may_take(self, worker_id: str) -> bool:
        """Return False for a worker that is being stopped, and while a fault holds jobs back."""
        container = self.fleet.containers.get(worker_id)
        if self.closing or (container is not None and container.stopping):
            return False
        return not (self.faults.is_on("worker", "hold") or self.faults.is_on("worker", "gone"))

    def take(self, worker_id: str) -> Job | None:
        """Return the next job, or None if the queue is empty or a fault holds jobs back."""
        if not self.may_take(worker_id):
            return None
        job = self.state.take(worker_id)
        self.apply()
        if job is None:
            return None
        self.fleet.mark_busy(worker_id, job.id)
        self.log.event("emulator", "taken", runpod_job_id=job.id, worker=worker_id, retries=job.retries)
        fault = self.faults.peek("worker")
        if fault is not None and fault.mode == "kill_mid_job":
            self._plan_kill(worker_id, job, fault)
        return job

    def pop_stops(self, worker_id: str) -> list[str]:
        """Return the job ids that this worker must stop, each once."""
        return self._stops.pop(worker_id, [])

    def apply(self) -> None:
        """Carry out the effects that the state requests."""
        for effect in self.state.drain():
            if isinstance(effect, Finished):
                self._on_finished(effect.job_id)
            elif isinstance(effect, Stop):
                self._stops.setdefault(effect.worker_id, []).append(effect.job_id)
                if effect.overdue:
                    self.spawn(self._kill_if_overdue(effect.worker_id, effect.job_id))
            elif isinstance(effect, Refresh):
                self.spawn(self._stop_worker(effect.worker_id, 0.0))
            self.notifier.notify()

    def workers(self) -> dict[str, int]:
        """Return the `workers` part of /health."""
        return self.fleet.counts() | {"unhealthy": int(self.faults.is_on("worker", "unhealthy"))}

    async def apply_worker_fault(self) -> None:
        """Apply a `worker` fault that was just set: `gone` kills running workers."""
        if self.faults.is_on("worker", "gone"):
            await self.fleet.stop()

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run a coroutine in the background; it is cancelled when the emulator stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_finished(self, job_id: str) -> None:
        job = self.state.jobs[job_id]
        level = "INFO" if job.status in (Status.COMPLETED, Status.CANCELLED) else "WARNING"
        ran = None if job.started_at is None or job.ended_at is None else round((job.ended_at - job.started_at) * 1000)
        self.log.event("emulator", job.status.value, level, runpod_job_id=job_id, execution_ms=ran)
        self.webhooks.send(job)

    async def _tick(self) -> None:
        while True:
            self.state.expire()
            self.apply()
            self._drop_silent_workers()
            if not self.faults.is_on("worker", "gone"):
                for worker_id in await self.fleet.adjust(self.state.queued_times(), self._on_exit):
                    self.log.event(worker_id, "idle timeout, stopping")
                    self.spawn(self._stop_worker(worker_id, self.settings.scaling.grace))
            await self.notifier.wait(_TICK_SECONDS)

    def _drop_silent_workers(self) -> None:
        limit = time.time() - self.settings.silence
        for job in self.state.in_status(Status.IN_PROGRESS):
            worker_id = job.worker_id
            if worker_id is None or self._last_contact.get(worker_id, 0.0) >= limit:
                continue
            self.log.event(worker_id, "no contact for too long", "WARNING")
            self.state.lose_worker(worker_id)
            self.spawn(self._stop_worker(worker_id, 0.0))
        self.apply()

    async def _stop_worker(self, worker_id: str, grace: float) -> None:
        container = self.fleet.containers.get(worker_id)
        if container is not None and not container.stopping:
            container.stopping = True
            self.notifier.notify()
            await container.stop(grace)

    async def _on_exit(self, container: Container) -> None:
        self.fleet.forget(container)
        self._stops.pop(container.id, None)
        lost = self.state.lose_worker(container.id)
        for job in lost:
            self.log.event("emulator", "worker lost", "WARNING", runpod_job_id=job.id, status=job.status.value)
        self.apply()
        self.notifier.notify()

    def _plan_kill(self, worker_id: str, job: Job, fault: Fault) -> None:
        if job.id in self._killed_once and fault.settings.get("every_run") is not True:
            return
        if self.faults.use("worker") is None:
            return
        self._killed_once.add(job.id)
        self.spawn(self._kill_mid_job(worker_id, job.id, fault.seconds(1.0)))

    async def _kill_mid_job(self, worker_id: str, job_id: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        container = self.fleet.containers.get(worker_id)
        if container is None:
            self.state.lose_worker(worker_id)
            self.apply()
        elif container.job_id == job_id:
            self.log.event(worker_id, "killed by a fault", "WARNING", runpod_job_id=job_id)
            container.kill_main()

    async def _kill_if_overdue(self, worker_id: str, job_id: str) -> None:
        await asyncio.sleep(self.settings.overdue_grace)
        container = self.fleet.containers.get(worker_id)
        if container is not None and container.job_id == job_id:
            self.log.event(worker_id, "overdue job still running, worker killed", "WARNING", runpod_job_id=job_id)
            await self._stop_worker(worker_id, 0.0)
