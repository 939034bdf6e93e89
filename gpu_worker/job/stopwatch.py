"""Measure how long each stage of a job takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from contract.messages import Stage


@dataclass(slots=True)
class Stopwatch:
    """Time spent per stage, on the monotonic clock. Starts in the stage `fetch`."""

    _started: float = field(default_factory=time.monotonic)
    _seconds: dict[Stage, float] = field(default_factory=dict)
    _stage: Stage = "fetch"
    _stage_started: float = field(default_factory=time.monotonic)

    def enter(self, stage: Stage) -> None:
        """Finish the current stage and start this one; entering the current one again does nothing."""
        if stage == self._stage:
            return
        now = time.monotonic()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._stage_started
        self._stage, self._stage_started = stage, now

    def timings_ms(self) -> dict[str, int]:
        """Finish the current stage and return the milliseconds of each."""
        self.enter("done")
        return {stage: round(seconds * 1000) for stage, seconds in self._seconds.items()}

    def total_ms(self) -> int:
        """Return the milliseconds since the start."""
        return round((time.monotonic() - self._started) * 1000)
