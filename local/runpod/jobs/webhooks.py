"""RunPod's webhook rule: POST on a terminal state, delivered only by a 200, three attempts 10 s apart."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp

from local.logs import Log
from local.runpod.faults import Fault, Faults
from local.runpod.jobs.job import Job

ATTEMPTS = 3
GAP_SECONDS = 10.0
_TIMEOUT = aiohttp.ClientTimeout(total=10.0)


class Webhooks:
    """Open deliveries. `scale` shortens the gap between attempts in tests."""

    def __init__(self, faults: Faults, log: Log, scale: float = 1.0) -> None:
        self._faults = faults
        self._log = log
        self._gap = GAP_SECONDS * scale
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, job: Job) -> None:
        """Start delivering the terminal envelope of a job that named a webhook."""
        url = job.submission.webhook
        if url is None:
            return
        fault = self._faults.use("webhook")
        mode = fault.mode if fault is not None else None
        if mode == "drop":
            self._log.event("emulator", "webhook dropped", "WARNING", runpod_job_id=job.id)
            return
        body = None if mode == "null_body" else job.webhook_body(time.time())
        for _ in range(2 if mode == "duplicate" else 1):
            task = asyncio.create_task(self._deliver(job, url, body, fault))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Wait up to `seconds` for open deliveries, then cancel the rest."""
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, job: Job, url: str, body: Any, fault: Fault | None) -> None:
        if fault is not None and fault.mode == "delay":
            await asyncio.sleep(fault.seconds(3.0))
        for attempt in range(1, ATTEMPTS + 1):
            if attempt > 1:
                await asyncio.sleep(self._gap)
            outcome = await self._post(url, body)
            job.webhook_attempts.append({"at": time.time(), "answer": outcome})
            if outcome == 200:
                self._log.event("emulator", "webhook delivered", runpod_job_id=job.id, attempt=attempt)
                return
            self._log.event(
                "emulator", "webhook failed", "WARNING", runpod_job_id=job.id, attempt=attempt, answer=outcome
            )

    async def _post(self, url: str, body: Any) -> int | str:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                url, data=json.dumps(body), headers=headers, allow_redirects=False
            ) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__
