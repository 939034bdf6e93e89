"""Send the callbacks of thousands of jobs of two owners while receivers fail, then read everything back."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from benchmarks.bench import BenchError
from benchmarks.load.clients import run_together
from benchmarks.load.deliveries.jobs import GRACE_SECONDS, Finisher
from benchmarks.load.deliveries.readers import Api, follow, read_callbacks, try_foreign, walk
from benchmarks.load.deliveries.verdict import Finished, Seen, Verdict, judge
from benchmarks.load.receiver import FAULTS, Receiver
from benchmarks.load.watch import EventCounter
from benchmarks.measure import Say
from benchmarks.results import Row
from local.notifier import Notifier
from local.servers import Server, bind
from local.settings import API_KEY, CALLBACK_SECRET, OTHER_KEY, Options
from local.system import running

_KEYS = {"local": API_KEY, "other": OTHER_KEY}
_SECRETS = {"local": CALLBACK_SECRET, "other": "whsec_b3RoZXItc2VjcmV0LW9mLXRoZS1sb2FkLWJlbmNo"}
_FAIL_EACH, _REDELIVER_EACH, _TRY_EACH = 10, 50, 19
_JOB_SECONDS = 120.0
_SETTLED = {"DELIVERED", "HELD", "GIVEN_UP"}
_SETTINGS = {
    "CALLBACK_SECRETS": json.dumps({owner: [secret] for owner, secret in _SECRETS.items()}),
    "CALLBACK_GRACE_SECONDS": str(GRACE_SECONDS), "CALLBACK_TIME_SCALE": "0.01",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """`clients`: jobs whose callbacks are pending at once.

    The pauses between two sweeps and between two readings of the log are for moto, which reads the whole table for each
    query.
    """

    jobs: int
    clients: int
    sweep_seconds: float = 5.0
    follow_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    verdict: Verdict
    facts: dict[str, Any]


async def measure(plan: Plan, say: Say) -> Result:
    """Deliver the callbacks of a system of its own. Raises BenchError."""
    attempted, ended, seen = Notifier(), asyncio.Event(), Seen()
    events = EventCounter(attempted=attempted.notify)
    receivers = {owner: Receiver(secret, _FAIL_EACH, ("409", *FAULTS)) for owner, secret in _SECRETS.items()}
    options = Options(workers=0, sweep_seconds=plan.sweep_seconds, unlimited=True, env=_SETTINGS)
    async with AsyncExitStack() as stack:
        urls = {}
        for owner, receiver in receivers.items():
            server = Server(receiver.app, bind())
            stack.push_async_callback(server.stop)
            await server.start()
            urls[owner] = f"{server.url}/callback?secret=of-{owner}"
        system = await stack.enter_async_context(running(options, events))
        api = Api(await stack.enter_async_context(aiohttp.ClientSession(trust_env=False)), system.url, _KEYS)
        crowd = _Crowd(api, Finisher(system.aws_url), urls, events, attempted, seen)
        began = time.monotonic()
        async with asyncio.TaskGroup() as following:
            for owner, secret in _SECRETS.items():
                following.create_task(follow(api, owner, secret, seen, ended, plan.follow_seconds))
            await crowd.run(plan, say)
            seconds = time.monotonic() - began
            # The log shows an entry to its followers after a second.
            await asyncio.sleep(1.5)
            ended.set()
        for owner, other in zip(_KEYS, reversed(_KEYS), strict=True):
            await read_callbacks(api, owner, seen)
            await walk(api, owner, other, seen)
    for receiver in receivers.values():
        seen.posts += receiver.posts
        seen.forged += receiver.unverified
        seen.accepted = {**seen.accepted, **{name: one.accepted for name, one in receiver.callbacks.items()}}
    entries = [entry for log in seen.listed.values() for entry in log]
    facts = {
        "jobs": plan.jobs, "clients": plan.clients, "deliveries": len(entries), "posts": seen.posts.total(),
        "posts_failed": sum(receiver.failed for receiver in receivers.values()),
        "redelivered": sum(job.requested for job in seen.jobs), "foreign_tries": crowd.tries,
        "results": dict(sorted(Counter(entry["result"] for entry in entries).items())),
        "statuses": dict(sorted(Counter(status for status, _ in seen.callbacks.values()).items())),
        "seconds": seconds, "deliveries_per_second": len(entries) / seconds,
    }  # fmt: skip
    return Result(judge(seen), facts)


class _Crowd:
    def __init__(
        self,
        api: Api,
        finisher: Finisher,
        urls: dict[str, str],
        events: EventCounter,
        attempted: Notifier,
        seen: Seen,
    ) -> None:
        self.tries = 0
        self._api = api
        self._finisher = finisher
        self._urls = urls
        self._events = events
        self._attempted = attempted
        self._seen = seen

    async def run(self, plan: Plan, say: Say) -> None:
        numbers = iter(range(plan.jobs))

        async def client() -> None:
            for number in numbers:
                await self._run_job(number)
                if len(self._seen.jobs) % max(1, plan.jobs // 10) == 0:
                    say(f"  {len(self._seen.jobs)} of {plan.jobs} callbacks have ended")

        await run_together(client() for _ in range(plan.clients))

    async def _run_job(self, number: int) -> None:
        owner, other = list(_KEYS) if number // 2 % 2 else reversed(_KEYS)
        job_id = await asyncio.to_thread(self._finisher.finish, number, owner, self._urls[owner])
        if number % _TRY_EACH == 0:
            self.tries += 1
            await try_foreign(self._api, other, job_id, number // _TRY_EACH, self._seen)
        if number % _REDELIVER_EACH == 1:
            # Perhaps at the very moment of the first attempt.
            await self._redeliver(owner, job_id)
        await self._await_end(job_id)
        job = Finished(job_id, owner)
        if number % _REDELIVER_EACH == 2:
            del self._events.callbacks[job_id]
            await self._redeliver(owner, job_id)
            await self._await_end(job_id)
            job = replace(job, requested=1)
        self._seen.jobs.append(job)

    async def _redeliver(self, owner: str, job_id: str) -> None:
        status, document = await self._api.call(owner, "POST", f"/job/{job_id}/redeliver")
        if status != 202:
            raise BenchError(f"a redelivery was refused: {status} {document.get('code')}")

    async def _await_end(self, job_id: str) -> None:
        """Return when the callback's last attempt is logged, or after two minutes."""
        ends = asyncio.get_running_loop().time() + _JOB_SECONDS
        while self._events.callbacks.get(job_id) not in _SETTLED:
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await self._attempted.wait(min(left, 1.0))


def rows(result: Result, python: str) -> list[Row]:
    verdict, facts = result.verdict, result.facts
    note = f"{facts['deliveries']} deliveries, {facts['deliveries_per_second']:.1f}/s"
    return [
        Row("deliveries.lost", python, verdict.lost, facts=facts, note=note),
        Row("deliveries.missing", python, verdict.missing),
        Row("deliveries.doubled", python, verdict.doubled),
        Row("deliveries.foreign", python, verdict.foreign, note=f"{facts['foreign_tries']} tries"),
        Row("deliveries.unverified", python, verdict.unverified),
    ]
