"""Run the clients of uploads against a system of its own, and compare every stored byte."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from benchmarks.load.table import open_session, scan
from benchmarks.load.uploads.clients import Uploaders
from benchmarks.load.uploads.fates import EACH
from benchmarks.load.uploads.send import digest
from benchmarks.load.uploads.verdict import Kind, Record, Verdict, judge
from benchmarks.load.watch import EventCounter
from benchmarks.measure import Say
from benchmarks.results import Row
from lambda_api.domain.keys import upload_key
from local.aws.names import BUCKET
from local.settings import API_KEY, OTHER_KEY, Options
from local.system import System, running

_KEYS = {"local": API_KEY, "other": OTHER_KEY}
_FAULTS: dict[str, Any] = {
    "run": {"mode": ["503", "500", "accept_then_reset", "429", "timeout"], "every": 10, "seconds": 5}
}
"""Of RunPod, where the accepted jobs go. No worker takes them, so that what they would read is still there."""
_CHUNK = 1024 * 1024
_READERS = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """`large`: files that are sent in parts, of 100 MiB each."""

    uploads: int
    clients: int
    large: int


@dataclass(frozen=True, slots=True)
class Result:
    verdict: Verdict
    facts: dict[str, Any]


async def measure(plan: Plan, say: Say) -> Result:
    """Run one crowd of clients. Raises BenchError if the system does not serve it."""
    options = Options(workers=0, sweep_seconds=2.0, unlimited=True, env={"CHECK_SECONDS": "600"})
    # Of both owners in turn, in a job and not.
    large = [(EACH + 1) * turn for turn in range(plan.large)]
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(running(options, EventCounter()))
        system.emulator.faults.set(_FAULTS)
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        uploaders = Uploaders(session, system.url, _KEYS, large)

        def each_done(done: int) -> None:
            if done % max(1, plan.uploads // 10) == 0:
                say(f"  {done} of {plan.uploads} uploads are done")

        began = time.monotonic()
        await uploaders.run(plan.uploads, plan.clients, each_done)
        seconds = time.monotonic() - began
        await uploaders.read_again(plan.clients)
        seen, orders = uploaders.seen, _orders(system)
        await _compare(session, seen.records, orders, system.s3_url, uploaders.make_data)
        seen.rows = await asyncio.to_thread(_read_rows, system.aws_url)
    facts = {
        "uploads": len(seen.records), "clients": plan.clients, "sent": sum(record.sent for record in seen.records),
        "in_parts": plan.large, "jobs": sum(bool(record.job_id) for record in seen.records),
        "read_through_orders": sum(record.job_id in orders for record in seen.records),
        "announcements_abandoned": uploaders.abandoned, "stored": sum(map(len, seen.rows.values())),
        "tries": {kind.value: sum(one.kind is kind for one in seen.attempts) for kind in Kind},
        "accepted": [one.what for one in seen.attempts if one.accepted][:20], "seconds": seconds,
        "uploads_per_second": plan.uploads / seconds,
    }  # fmt: skip
    return Result(judge(seen), facts)


def rows(result: Result, python: str) -> list[Row]:
    verdict = result.verdict
    note = f"{result.facts['uploads_per_second']:.1f} uploads/s"
    return [
        Row("uploads.lost", python, verdict.lost, facts=result.facts, note=note),
        Row("uploads.doubled", python, verdict.doubled),
        Row("uploads.foreign", python, verdict.foreign, note=f"{result.facts['tries']['foreign']} tries"),
        Row("uploads.incomplete", python, verdict.incomplete, note=f"{result.facts['tries']['incomplete']} tries"),
    ]


def _orders(system: System) -> dict[str, str]:
    """Return the URL of the file that a worker would read, by job."""
    found = (job.submission.input for job in system.emulator.state.jobs.values())
    return {order["job_id"]: order["operation"]["url_video"] for order in found}


async def _compare(
    session: aiohttp.ClientSession,
    records: list[Record],
    orders: Mapping[str, str],
    s3_url: str,
    make_data: Callable[[Record], bytes],
) -> None:
    """Read every sent file: through the URL in its job's order if RunPod has that, else from the bucket."""
    client = open_session(s3_url).s3
    waiting = iter([record for record in records if record.sent])

    async def read() -> None:
        for record in waiting:
            key = upload_key(record.owner, record.upload_id)
            url = orders.get(record.job_id) or client.generate_presigned_url(
                "get_object", Params={"Bucket": BUCKET, "Key": key}
            )
            record.intact = await _read_digest(session, url) == digest(make_data(record))

    await asyncio.gather(*(read() for _ in range(_READERS)))


async def _read_digest(session: aiohttp.ClientSession, url: str) -> str:
    found = hashlib.sha256()
    async with session.get(URL(url, encoded=True)) as answer:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _read_rows(url: str) -> dict[tuple[str, str], set[str]]:
    """Return the ids of all stored uploads by owner and filename."""
    stored: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for document in _documents(url):
        stored[document["owner"], document["filename"]].add(document["upload_id"])
    return dict(stored)


def _documents(url: str) -> Iterable[dict[str, Any]]:
    return (json.loads(row["doc"]["S"]) for row in scan(url, "UPLOAD#", "doc"))
