"""Many clients at once, while RunPod, its web hooks, the workers and the receiver fail one time in ten."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.bench import BenchError
from benchmarks.load.clients import Crowd, Outcome, Plan
from benchmarks.load.receiver import Receiver, Told
from benchmarks.load.watch import Ends, function_memory, growth
from benchmarks.measure import Say
from benchmarks.results import Row
from local.lambdas.functions import ForkedFunctions, Functions
from local.lambdas.pool import FunctionSpec
from local.logs import Log
from local.servers import Server, bind
from local.settings import API, API_KEY, CALLBACK_SECRET, Options
from local.system import running

_WORKER = ("python", "-I", "-S", str(Path(__file__).with_name("worker.py")))
_WORKERS = 6
_API_AT_ONCE = 6
"""Few environments, so that each handles enough requests to show what it does not give back."""
_FAIL_EACH = 10
_FAULTS: dict[str, Any] = {
    "run": {"mode": ["503", "500", "accept_then_reset", "429", "timeout"], "every": _FAIL_EACH, "seconds": 5},
    "status": {"mode": ["503", "reset", "500", "timeout"], "every": _FAIL_EACH, "seconds": 5},
    "cancel": {"mode": ["503", "accept_then_reset", "500", "timeout"], "every": _FAIL_EACH, "seconds": 5},
    "webhook": {"mode": ["drop", "duplicate", "null_body"], "every": _FAIL_EACH},
    "job_done": {"mode": ["500", "400"], "every": _FAIL_EACH},
}
_KILL_AFTER_SECONDS = 0.05
"""Of a take: about the middle of what a worker does for a job."""
_SETTINGS = {
    "CHECK_SECONDS": "2", "RETRY_BASE_SECONDS": "0.5", "DISPATCH_GRACE_SECONDS": "6", "CALLBACK_GRACE_SECONDS": "2",
    "CALLBACK_TIME_SCALE": "0.01", "JOB_TTL_SECONDS": "90", "EXECUTION_SECONDS": "20",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """Numbers of jobs. `lost`: not in the list, or without an end. `doubled`: more jobs than keys."""

    lost: int
    doubled: int
    ended_wrongly: int
    """Not exactly once, or otherwise than the client read."""
    told_wrongly: int
    """No callback, or several that differ, or another state than the job's."""
    told_again: int
    """Callbacks that came after one whose answer, a 2xx, had gone out whole."""


@dataclass(frozen=True, slots=True)
class Result:
    verdict: Verdict
    growth: tuple[float, float]
    """Of the functions' memory, from a quarter of the jobs to all of them: at the median, and of the worst."""
    facts: dict[str, Any]


async def measure(plan: Plan, say: Say) -> Result:
    """Run one crowd through a system of its own. Raises BenchError if it cannot be served at all."""
    ends = Ends()
    receiver = Receiver(CALLBACK_SECRET, _FAIL_EACH)
    options = Options(
        workers=_WORKERS, workers_min=_WORKERS, sweep_seconds=1.0, idle_seconds=3600.0, webhook_scale=0.02,
        unlimited=True, worker_command=_WORKER, env=_SETTINGS,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        callbacks = Server(receiver.app, bind())
        stack.push_async_callback(callbacks.stop)
        await callbacks.start()
        system = await stack.enter_async_context(running(options, ends, _functions))
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
                say(f"  {done} of {plan.jobs} jobs are over")

        began = time.monotonic()
        await _served(crowd, plan, each_done)
        seconds = time.monotonic() - began
        system.emulator.faults.clear()
        listed = {str(job["job_id"]): str(job["status"]) for job in await crowd.listed()}
        executions = list(system.emulator.state.jobs.values())
    facts = {
        "jobs": plan.jobs, "clients": plan.clients, "jobs_per_second": plan.jobs / seconds,
        "submits_hung_up_on": crowd.hung_up, "requests_refused": crowd.refused, "executions": len(executions),
        "workers_killed": ends.told["killed by a fault"], "runs_lost": ends.told["dispatch_outcome_unknown"],
        "runs_refused": ends.told["dispatch_refused"], "statuses_lost": ends.told["status_check_failed"],
        "cancels_refused": ends.told["cancel_failed"], "web_hooks_dropped": ends.told["webhook dropped"],
        "callbacks": sum(told.tries for told in receiver.told.values()), "callbacks_failed": receiver.failed,
        "statuses": _counted(crowd.outcomes), "memory_mb": _megabytes(memory[plan.jobs]),
    }  # fmt: skip
    verdict = judge(crowd.outcomes, plan.jobs, listed, ends.ends, receiver.told, receiver.unverified)
    return Result(verdict, growth(memory[plan.jobs // 4], memory[plan.jobs]), facts)


def judge(
    outcomes: list[Outcome],
    keys: int,
    listed: Mapping[str, str],
    ends: Mapping[str, int],
    told: Mapping[str, Told],
    unverified: int,
) -> Verdict:
    """Compare what the clients read, the list of all jobs, the gateway's log, and the callbacks."""
    read = {outcome.job_id: outcome.status for outcome in outcomes}
    terminal = {
        job_id for job_id, status in read.items() if status in {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
    }
    once = {job_id for job_id, number in ends.items() if number == 1}
    right = {
        job_id
        for job_id, one in told.items()
        if one.accepted and len(one.ids) == len(one.bodies) == 1 and one.status == read.get(job_id)
    }
    return Verdict(
        lost=keys - len(terminal & listed.keys()),
        doubled=len(listed.keys() - read.keys()) + len(outcomes) - len(read),
        ended_wrongly=len(read.keys() - once) + sum(listed.get(job_id) != status for job_id, status in read.items()),
        told_wrongly=len(read.keys() - right) + unverified,
        told_again=sum(one.again for one in told.values()),
    )


def rows(result: Result, python: str) -> list[Row]:
    verdict = result.verdict
    note = f"{result.facts['jobs_per_second']:.1f} jobs/s"
    return [
        Row("crowd.lost", python, verdict.lost, facts=result.facts, note=note),
        Row("crowd.doubled", python, verdict.doubled),
        Row("crowd.ends", python, verdict.ended_wrongly),
        Row("crowd.callbacks", python, verdict.told_wrongly),
        Row("crowd.repeats", python, verdict.told_again),
        Row("crowd.memory", python, result.growth[0]),
        Row("crowd.memory.worst", python, result.growth[1]),
    ]


async def _served(crowd: Crowd, plan: Plan, each_done: Any) -> None:
    try:
        await crowd.run(plan, each_done)
    except* BenchError as errors:
        raise BenchError(str(errors.exceptions[0])) from None


def _functions(specs: tuple[FunctionSpec, ...], env: Mapping[str, str], scratch: Path, log: Log) -> Functions:
    few = tuple(replace(spec, concurrency=_API_AT_ONCE) if spec.name == API.name else spec for spec in specs)
    return ForkedFunctions(few, env, scratch, log)


def _counted(outcomes: list[Outcome]) -> dict[str, int]:
    statuses = [outcome.status for outcome in outcomes]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


def _megabytes(memory: Mapping[int, int]) -> float:
    return sum(memory.values()) / len(memory) / 1e6
