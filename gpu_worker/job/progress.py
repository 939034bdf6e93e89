"""Report the progress of a job to the gateway: numbered, in order, and never after the job has finished."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from contract.base import CONTRACT_VERSION
from contract.limits import PROGRESS_INTERVAL_SECONDS
from contract.messages import ProgressReply, ProgressReport, Stage

_SEQUENCE_SPAN = 900_000
"""Part of the contract's million values of `seq`. As seconds, ten days: more than the lifetime of a job."""

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
_LAST_SECONDS = 1.0
_REPLY_BYTES = 64 * 1024
_RUNPOD_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")

_PERCENT: dict[Stage, tuple[int, int]] = {
    "fetch": (0, 10),
    "probe": (10, 20),
    "transcribe": (20, 50),
    "encode": (20, 90),
    "verify": (90, 90),
    "publish": (90, 99),
    "done": (99, 99),
}
"""Percent at the start and at the end of each stage. Only the gateway reports 100."""


@dataclass(slots=True)
class Progress:
    """The progress of one execution; written by the job, read by the reporter. Never decreases."""

    stage: Stage = "fetch"
    percent: int = 0

    def update(self, stage: Stage, done: float) -> None:
        """Set the stage and `done`, the share of it that is done: 0 to 1."""
        first, last = _PERCENT[stage]
        percent = first + int((last - first) * max(0.0, min(1.0, done)))
        if percent >= self.percent:
            self.stage, self.percent = stage, percent


@dataclass(slots=True)
class ProgressReporter:
    """Sends the reports of one execution. Sets `stop` when the gateway replies that the job must stop.

    `initial_sequence` is the `seq` before that of the first report.
    """

    session: aiohttp.ClientSession
    url: str
    attempt: int
    runpod_job_id: str | None
    initial_sequence: int = 0
    interval: float = PROGRESS_INTERVAL_SECONDS
    contract_version: int = CONTRACT_VERSION
    """That of the job's message, which the gateway that sent it can read."""
    progress: Progress = field(default_factory=Progress)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _sent: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Report at once and then at each interval while the block runs; send nothing after it."""
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            # A request that is being sent may arrive even if it is cancelled: give it 1 s to finish before the block.
            self._finished.set()
            await asyncio.wait({task}, timeout=_LAST_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _loop(self) -> None:
        while not self.stop.is_set() and not self._finished.is_set():
            await self._report()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._finished.wait(), self.interval)

    async def _report(self) -> None:
        self._sent += 1
        report = ProgressReport(
            contract_version=self.contract_version,
            attempt=self.attempt,
            seq=self.initial_sequence + self._sent,
            percent=self.progress.percent,
            stage=self.progress.stage,
            runpod_job_id=self.runpod_job_id,
        )
        # A lost report is not retried: the next one replaces it, and success does not depend on any.
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            async with self.session.post(
                URL(self.url, encoded=True),
                data=report.model_dump_json().encode(),
                headers={"Content-Type": "application/json"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                body = await response.content.read(_REPLY_BYTES)
                if response.status == 200 and ProgressReply.model_validate_json(body).stop:
                    self.stop.set()


def initial_sequence(deadline: float, now: float) -> int:
    """Return the number before the first `seq` (arguments in seconds since the epoch): later executions start higher.

    If a worker died, RunPod starts the same attempt again on another, and the gateway ignores sequence numbers that are
    not higher than the last one. Reports are seconds apart, so that no execution counts faster than the clock.
    """
    return max(0, min(_SEQUENCE_SPAN, int(now - deadline) + _SEQUENCE_SPAN))


def known_runpod_id(value: object) -> str | None:
    """Return RunPod's id of the job if it has the form that the contract allows."""
    return value if isinstance(value, str) and _RUNPOD_ID.fullmatch(value) else None
