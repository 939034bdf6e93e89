"""One execution of one job, from its message to its manifest."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from contract.errors import Code
from contract.messages import ExecutionFacts, ResultManifest, Stage, WorkerJob
from contract.operations import Input, Role
from gpu_worker.concurrency import run_all
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import find_ffmpeg, read_build
from gpu_worker.job.progress import ProgressReporter, initial_sequence
from gpu_worker.photo.read_photo import needed_paths
from gpu_worker.pipeline.execute_plan import Machine
from gpu_worker.pipeline.gpu_probe import find_gpu
from gpu_worker.pipeline.transcode import FONTS_DIRECTORY, Output, local_name, make
from gpu_worker.pipeline.verify import media_facts, verify
from gpu_worker.probe.probe import gpu_name
from gpu_worker.sandbox.command import chown_to_sandbox_user
from gpu_worker.sandbox.cpus import usable_cpus
from gpu_worker.sandbox.workdir import bytes_needed, pick_workdir, temporary_workdir
from gpu_worker.settings import Settings
from gpu_worker.transfer.download import Fetcher, open_session
from gpu_worker.transfer.upload import Publisher, output_facts

_CLOCK_DOUBT_SECONDS = 3600.0
"""By how much this machine's clock may be ahead of the gateway's before a deadline seems over that is not."""


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds spent per stage, on the monotonic clock."""

    started: float = field(default_factory=time.monotonic)
    spent: dict[str, float] = field(default_factory=dict)
    _stage: Stage = "fetch"
    _since: float = field(default_factory=time.monotonic)

    def enter(self, stage: Stage) -> None:
        """Close the stage before and open this one; entering the current one again does nothing."""
        if stage == self._stage:
            return
        now = time.monotonic()
        self.spent[self._stage] = self.spent.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now

    def timings_ms(self) -> dict[str, int]:
        self.enter("done")
        return {stage: round(seconds * 1000) for stage, seconds in self.spent.items()}

    def total_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


async def run_job(job: WorkerJob, runpod_job_id: str | None, settings: Settings) -> None:
    """Do the whole job; returns when its manifest is stored. Raises JobFailed.

    Whatever happens, cancellation included, no process and no file of the job is left.
    """
    # By the gateway's clock: whoever is late, but not by so much, is told to stop in answer to the first report.
    left = job.deadline + _CLOCK_DOUBT_SECONDS - time.time()
    if left <= 0:
        raise job_failed(Code.DEADLINE_EXCEEDED)
    too_late = Code.DEADLINE_EXCEEDED if left < job.limits.execution_seconds else Code.EXECUTION_TIMEOUT
    with contextlib.ExitStack() as cleaning:
        try:
            parent = settings.work_dir or pick_workdir(bytes_needed(job.operation.inputs(), job.limits))
            parent.mkdir(parents=True, exist_ok=True)
            directory = cleaning.enter_context(temporary_workdir(parent))
        except OSError:
            raise job_failed(Code.RESOURCES) from None
        seconds = min(left, job.limits.execution_seconds)
        ends = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds), _own_session() as session:
                before = initial_sequence(job.deadline, time.time())
                reporter = ProgressReporter(session, job.progress_url, job.attempt, runpod_job_id, before)
                async with reporter.running():
                    await _unless_stopped(_Execution(job, settings, directory, session, reporter, ends), reporter.stop)
        except TimeoutError:
            raise job_failed(too_late) from None


async def _unless_stopped(execution: _Execution, stop: asyncio.Event) -> None:
    """Run the work until it ends or the gateway no longer wants it, whichever is first."""
    work = asyncio.create_task(execution.run())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise job_failed(Code.CANCELLED)
        await work
    finally:
        for task in (work, stopped):
            task.cancel()
        await asyncio.gather(work, stopped, return_exceptions=True)


def _own_session() -> aiohttp.ClientSession:
    """A session for the gateway's own URLs. New for each job: a restored worker must not trust old sockets."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        skip_auto_headers=("User-Agent",),
    )


@dataclass(slots=True)
class _Execution:
    """The work itself, with what it needs at hand."""

    job: WorkerJob
    settings: Settings
    directory: Path
    session: aiohttp.ClientSession
    reporter: ProgressReporter
    ends: float
    watch: Stopwatch = field(default_factory=Stopwatch)

    async def run(self) -> None:
        ffmpeg = await asyncio.to_thread(find_ffmpeg, self.settings.ffmpeg)
        await self._fetch_all()
        has_image = any(given.role is Role.IMAGE for given in self.job.operation.inputs())
        chown_to_sandbox_user(self.directory, Path(ffmpeg), FONTS_DIRECTORY, *(needed_paths() if has_image else ()))
        tools = Machine(ffmpeg, await find_gpu(ffmpeg), usable_cpus(), read_build(ffmpeg).warnings())
        job = self.job
        made = await make(job.operation, self.directory, tools, job.limits, self._on_stage, ends=self.ends)
        await self._publish(made, tools)

    def _on_stage(self, stage: Stage, done: float) -> None:
        self.watch.enter(stage)
        self.reporter.standing.update(stage, done)

    async def _fetch_all(self) -> None:
        inputs = self.job.operation.inputs()
        allow = self.settings.allow_loopback
        async with open_session(allow_loopback=allow, contact=self.settings.contact) as session:
            fetcher = Fetcher(session, self.job.limits, allow_loopback=allow, ends=self.ends)
            done = 0

            async def one(given: Input) -> None:
                nonlocal done
                await fetcher.fetch(given, self.directory / local_name(given.role))
                done += 1
                self._on_stage("fetch", done / len(inputs))

            await run_all(*(one(given) for given in inputs))

    async def _publish(self, made: Output, tools: Machine) -> None:
        job = self.job
        publisher = Publisher(self.session)
        self._on_stage("publish", 0.0)
        media = made.media
        stays = await publisher.put_file(job.output.put_url, made.path, lambda sent: self._on_stage("publish", sent))
        if not stays:
            await publisher.adopt(job.output.get_url, made.path, job.limits.max_output_bytes)
            media = media_facts(await verify(tools.ffmpeg, made.path, None))
        output = await output_facts(job.output.key, made.path)
        manifest = ResultManifest(
            job_id=job.job_id,
            attempt=job.attempt,
            output=output,
            media=media,
            execution=ExecutionFacts(
                encoder=made.encoder,
                video_mode=made.video_mode,
                gpu_type=await gpu_name(),
                timings_ms=self.watch.timings_ms(),
                execution_ms=self.watch.total_ms(),
                warnings=made.warnings,
            ),
        )
        await publisher.put_json(job.manifest.put_url, manifest.model_dump_json())
