"""`python -m local demo`: every operation once, on real media, through the same HTTP API that clients use."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from gpu_worker.concurrency import run_all
from gpu_worker.ffmpeg.locate import find_ffmpeg
from local import file_server
from local.callback_receiver import CallbackSink
from local.client import Client, Job
from local.console import Progress, size_text, table
from local.given_files import Given
from local.logs import Log
from local.media import SUBTITLES, MediaFiles, make_clip, make_voice
from local.sample_image import draw_landscape
from local.servers import Server, bind
from local.settings import API_KEY, CALLBACK_SECRET, Options
from local.system import running
from local.verify_video import Checked, check

_DEADLINE_SECONDS = 600.0
_CALLBACK_SECONDS = 15.0
_POLL_SECONDS = 0.4
_OPERATIONS = ("caption", "img2vid", "addaudio", "compose")
_TERMINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
_HEADER = (
    ("operation", "job_id", "status", "settled by", "queue ms", "execution ms", "encoder", "duration", "size", "file")
)  # fmt: skip


async def run(given: Given, out: Path, *, verbose: bool = False) -> int:
    """Run it all; 0 if every job, file and callback was as it should be, 1 if not, 2 if a given file is refused.

    Why it was not 0 is printed last.
    """
    started = time.monotonic()
    log = Log(sys.stderr if verbose else None)
    ffmpeg = find_ffmpeg(os.environ.get("FFMPEG"))
    _clear(out)
    # The workers start at once, beside everything else, so that the jobs need not wait for them.
    refusal = await given.refusal(ffmpeg)
    if refusal is not None:
        print(f"api-gpu: {refusal}", file=sys.stderr)
        return 2
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="api-gpu-demo-")))
        media = given.completed_by(await _made(given, folder, ffmpeg))
        print("Starting the gateway, AWS, RunPod and two workers on this machine…", flush=True)
        system = await stack.enter_async_context(running(Options(workers=2, workers_min=2), log))
        file_urls = await _served(stack, Server(file_server.build(media.named()), bind()))
        sink = CallbackSink(CALLBACK_SECRET)
        callback_url = await _served(stack, Server(sink.app, bind())) + "/callback"
        urls = {name: f"{file_urls}/{name}" for name in media.named()}
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        client = Client(session, system.url, API_KEY)
        jobs = await _run_jobs(client, urls, callback_url)
        results = {operation: await _collect(client, ffmpeg, operation, job, out) for operation, job in jobs.items()}
        await _await_callbacks(sink, jobs)
        problems = _report(jobs, results, sink, out)
    print(f"Stopped; nothing is left running. {time.monotonic() - started:.0f} s in all.")
    for problem in problems:
        print(f"PROBLEM  {problem}")
    sys.stdout.flush()
    return 1 if problems else 0


def outputs_in(out: Path) -> list[Path]:
    """The files that a run writes."""
    return [out / f"{operation}.mp4" for operation in _OPERATIONS]


def _clear(out: Path) -> None:
    """Remove what an earlier run has left: it would pass for the result of this one. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    for path in outputs_in(out):
        path.unlink(missing_ok=True)


async def _made(given: Given, folder: Path, ffmpeg: str) -> MediaFiles:
    """Make the files that were not given."""
    made = MediaFiles(folder / "photo.jpg", folder / "video.mp4", folder / "audio.wav", folder / "srt.srt")
    await asyncio.to_thread(made.srt.write_text, SUBTITLES, "utf-8")
    making: list[Coroutine[Any, Any, object]] = []
    if given.photo is None:
        making.append(asyncio.to_thread(draw_landscape, made.photo))
    if given.video is None:
        making.append(make_clip(ffmpeg, made.video))
    if given.audio is None:
        making.append(asyncio.to_thread(make_voice, made.audio))
    await run_all(*making)
    return made


async def _served(stack: AsyncExitStack, server: Server) -> str:
    stack.push_async_callback(server.stop)
    await server.start()
    return server.url


async def _run_jobs(client: Client, urls: dict[str, str], callback_url: str) -> dict[str, Job]:
    """Submit all four at once and follow them to their ends, or to the demo's own deadline."""
    bodies: dict[str, dict[str, Any]] = {
        "caption": {"url_video": urls["video"], "url_srt": urls["srt"]},
        "img2vid": {"url_image": urls["photo"], "frame_rate": 24, "duration": 5},
        "addaudio": {"url_video": urls["video"], "url_audio": urls["audio"]},
        "compose": {"url_image": urls["photo"], "url_audio": urls["audio"], "url_srt": urls["srt"]},
    }
    submitted = await asyncio.gather(
        *(client.submit(name, body | {"webhook_url": callback_url}) for name, body in bodies.items())
    )
    jobs = dict(zip(bodies, submitted, strict=True))
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


async def _collect(client: Client, ffmpeg: str, operation: str, job: Job, out: Path) -> Checked:
    if job["status"] != "COMPLETED":
        return Checked(0.0, 0, (job.get("error") or {}).get("message") or "did not finish")
    path = out / f"{operation}.mp4"
    await client.download(job["video_url"], path)
    return await check(ffmpeg, path.resolve(), job["video"])


async def _await_callbacks(sink: CallbackSink, jobs: dict[str, Job]) -> None:
    until = time.monotonic() + _CALLBACK_SECONDS
    while not all(sink.verified_for(job["job_id"]) for job in jobs.values()):
        left = until - time.monotonic()
        if left <= 0:
            return
        await sink.bell.wait(left)


def _report(jobs: dict[str, Job], results: dict[str, Checked], sink: CallbackSink, out: Path) -> list[str]:
    """Print the table; return what went wrong."""
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
        if sink.verified_for(job["job_id"]) is None:
            problems.append(f"{operation}: no callback that verifies")
        else:
            verified += 1
    print("\n" + table(_HEADER, rows))
    refused = sum(1 for one in sink.received if not one.verified)
    if refused:
        problems.append(f"{refused} callbacks did not verify")
    print(f"\nCallbacks: {verified} of {len(jobs)} received and verified with the stock standardwebhooks library.")
    return problems


def _row(operation: str, job: Job, result: Checked, out: Path) -> tuple[str, ...]:
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
        f"{result.seconds:.2f} s" if done else "",
        size_text(result.size_bytes) if done else "",
        str(out / f"{operation}.mp4") if done else "",
    )
