"""`python -m local demo`: run every operation once on real media, through the HTTP API that clients use."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from contract.artifacts import ArtifactKind
from contract.operations import Role
from gpu_worker.concurrency import run_all
from gpu_worker.ffmpeg.locate import find_ffmpeg
from local.demo import file_server
from local.demo.callback_receiver import CallbackReceiver
from local.demo.client import Client, Job
from local.demo.console import Progress, format_size, format_table
from local.demo.given_files import check_contents
from local.demo.next_steps import next_steps
from local.demo.requests import output_paths, outputs_in, requests, select_possible
from local.demo.verify_output import Verification, verify_file, verify_video
from local.logs import Log
from local.samples.server import BY_ROLE, SAMPLES
from local.servers import Server, bind
from local.settings import API_KEY, CALLBACK_SECRET, Options
from local.system import running

_DEADLINE_SECONDS = 600.0
_CALLBACK_SECONDS = 15.0
_POLL_SECONDS = 0.4
_TERMINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
_HEADER = (
    ("operation", "job_id", "status", "settled by", "queue ms", "execution ms", "encoder", "duration", "size", "file")
)  # fmt: skip


async def run(given: Mapping[Role, Path], out: Path, *, verbose: bool = False) -> int:
    """Run the demo on the `given` files; samples replace the missing ones.

    Returns 0 if every job, file and callback was correct, 1 if not, 2 if a given file is refused. The reasons are
    printed last.
    """
    started = time.monotonic()
    log = Log(sys.stderr if verbose else None)
    ffmpeg = find_ffmpeg(os.environ.get("FFMPEG")).path
    _clear(out)
    refusal = await check_contents(given, ffmpeg)
    if refusal is not None:
        print(f"api-gpu: {refusal}", file=sys.stderr)
        return 2
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="api-gpu-demo-")))
        own = {BY_ROLE[role]: path for role, path in given.items()}
        files = {**await _make_samples(SAMPLES.keys() - own.keys(), folder, ffmpeg), **own}
        print("Starting the gateway, AWS, RunPod and two workers on this machine…", flush=True)
        # The workers start at once, together with everything else, so that no job waits for one.
        system = await stack.enter_async_context(running(Options(workers=2, workers_min=2), log))
        names = {url: SAMPLES[url].name for url in files}
        served = {names[url]: path for url, path in files.items()}
        file_url = await _serve(stack, Server(file_server.build(served), bind()))
        receiver = CallbackReceiver(CALLBACK_SECRET)
        callback_url = await _serve(stack, Server(receiver.app, bind())) + "/callback"
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        client = Client(session, system.url, API_KEY)
        jobs = await _run_jobs(client, {url: f"{file_url}/{name}" for url, name in names.items()}, callback_url)
        results = {operation: await _collect(client, ffmpeg, operation, job, out) for operation, job in jobs.items()}
        await _await_callbacks(receiver, jobs)
        problems = report(jobs, results, receiver, out)
    print(f"Stopped; nothing is left running. {time.monotonic() - started:.0f} s in all.")
    for problem in problems:
        print(f"PROBLEM  {problem}")
    if not problems:
        print("\nMake the short again, with the command line (docs/cli.md):")
        print("\n".join(f"  {command}" for command in next_steps(own)))
    sys.stdout.flush()
    return 1 if problems else 0


def _clear(out: Path) -> None:
    """Remove the outputs of an earlier run, which could be mistaken for those of this one. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    for path in outputs_in(out):
        path.unlink(missing_ok=True)


async def _make_samples(urls: Iterable[str], folder: Path, ffmpeg: str) -> dict[str, Path]:
    paths = {url: folder / SAMPLES[url].name for url in urls}
    await run_all(*(SAMPLES[url].make(ffmpeg, path) for url, path in paths.items()))
    return paths


async def _serve(stack: AsyncExitStack, server: Server) -> str:
    stack.push_async_callback(server.stop)
    await server.start()
    return server.url


async def _run_jobs(client: Client, urls: Mapping[str, str], callback_url: str) -> dict[str, Job]:
    """Submit all jobs at once and poll the jobs until all are finished, for at most 600 s."""
    wanted = select_possible(requests(urls))
    submitted = await asyncio.gather(
        *(client.submit(kind, body | {"webhook_url": callback_url}) for kind, body in wanted.values())
    )
    jobs = dict(zip(wanted, submitted, strict=True))
    print("Submitted " + ", ".join(jobs) + ":", flush=True)
    progress = Progress(sys.stdout)
    until = time.monotonic() + _DEADLINE_SECONDS
    while True:
        progress.update(jobs)
        if all(job["status"] in _TERMINAL for job in jobs.values()) or time.monotonic() > until:
            return jobs
        await asyncio.sleep(_POLL_SECONDS)
        shown = await asyncio.gather(*(client.job(job["job_id"]) for job in jobs.values()))
        jobs = dict(zip(jobs, shown, strict=True))


async def _collect(client: Client, ffmpeg: str, operation: str, job: Job, out: Path) -> Verification:
    if job["status"] != "COMPLETED":
        return Verification(0.0, 0, (job.get("error") or {}).get("message") or "did not finish")
    checks: list[Verification] = []
    paths = output_paths(out, operation, _names(job))
    for stored in job["artifacts"]:
        path = paths[stored["name"]]
        await client.download(stored["url"], path)
        is_main = not checks and stored["kind"] == ArtifactKind.VIDEO
        found = verify_video(ffmpeg, path.resolve(), job["video"]) if is_main else verify_file(path, stored)
        checks.append(await found)
    return next((check for check in checks if check.problem is not None), checks[0])


def _names(job: Job) -> list[str]:
    return [stored["name"] for stored in job["artifacts"]]


async def _await_callbacks(receiver: CallbackReceiver, jobs: dict[str, Job]) -> None:
    until = time.monotonic() + _CALLBACK_SECONDS
    while not all(receiver.verified_for(job["job_id"]) for job in jobs.values()):
        left = until - time.monotonic()
        if left <= 0:
            return
        await receiver.notifier.wait(left)


def report(jobs: dict[str, Job], results: dict[str, Verification], receiver: CallbackReceiver, out: Path) -> list[str]:
    """Print the table of results. Returns the problems."""
    problems: list[str] = []
    rows: list[tuple[str, ...]] = []
    verified = 0
    for operation, job in jobs.items():
        result, execution = results[operation], job.get("execution") or {}
        rows.append(_row(operation, job, result, out))
        if result.problem is not None:
            problems.append(f"{operation}: {result.problem}")
        elif execution.get("settled_by") != "webhook":
            problems.append(f"{operation}: settled by {execution.get('settled_by')}, not by the webhook")
        if receiver.verified_for(job["job_id"]) is None:
            problems.append(f"{operation}: no callback that verifies")
        else:
            verified += 1
    print("\n" + format_table(_HEADER, rows))
    refused = sum(1 for one in receiver.received if not one.verified)
    if refused:
        problems.append(f"{refused} callbacks did not verify")
    print(f"\nCallbacks: {verified} of {len(jobs)} received and verified with the stock standardwebhooks library.")
    return problems


def _row(operation: str, job: Job, result: Verification, out: Path) -> tuple[str, ...]:
    execution = job.get("execution") or {}
    encoder = execution.get("encoder") or ("copied" if execution.get("video_mode") == "copy" else "")
    done = job["status"] == "COMPLETED"
    return (
        operation,
        job["job_id"],
        job["status"],
        execution.get("settled_by") or "",
        str(execution.get("queue_ms", "")),
        str(execution.get("execution_ms", "")),
        encoder,
        f"{result.seconds:.2f} s" if done and result.seconds else "",
        format_size(result.size_bytes) if done else "",
        " ".join(map(str, output_paths(out, operation, _names(job)).values())) if done else "",
    )
