"""One job after another without faults: how long after its end the client has the callback."""

from __future__ import annotations

from contextlib import AsyncExitStack

import aiohttp

from benchmarks.load.clients import Crowd, Plan
from benchmarks.load.crowd import WORKER
from benchmarks.load.receiver import Receiver
from benchmarks.load.watch import EventCounter, percentile, waits
from benchmarks.measure import Say
from benchmarks.results import Row
from local.servers import Server, bind
from local.settings import API_KEY, CALLBACK_SECRET, Options
from local.system import running


async def measure(jobs: int, say: Say) -> list[float]:
    """Return, sorted, the seconds from each job's end to the receipt of its callback. Raises BenchError."""
    events = EventCounter()
    receiver = Receiver(CALLBACK_SECRET, fail_each=jobs + 1)
    options = Options(workers=1, workers_min=1, idle_seconds=3600.0, unlimited=True, worker_command=WORKER)
    plan = Plan(clients=1, jobs=jobs, disconnect_each=0, cancel_each=0, fail_each=0)

    async def each_done(done: int) -> None:
        if done % 10 == 0:
            say(f"  {done} of {jobs} jobs are finished")

    async with AsyncExitStack() as stack:
        callbacks = Server(receiver.app, bind())
        stack.push_async_callback(callbacks.stop)
        await callbacks.start()
        system = await stack.enter_async_context(running(options, events))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(headers={"X-API-Key": API_KEY}, trust_env=False)
        )
        await Crowd(session, system.url, f"{callbacks.url}/callback", receiver).run(plan, each_done)
    return waits(events.ended_at, receiver.received_at)


def rows(waited: list[float], python: str) -> list[Row]:
    note = f"{len(waited)} jobs, longest {waited[-1]:.2f} s"
    return [
        Row("latency.wait.median", python, percentile(waited, 50)),
        Row("latency.wait", python, percentile(waited, 95), note=note),
    ]
