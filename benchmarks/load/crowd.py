"""Many clients at once, while RunPod, its webhooks, the workers and the receiver fail one time in ten."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.load.clients import Crowd, Outcome, Plan
from benchmarks.load.receiver import JobCallbacks, Receiver
from benchmarks.load.watch import EventCounter, function_memory, growth, percentile, waits
from benchmarks.measure import Say
from benchmarks.results import Row
from local.lambdas.functions import ForkedFunctions, Functions
from local.lambdas.pool import FunctionSpec
from local.logs import Log
from local.servers import Server, bind
from local.settings import API, API_KEY, CALLBACK_SECRET, Options
from local.system import running

WORKER = ("python", "-I", "-S", str(Path(__file__).with_name("worker.py")))
_WORKERS = 6
_API_CONCURRENCY = 6
"""Few environments, so that each handles enough requests to show a memory leak."""
_FAIL_EACH = 10
_FAULTS: dict[str, Any] = {
    "run": {"mode": ["503", "500", "accept_then_reset", "429", "timeout"], "every": _FAIL_EACH, "seconds": 5},
    "status": {"mode": ["503", "reset", "500", "timeout"], "every": _FAIL_EACH, "seconds": 5},
    "cancel": {"mode": ["503", "accept_then_reset", "500", "timeout"], "every": _FAIL_EACH, "seconds": 5},
    "webhook": {"mode": ["drop", "duplicate", "null_body"], "every": _FAIL_EACH},
    "job_done": {"mode": ["500", "400"], "every": _FAIL_EACH},
}
_KILL_AFTER_SECONDS = 0.05
"""After a take: about halfway through the worker's job."""
_SETTINGS = {
    "CHECK_SECONDS": "2", "RETRY_BASE_SECONDS": "0.5", "DISPATCH_GRACE_SECONDS": "6", "CALLBACK_GRACE_SECONDS": "2",
    "CALLBACK_TIME_SCALE": "0.01", "JOB_TTL_SECONDS": "90", "EXECUTION_SECONDS": "20",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers of jobs. `lost`: not in the list, or without an end. `doubled`: more jobs than keys."""

    lost: int
    doubled: int
    wrong_ends: int
    """Not exactly one end, or not the one that the client read."""
    wrong_callbacks: int
    """Jobs without a callback, with different ones, or with one of another state than the job's."""
    repeated_callbacks: int
    """Callbacks sent again although a 2xx response had been sent completely."""


@dataclass(frozen=True, slots=True)
class Result:
    verdict: Verdict
    growth: tuple[float, float]
    """Growth of the functions' memory from a quarter of the jobs to all of them: the median and the maximum."""
    facts: dict[str, Any]
    waits: list[float]
    """Seconds from each job's end to its first callback."""


async def measure(plan: Plan, say: Say) -> Result:
    """Run one crowd through a system of its own. Raises BenchError if the system does not serve it."""
    events = EventCounter()
    receiver = Receiver(CALLBACK_SECRET, _FAIL_EACH)
    options = Options(
        workers=_WORKERS, workers_min=_WORKERS, sweep_seconds=1.0, idle_seconds=3600.0, webhook_scale=0.02,
        unlimited=True, worker_command=WORKER, env=_SETTINGS,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        callbacks = Server(receiver.app, bind())
        stack.push_async_callback(callbacks.stop)
        await callbacks.start()
        system = await stack.enter_async_context(running(options, events, _functions))
        kills = {"mode": "kill_mid_job", "every": plan.kill_each, "seconds": _KILL_AFTER_SECONDS}
        system.emulator.faults.set(_FAULTS | {"worker": kills})
        session = await stack.enter_async_context(
            aiohttp.ClientSession(headers={"X-API-Key": API_KEY}, trust_env=False)
        )
        crowd = Crowd(session, system.url, f"{callbacks.url}/callback", receiver)
        memory: dict[int, dict[int, int]] = {}

        async def each_done(done: int) -> None:
            if done in {plan.jobs // 4, plan.jobs}:
                memory[done] = function_memory()
            if done % max(1, plan.jobs // 10) == 0:
                say(f"  {done} of {plan.jobs} jobs are finished")

        began = time.monotonic()
        await crowd.run(plan, each_done)
        seconds = time.monotonic() - began
        system.emulator.faults.clear()
        listed = {str(job["job_id"]): str(job["status"]) for job in await crowd.list_jobs()}
        executions = list(system.emulator.state.jobs.values())
    facts = {
        "jobs": plan.jobs, "clients": plan.clients, "jobs_per_second": plan.jobs / seconds,
        "submits_abandoned": crowd.disconnected, "requests_refused": crowd.refused, "executions": len(executions),
        "workers_killed": events.counts["killed by a fault"], "runs_lost": events.counts["dispatch_outcome_unknown"],
        "runs_refused": events.counts["dispatch_refused"], "statuses_lost": events.counts["status_check_failed"],
        "cancels_refused": events.counts["cancel_failed"], "webhooks_dropped": events.counts["webhook dropped"],
        "callbacks": sum(one.tries for one in receiver.callbacks.values()), "callbacks_failed": receiver.failed,
        "statuses": _count_statuses(crowd.outcomes), "memory_mb": _megabytes(memory[plan.jobs]),
    }  # fmt: skip
    verdict = judge(crowd.outcomes, plan.jobs, listed, events.ends, receiver.callbacks, receiver.unverified)
    waited = waits(events.ended_at, receiver.received_at)
    return Result(verdict, growth(memory[plan.jobs // 4], memory[plan.jobs]), facts, waited)


def judge(
    outcomes: list[Outcome],
    keys: int,
    listed: Mapping[str, str],
    ends: Mapping[str, int],
    callbacks: Mapping[str, JobCallbacks],
    unverified: int,
) -> Verdict:
    """Compare the states that clients read, the list of all jobs, the gateway's log, and the callbacks."""
    read = {outcome.job_id: outcome.status for outcome in outcomes}
    terminal = {
        job_id for job_id, status in read.items() if status in {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
    }
    once = {job_id for job_id, number in ends.items() if number == 1}
    right = {
        job_id
        for job_id, one in callbacks.items()
        if one.accepted and len(one.ids) == len(one.bodies) == 1 and one.status == read.get(job_id)
    }
    return Verdict(
        lost=keys - len(terminal & listed.keys()),
        doubled=len(listed.keys() - read.keys()) + len(outcomes) - len(read),
        wrong_ends=len(read.keys() - once) + sum(listed.get(job_id) != status for job_id, status in read.items()),
        wrong_callbacks=len(read.keys() - right) + unverified,
        repeated_callbacks=sum(one.repeats for one in callbacks.values()),
    )


def rows(result: Result, python: str) -> list[Row]:
    verdict = result.verdict
    note = f"{result.facts['jobs_per_second']:.1f} jobs/s"
    return [
        Row("crowd.lost", python, verdict.lost, facts=result.facts, note=note),
        Row("crowd.doubled", python, verdict.doubled),
        Row("crowd.ends", python, verdict.wrong_ends),
        Row("crowd.callbacks", python, verdict.wrong_callbacks),
        Row("crowd.repeats", python, verdict.repeated_callbacks),
        Row("crowd.wait.median", python, percentile(result.waits, 50)),
        Row("crowd.wait", python, percentile(result.waits, 95), note=f"longest {result.waits[-1]:.1f} s"),
        Row("crowd.memory", python, result.growth[0]),
        Row("crowd.memory.worst", python, result.growth[1]),
    ]


def _functions(specs: tuple[FunctionSpec, ...], env: Mapping[str, str], scratch: Path, log: Log) -> Functions:
    few = tuple(replace(spec, concurrency=_API_CONCURRENCY) if spec.name == API.name else spec for spec in specs)
    return ForkedFunctions(few, env, scratch, log)


def _count_statuses(outcomes: list[Outcome]) -> dict[str, int]:
    statuses = [outcome.status for outcome in outcomes]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


def _megabytes(memory: Mapping[int, int]) -> float:
    return sum(memory.values()) / len(memory) / 1e6
