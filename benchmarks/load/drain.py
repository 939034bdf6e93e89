"""Measure the sweeper with 5,000 overdue jobs: number of sweeps, their duration, and writes per shard."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.bench import BenchError
from benchmarks.load.receiver import Receiver
from benchmarks.load.table import open_table, scan
from benchmarks.load.watch import EventCounter
from benchmarks.measure import Say
from benchmarks.results import Row
from contract.operations.img2vid import Img2Vid
from lambda_api.adapters.aws.job_row import SHARDS
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.job import Callback, Job, State
from lambda_api.domain.policy import HOUR, MINUTE
from local.lambdas.functions import ForkedFunctions
from local.lambdas.pool import FunctionError, FunctionSpec, FunctionTimeoutError
from local.logs import Log
from local.servers import Server, bind
from local.settings import CALLBACK_SECRET, ENDPOINT_ID, SWEEPER, Options
from local.system import running
from local.triggers import schedule_event

_NEVER = 1e6
_MOST_SWEEPS = 6
_OWNERS = [f"owner-{number}" for number in range(50)]
"""A sweep sends one callback per owner at a time. With one owner most would go to the queue, and moto's needs 0.6 s for
ten of a thousand messages."""
_LAST_CALLBACKS_SECONDS = 60
_PLENTY = Allowance(rate_per_minute=60_000, burst=100_000, jobs_in_flight=1_000_000)


@dataclass(slots=True)
class SweepMeasurement:
    """`left`: overdue jobs after each sweep. `written`: writes to jobs, by shard of the index.

    `missing_callbacks`: pending callbacks that have not arrived a minute after the last sweep.
    """

    left: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    written: Counter[int] = field(default_factory=Counter)
    missing_callbacks: int = 0

    @property
    def skew(self) -> float:
        """The busiest shard's writes over the mean."""
        return max(self.written.values()) / mean(self.written[shard] for shard in range(SHARDS))


async def measure(jobs: int, say: Say) -> SweepMeasurement:
    """Sweep jobs of which a third each was never dispatched, is past its deadline, has a pending callback.

    Raises BenchError.
    """
    receiver = Receiver(CALLBACK_SECRET, fail_each=jobs + 1)
    callbacks = Server(receiver.app, bind())
    await callbacks.start()
    functions: list[ForkedFunctions] = []

    def kept(specs: tuple[FunctionSpec, ...], env: Mapping[str, str], scratch: Path, log: Log) -> ForkedFunctions:
        functions.append(ForkedFunctions(specs, env, scratch, log))
        return functions[0]

    signing = json.dumps({owner: [CALLBACK_SECRET] for owner in _OWNERS})
    options = Options(
        workers=0, sweep_seconds=_NEVER, unlimited=True, env={"CHECK_SECONDS": "600", "CALLBACK_SECRETS": signing}
    )  # fmt: skip
    try:
        async with running(options, EventCounter(), kept) as system:
            now = time.time_ns() // 1_000_000
            await asyncio.to_thread(_fill, system.aws_url, _make_overdue_jobs(jobs, now, f"{callbacks.url}/callback"))
            drained = SweepMeasurement()
            while len(drained.left) < _MOST_SWEEPS and (not drained.left or drained.left[-1]):
                began = time.monotonic()
                await functions[0].of(SWEEPER.name).invoke(schedule_event(time.time()))
                drained.seconds.append(time.monotonic() - began)
                rows = await asyncio.to_thread(scan, system.aws_url, "JOB#", "version, due_at")
                drained.left.append(sum("due_at" in row and int(row["due_at"]["N"]) <= now for row in rows))
                say(f"  {drained.left[-1]} of {jobs} jobs are still overdue after {drained.seconds[-1]:.1f} s")
            drained.missing_callbacks = await _count_missing_callbacks(receiver, jobs // 3)
            for row in rows:
                shard = zlib.crc32(row["pk"]["S"].partition("#")[2].encode()) % SHARDS
                drained.written[shard] += int(row["version"]["N"]) - 1
            return drained
    except (FunctionError, FunctionTimeoutError) as error:
        raise BenchError(f"the sweeper: {error}") from None
    finally:
        await callbacks.stop()


async def _count_missing_callbacks(receiver: Receiver, pending: int) -> int:
    end = time.monotonic() + _LAST_CALLBACKS_SECONDS
    while (
        missing := pending - sum(one.accepted > 0 for one in receiver.callbacks.values())
    ) and time.monotonic() < end:
        await receiver.notifier.wait(1)
    return missing


def rows(drained: SweepMeasurement, python: str) -> list[Row]:
    facts = {"left": drained.left, "seconds": drained.seconds, "written": dict(sorted(drained.written.items()))}
    sweeps = len(drained.left) if not drained.left[-1] else _MOST_SWEEPS + 1
    return [
        Row("sweep.runs", python, sweeps, facts=facts),
        Row("sweep.seconds", python, max(drained.seconds)),
        Row("sweep.callbacks", python, drained.missing_callbacks),
        Row("sweep.shards", python, drained.skew),
    ]


def _make_overdue_jobs(number: int, now: int, callback_url: str) -> Iterator[Job]:
    for turn in range(number):
        common: dict[str, Any] = {
            "job_id": str(uuid.uuid4()), "owner": _OWNERS[turn % len(_OWNERS)],
            "created_at": now - HOUR, "due_at": now - 10 * MINUTE,
            "operation": Img2Vid(url_image=callback_url), "endpoint_id": ENDPOINT_ID,
        }  # fmt: skip
        match turn % 3:
            case 0:
                yield Job(**common, deadline_at=now + HOUR)
            case 1:
                yield Job(**common, deadline_at=now - MINUTE, state=State.IN_PROGRESS, runpod_job_id=f"lost-{turn}")
            case _:
                body = f'{{"job_id": "{common["job_id"]}", "status": "FAILED", "video_url": null, "links": {{}}}}'
                pending = Callback(url=callback_url, body=body, next_at=now - MINUTE)
                yield Job(**common, deadline_at=now, state=State.FAILED, callback=pending)


def _fill(url: str, jobs: Iterator[Job]) -> None:
    store = DynamoJobStore(open_table(url), lambda: time.time_ns() // 1_000_000, 24 * HOUR)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda job: store.create(job, None, job.created_at, _PLENTY), jobs))
