"""Run one job, from its message to its manifest: download, transcode, upload."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from contract.artifacts import ArtifactKind
from contract.errors import Code
from contract.messages import ArtifactFacts, ExecutionFacts, ResultManifest, Stage, WorkerJob
from contract.operations import Input, Role
from gpu_worker.concurrency import Turns, run_all
from gpu_worker.errors import job_failed
from gpu_worker.job.lifetime import Wait
from gpu_worker.job.progress import ProgressReporter, initial_sequence
from gpu_worker.job.stopwatch import Stopwatch
from gpu_worker.photo.read_photo import needed_paths
from gpu_worker.pipeline.listen import may_listen
from gpu_worker.pipeline.machine import Machine, MachineProbe
from gpu_worker.pipeline.transcode import Output, transcode
from gpu_worker.pipeline.verify import media_facts, verify
from gpu_worker.plan.model import local_name
from gpu_worker.sandbox.workdir import bytes_needed, pick_workdir, temporary_workdir
from gpu_worker.settings import Settings
from gpu_worker.transfer.download import Downloader
from gpu_worker.transfer.session import DownloadPolicy, open_session
from gpu_worker.transfer.upload import Uploader, read_artifact_facts

_CLOCK_SKEW_SECONDS = 3600.0
"""Seconds by which this clock may be ahead of the gateway's. A job is refused only after its deadline plus this."""

_DOWNLOADS = 8
"""Inputs that are downloaded at the same time: storage services refuse a client that opens 200 connections at once."""


async def run_job(
    job: WorkerJob, runpod_job_id: str | None, settings: Settings, probe: MachineProbe, wait: Wait
) -> None:
    """Run the whole job; return when its manifest, which also tells of the `wait` for it, is stored. Raises JobFailed.

    In every case, cancellation included, no process and no file of the job is left.
    """
    # By the gateway's clock: the reply to the first progress report stops a job that is only slightly late.
    seconds_left = job.deadline + _CLOCK_SKEW_SECONDS - time.time()
    if seconds_left <= 0:
        raise job_failed(Code.DEADLINE_EXCEEDED)
    is_late = seconds_left < job.limits.execution_seconds
    timeout = min(seconds_left, job.limits.execution_seconds)
    sequence = initial_sequence(job.deadline, time.time())
    with contextlib.ExitStack() as cleanup:
        directory = _enter_workdir(cleanup, job, settings)
        deadline = time.monotonic() + timeout
        try:
            async with asyncio.timeout(timeout), _open_gateway_session() as session:
                reporter = ProgressReporter(
                    session,
                    job.progress_url,
                    job.attempt,
                    runpod_job_id,
                    sequence,
                    contract_version=job.contract_version,
                )
                async with reporter.running():
                    execution = _Execution(job, settings, probe, directory, session, reporter, deadline, wait)
                    await _run_until_stopped(execution, reporter.stop)
        except TimeoutError:
            raise job_failed(Code.DEADLINE_EXCEEDED if is_late else Code.EXECUTION_TIMEOUT) from None


def _enter_workdir(cleanup: contextlib.ExitStack, job: WorkerJob, settings: Settings) -> Path:
    try:
        parent = settings.work_dir or pick_workdir(bytes_needed(job.operation.inputs(), job.limits))
        parent.mkdir(parents=True, exist_ok=True)
        return cleanup.enter_context(temporary_workdir(parent))
    except OSError:
        raise job_failed(Code.RESOURCES) from None


def _open_gateway_session() -> aiohttp.ClientSession:
    """Open a session for the gateway's own URLs. New for each job: a restored worker must not trust old sockets."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        skip_auto_headers=("User-Agent",),
    )


async def _run_until_stopped(execution: _Execution, stop: asyncio.Event) -> None:
    """Run the execution. Cancel it and raise JobFailed as soon as the gateway asks to stop."""
    running = asyncio.create_task(execution.run())
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise job_failed(Code.CANCELLED)
        await running
    finally:
        for task in (running, stopped):
            task.cancel()
        await asyncio.gather(running, stopped, return_exceptions=True)


@dataclass(slots=True)
class _Execution:
    """The steps of one job, and their shared state. `deadline` is on the monotonic clock."""

    job: WorkerJob
    settings: Settings
    probe: MachineProbe
    directory: Path
    session: aiohttp.ClientSession
    reporter: ProgressReporter
    deadline: float
    wait: Wait
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    async def run(self) -> None:
        machine = await self.probe.find_machine()
        await self._download_inputs()
        self._chown_workdir(machine)
        output = await transcode(
            self.job.operation, self.directory, machine, self.job.limits, self._on_stage, deadline=self.deadline
        )
        await self._upload(output, machine)

    def _on_stage(self, stage: Stage, done: float) -> None:
        self.stopwatch.enter(stage)
        self.reporter.progress.update(stage, done)

    async def _download_inputs(self) -> None:
        inputs = self.job.operation.inputs()
        policy = DownloadPolicy(allow_loopback=self.settings.allow_loopback, contact=self.settings.contact)
        async with open_session(policy) as session:
            downloader = Downloader(session, self.job.limits, policy, deadline=self.deadline)
            downloaded, turns = 0, Turns(_DOWNLOADS)

            async def download(given: Input) -> None:
                nonlocal downloaded
                async with turns.one():
                    await downloader.download(given, self.directory / local_name(given.field))
                downloaded += 1
                self._on_stage("fetch", downloaded / len(inputs))

            await run_all(*map(download, inputs))

    def _chown_workdir(self, machine: Machine) -> None:
        has_image = any(given.role is Role.IMAGE for given in self.job.operation.inputs())
        needed = (Path(machine.ffmpeg.path), machine.fonts, *(needed_paths() if has_image else ()))
        if machine.speech is not None and may_listen(self.job.operation):
            needed = (*needed, *machine.speech.needed_paths())
        machine.sandbox.chown_to_sandbox_user(self.directory, *needed)

    async def _upload(self, output: Output, machine: Machine) -> None:
        """Upload each file, or adopt the one that an earlier execution stored; then the manifest."""
        job = self.job
        uploader = Uploader(self.session)
        self._on_stage("publish", 0.0)
        media = output.media
        stored: list[ArtifactFacts] = []
        for slot, artifact in zip(job.artifacts, job.operation.artifacts(), strict=True):
            path = output.paths[slot.name]
            on_sent = functools.partial(self._on_stage, "publish")
            is_ours = await uploader.upload_file(slot.put_url, path, slot.content_type, on_sent)
            if not is_ours:
                await uploader.adopt_stored(slot.get_url, path, job.limits.max_output_bytes)
                if artifact.kind is ArtifactKind.VIDEO and not stored:
                    media = media_facts(await verify(machine.ffmpeg, path, None))
            stored.append(await read_artifact_facts(artifact._replace(content_type=slot.content_type), path))
        manifest = ResultManifest(
            contract_version=job.contract_version,
            job_id=job.job_id,
            attempt=job.attempt,
            artifacts=tuple(stored),
            media=media,
            execution=ExecutionFacts(
                encoder=output.encoder,
                video_mode=output.video_mode,
                copied_seconds=output.copied_seconds,
                encoded_seconds=output.encoded_seconds,
                gpu_type=machine.gpu_name,
                timings_ms=self.stopwatch.timings_ms(),
                execution_ms=self.stopwatch.total_ms(),
                start_ms=self.wait.start_ms,
                idle_ms=self.wait.idle_ms,
                word_timing=output.word_timing,
                fonts_used=output.fonts_used,
                loudness=output.loudness,
                warnings=output.warnings,
            ),
        )
        await uploader.upload_json(job.manifest.put_url, json.dumps(manifest.to_json(), ensure_ascii=False))
