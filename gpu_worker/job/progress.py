"""Telling the gateway how far a job is: numbered, in order, never after the end."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from contract.limits import PROGRESS_INTERVAL_SECONDS
from contract.messages import ProgressReply, ProgressReport, Stage

_SEQ_SPAN = 900_000
"""Of the million that the contract has for `seq`. In seconds, ten days: more than a job lives."""

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
_LAST_SECONDS = 1.0
_REPLY_BYTES = 64 * 1024
_RUNPOD_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")

_SHARE: dict[Stage, tuple[int, int]] = {
    "fetch": (0, 10),
    "probe": (10, 10),
    "encode": (10, 90),
    "verify": (90, 90),
    "publish": (90, 99),
    "done": (99, 99),
}
"""Percent at the start and the end of each stage. 100 is the gateway's to say."""


@dataclass(slots=True)
class Progress:
    """Where one execution stands; written by the work, read by the reporter. Never goes back."""

    stage: Stage = "fetch"
    percent: int = 0

    def update(self, stage: Stage, done: float) -> None:
        """`done` is the share of the stage, 0 to 1."""
        first, last = _SHARE[stage]
        percent = first + int((last - first) * max(0.0, min(1.0, done)))
        if percent >= self.percent:
            self.stage, self.percent = stage, percent


@dataclass(slots=True)
class ProgressReporter:
    """Sends reports of one execution. `stop` is set once the gateway has asked to give up."""

    session: aiohttp.ClientSession
    url: str
    attempt: int
    runpod_job_id: str | None
    before: int = 0
    """The `seq` before the first one here."""
    interval: float = PROGRESS_INTERVAL_SECONDS
    standing: Progress = field(default_factory=Progress)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _sent: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Report at once and then at each interval while the block runs; silent when it has been left."""
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            # A report under way may arrive whatever is done here: it is given a moment to arrive before the end.
            self._over.set()
            await asyncio.wait({task}, timeout=_LAST_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _loop(self) -> None:
        while not self.stop.is_set() and not self._over.is_set():
            await self._report()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self.interval)

    async def _report(self) -> None:
        self._sent += 1
        report = ProgressReport(
            attempt=self.attempt,
            seq=self.before + self._sent,
            percent=self.standing.percent,
            stage=self.standing.stage,
            runpod_job_id=self.runpod_job_id,
        )
        # A lost report costs nothing: the next one says more, and success does not depend on any.
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
    """Where to count from, seconds since the epoch given: an execution that begins later begins higher.

    Where a worker died, RunPod has another begin the same attempt, and the gateway heeds what it has not seen yet. A
    report takes seconds, so that no execution counts faster than the clock.
    """
    return max(0, min(_SEQ_SPAN, int(now - deadline) + _SEQ_SPAN))


def known_runpod_id(value: object) -> str | None:
    """RunPod's id of the job if it has the form the contract allows."""
    return value if isinstance(value, str) and _RUNPOD_ID.fullmatch(value) else None
