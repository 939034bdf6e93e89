"""Clients as careful ones are: a key for each job, the same request again after 429, 5xx or no answer at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.bench import BenchError
from benchmarks.load.receiver import Receiver

_TRIES = 60
_LONGEST_PAUSE = 1.0
_LOOK_SECONDS = 2.0
_JOB_SECONDS = 240.0
_LONGEST_PATIENCE = 0.05
"""About as long as an answer takes, so that some are left before it and some after."""
_LEAST_PATIENCE = 0.001
_TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """`hang_up_each`: one submit in so many is given up before its answer, and sent again.

    `kill_each`: one take in so many ends with the worker killed.
    """

    clients: int
    jobs: int
    hang_up_each: int = 10
    cancel_each: int = 20
    fail_each: int = 20
    kill_each: int = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """One job as its client knows it at the end."""

    key: str
    job_id: str
    status: str


class Crowd:
    """All clients of one run. `refused` counts answers that asked to come again, `hung_up` those not waited for."""

    def __init__(self, session: aiohttp.ClientSession, url: str, callback_url: str, receiver: Receiver) -> None:
        self.outcomes: list[Outcome] = []
        self.refused = 0
        self.hung_up = 0
        self._session = session
        self._url = url
        self._callback_url = callback_url
        self._receiver = receiver

    async def run(self, plan: Plan, each_done: Callable[[int], Awaitable[None]]) -> None:
        """Submit and await every job. `each_done` is told how many there are. Raises BenchError."""
        numbers = iter(range(plan.jobs))

        async def client() -> None:
            for number in numbers:
                self.outcomes.append(await self._one(number, plan))
                await each_done(len(self.outcomes))

        async with asyncio.TaskGroup() as group:
            for _ in range(plan.clients):
                group.create_task(client())

    async def listed(self) -> list[Json]:
        """Every job of the owner, from the list."""
        jobs: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            query = f"&cursor={cursor}" if cursor else ""
            page = await self._ask("GET", f"/jobs?limit=100{query}")
            jobs += page["jobs"]
            cursor = page["next_cursor"]
        return jobs

    async def _one(self, number: int, plan: Plan) -> Outcome:
        key = f"load-{number}"
        name = "bad.jpg" if number % plan.fail_each == 1 else f"{number}.jpg"
        body = {"url_image": f"{self._callback_url}/{name}", "webhook_url": self._callback_url, "duration": 1.0}
        patience = _patience(number) if number % plan.hang_up_each == 0 else None
        job = await self._ask("POST", "/video/img2vid", body, key, patience)
        if number % plan.cancel_each == 2:
            await asyncio.sleep(random.random() / 4)  # noqa: S311 - no secret
            await self._ask("POST", f"/job/{job['job_id']}/cancel")
        return Outcome(key, job["job_id"], await self._end(job["job_id"]))

    async def _end(self, job_id: str) -> str:
        """The job's status when it is over and its callback was taken, or all we know when patience ends."""
        status = ""
        try:
            async with asyncio.timeout(_JOB_SECONDS):
                while True:
                    status = str((await self._ask("GET", f"/job/{job_id}"))["status"])
                    if status in _TERMINAL and self._receiver.told[job_id].accepted:
                        return status
                    await self._wait_for_callback(job_id)
        except TimeoutError:
            return status

    async def _wait_for_callback(self, job_id: str) -> None:
        ends = asyncio.get_running_loop().time() + _LOOK_SECONDS
        while not self._receiver.told[job_id].accepted:
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await self._receiver.notifier.wait(left)

    async def _ask(
        self, method: str, path: str, body: Json | None = None, key: str | None = None, patience: float | None = None
    ) -> Json:
        """The answer's JSON: also of a 409, which says that a job was over. Raises BenchError for any other 4xx."""
        headers = {"Idempotency-Key": key} if key else {}
        for _ in range(_TRIES):
            pause = _LONGEST_PAUSE * random.random()  # noqa: S311 - no secret
            try:
                async with (
                    asyncio.timeout(patience),
                    self._session.request(method, self._url + path, json=body, headers=headers) as answer,
                ):
                    told: Json = await answer.json()
                    if answer.status < 300 or answer.status == 409:
                        return told
                    if answer.status != 429 and answer.status < 500:
                        raise BenchError(f"{method} {path} was answered {answer.status} {told.get('code')}")
                    self.refused += 1
                    pause = min(float(answer.headers.get("Retry-After", pause)), _LONGEST_PAUSE)
            except TimeoutError:
                self.hung_up += 1
                pause = 0.0
            except aiohttp.ClientError:
                self.refused += 1
            patience = None
            await asyncio.sleep(pause)
        raise BenchError(f"{method} {path} was refused {_TRIES} times")


def _patience(number: int) -> float:
    """Seconds. The first has too little for any answer, so that also a run of a few jobs meets a lost one."""
    return _LONGEST_PATIENCE * random.random() if number else _LEAST_PATIENCE  # noqa: S311 - no secret
