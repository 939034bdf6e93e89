"""Careful clients: a key for each job, the same request again after 429, 5xx or no response."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.bench import BenchError
from benchmarks.load.receiver import Receiver

_ATTEMPTS = 60
_MAX_PAUSE = 1.0
_POLL_SECONDS = 2.0
_JOB_SECONDS = 240.0
_MAX_CLIENT_TIMEOUT = 0.05
"""About the duration of a response, so that some clients disconnect before it and some after."""
_MIN_CLIENT_TIMEOUT = 0.001
_TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """`disconnect_each`: one of that many submits is abandoned before its response, and sent again.

    `kill_each`: after one of that many takes the worker is killed. 0 of any: none.
    """

    clients: int
    jobs: int
    disconnect_each: int = 10
    cancel_each: int = 20
    fail_each: int = 20
    kill_each: int = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """One job as its client sees it at the end."""

    key: str
    job_id: str
    status: str


class Crowd:
    """All clients of one run. `refused` counts responses that require a retry, `disconnected` abandoned ones."""

    def __init__(self, session: aiohttp.ClientSession, url: str, callback_url: str, receiver: Receiver) -> None:
        self.outcomes: list[Outcome] = []
        self.refused = 0
        self.disconnected = 0
        self._session = session
        self._url = url
        self._callback_url = callback_url
        self._receiver = receiver

    async def run(self, plan: Plan, each_done: Callable[[int], Awaitable[None]]) -> None:
        """Submit and await every job. `each_done` gets the number of finished jobs. Raises BenchError."""
        numbers = iter(range(plan.jobs))

        async def client() -> None:
            for number in numbers:
                self.outcomes.append(await self._run_job(number, plan))
                await each_done(len(self.outcomes))

        await run_together(client() for _ in range(plan.clients))

    async def list_jobs(self) -> list[Json]:
        """Return every job of the owner, from the list."""
        jobs: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            query = f"&cursor={cursor}" if cursor else ""
            page = await self._request("GET", f"/jobs?limit=100{query}")
            jobs += page["jobs"]
            cursor = page["next_cursor"]
        return jobs

    async def _run_job(self, number: int, plan: Plan) -> Outcome:
        key = f"load-{number}"
        name = "bad.jpg" if _is_one_in(plan.fail_each, number, 1) else f"{number}.jpg"
        body = {"url_image": f"{self._callback_url}/{name}", "webhook_url": self._callback_url, "duration": 1.0}
        timeout = client_timeout(number) if _is_one_in(plan.disconnect_each, number, 0) else None
        job = await self._request("POST", "/video/img2vid", body, key, timeout)
        if _is_one_in(plan.cancel_each, number, 2):
            await asyncio.sleep(random.random() / 4)  # noqa: S311 - no secret
            await self._request("POST", f"/job/{job['job_id']}/cancel")
        return Outcome(key, job["job_id"], await self._await_end(job["job_id"]))

    async def _await_end(self, job_id: str) -> str:
        """Return the status once the job is finished and its callback accepted, or the last one after 240 s."""
        status = ""
        try:
            async with asyncio.timeout(_JOB_SECONDS):
                while True:
                    status = str((await self._request("GET", f"/job/{job_id}"))["status"])
                    if status in _TERMINAL and self._receiver.callbacks[job_id].accepted:
                        return status
                    await self._wait_for_callback(job_id)
        except TimeoutError:
            return status

    async def _wait_for_callback(self, job_id: str) -> None:
        ends = asyncio.get_running_loop().time() + _POLL_SECONDS
        while not self._receiver.callbacks[job_id].accepted:
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await self._receiver.notifier.wait(left)

    async def _request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        key: str | None = None,
        seconds: float | None = None,
    ) -> Json:
        """Return the response's JSON, also of a 409 for a finished job. Raises BenchError for any other 4xx."""
        headers = {"Idempotency-Key": key} if key else {}
        for _ in range(_ATTEMPTS):
            pause = _MAX_PAUSE * random.random()  # noqa: S311 - no secret
            try:
                async with (
                    asyncio.timeout(seconds),
                    self._session.request(method, self._url + path, json=body, headers=headers) as answer,
                ):
                    document: Json = await answer.json()
                    if answer.status < 300 or answer.status == 409:
                        return document
                    if answer.status != 429 and answer.status < 500:
                        raise BenchError(f"{method} {path} returned {answer.status} {document.get('code')}")
                    self.refused += 1
                    pause = min(float(answer.headers.get("Retry-After", pause)), _MAX_PAUSE)
            except TimeoutError:
                self.disconnected += 1
                pause = 0.0
            except aiohttp.ClientError:
                self.refused += 1
            seconds = None
            await asyncio.sleep(pause)
        raise BenchError(f"{method} {path} was refused {_ATTEMPTS} times")


async def run_together(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all tasks at once. If some fail, raise the first one's BenchError."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except* BenchError as errors:
        raise BenchError(str(errors.exceptions[0])) from None


def _is_one_in(each: int, number: int, turn: int) -> bool:
    return each > 0 and number % each == turn


def client_timeout(number: int) -> float:
    """Return seconds. The first is too short for any response, so that every run has a lost one."""
    return _MAX_CLIENT_TIMEOUT * random.random() if number else _MIN_CLIENT_TIMEOUT  # noqa: S311 - no secret
