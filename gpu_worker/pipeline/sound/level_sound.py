"""Bring the sound of a plan to a loudness before the plan's steps, and measure the finished file."""

from __future__ import annotations

import contextlib
import math
import os
import re
from pathlib import Path

from contract.errors import Code
from contract.limits import Limits
from contract.messages import LoudnessFacts
from gpu_worker.errors import job_failed
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import OnStage, run_step
from gpu_worker.plan.model import Leveling, Step
from gpu_worker.plan.sound.leveling import (
    MIX,
    REPORT,
    Measured,
    Setting,
    encode_step,
    measure_step,
    trial_step,
)
from gpu_worker.sandbox import safe_open

SILENT = "The loudness was not changed: the sound is silent."
_MISSED = (
    "The sound has {made.lufs:.1f} LUFS and {made.true_peak_db:.1f} dBTP instead of {goal.lufs:g} LUFS and at most "
    "{goal.true_peak_db:g} dBTP."
)
_SILENCE = -60.0
"""LUFS. Raising what is quieter would raise noise."""
_TRIALS, _ENCODES = 4, 2
_SMALL_CORRECTION = 0.5
"""LU. A smaller correction needs no further trial: the encoded sound is measured, too."""
_TOLERANCE = 0.3
_LEAST_YIELD = 0.3
"""LU that 1 dB more must add; else the sound would only become worse."""
_PROMISE = 0.5
"""LU, for the finished file."""
_REPORT_TAIL = 4096
"""Bytes from the end of a report that hold its last entry."""
_LUFS = re.compile(rb"^lavfi\.r128\.I=(-?[\d.]+|-?inf|nan)$", re.MULTILINE)
_PEAK = re.compile(rb"^lavfi\.r128\.true_peaks_ch\d+=([\d.]+)$", re.MULTILINE)
_NO_PEAK = -120.0


class SoundLeveler:
    """Levels the sound of one plan in the job's directory, and measures the finished file."""

    def __init__(
        self, leveling: Leveling, directory: Path, machine: Machine, limits: Limits, on_stage: OnStage
    ) -> None:
        self._goal = leveling
        self._directory = directory
        self._machine = machine
        self._limits = limits
        self._on_stage = on_stage
        self._input_lufs = 0.0
        self._gain_db: float | None = None

    async def write_sound(self) -> None:
        """Write the leveled sound, or one that is silent as it is. Raises JobFailed."""
        self._on_stage("encode", 0.0)
        try:
            for step in self._goal.steps:
                await self._run(step)
            await self._level(self._read_report())
        finally:
            with contextlib.suppress(OSError):  # only to free the disk early
                (self._directory / MIX).unlink()

    async def _level(self, mixed: Measured) -> None:
        if mixed.lufs < _SILENCE:
            await self._run(encode_step(self._goal, None, is_limited=False))
            return
        setting, lufs = await self._find_setting(mixed)
        peak = self._goal.true_peak_db
        self._input_lufs = mixed.lufs
        for _ in range(_ENCODES):
            made = await self._encode(setting, mixed)
            if abs(made.lufs - lufs) <= _TOLERANCE and made.true_peak_db <= peak:
                return
            setting = setting.correct(made, lufs, peak)
        made = await self._encode(setting, mixed)
        if made.true_peak_db > peak:
            await self._encode(setting.attenuate(made.true_peak_db - peak), mixed)

    async def _encode(self, setting: Setting, mixed: Measured) -> Measured:
        await self._run(encode_step(self._goal, setting, is_limited=setting.limits(mixed)))
        self._gain_db = setting.gain_db
        return await self._measure(measure_step(self._goal.name, self._limits.max_pixels))

    async def measure_output(self, name: str) -> tuple[LoudnessFacts | None, tuple[str, ...]]:
        """Return the loudness of the finished file `name`, and warnings for the client. Raises JobFailed.

        There is none if the sound was left as it was.
        """
        if self._gain_db is None:
            return None, (SILENT,)
        made = await self._measure(measure_step(name, self._limits.max_pixels))
        facts = LoudnessFacts(
            lufs=round(made.lufs, 2),
            true_peak_db=round(made.true_peak_db, 2),
            input_lufs=round(self._input_lufs, 2),
            gain_db=round(self._gain_db, 2),
        )
        is_kept = abs(made.lufs - self._goal.lufs) <= _PROMISE and made.true_peak_db <= self._goal.true_peak_db
        return facts, () if is_kept else (_MISSED.format(made=made, goal=self._goal),)

    async def _find_setting(self, mixed: Measured) -> tuple[Setting, float]:
        """Return a setting for the mix before it is encoded, and the loudness to aim at: the goal's if it is possible.

        The harder peaks are limited, the less a gain adds to the loudness.
        """
        goal = self._goal.lufs
        setting = Setting.first(mixed, self._goal)
        before: tuple[float, float] | None = None
        for _ in range(_TRIALS):
            if not setting.limits(mixed):
                break
            found = await self._measure(trial_step(self._goal, setting))
            added = (found.lufs - before[1]) / (setting.gain_db - before[0]) if before else 1.0
            if added < _LEAST_YIELD:
                return setting, found.lufs
            before = setting.gain_db, found.lufs
            setting = Setting(setting.gain_db + (goal - found.lufs) / min(1.0, added), setting.limit_db)
            if abs(found.lufs - goal) <= _SMALL_CORRECTION:
                break
        return setting, goal

    async def _measure(self, step: Step) -> Measured:
        await self._run(step)
        return self._read_report()

    async def _run(self, step: Step) -> None:
        await run_step(step, self._directory, self._machine, self._limits, self._on_stage, uses_gpu=False)

    def _read_report(self) -> Measured:
        """Return the last entry of the report. Raises JobFailed if there is none."""
        try:
            with safe_open.open_read(self._directory / REPORT) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _REPORT_TAIL))
                last = file.read().rpartition(b"frame:")[2]
        except OSError:
            raise job_failed(Code.RESOURCES) from None
        lufs, peaks = _LUFS.search(last), [float(peak) for peak in _PEAK.findall(last)]
        if lufs is None or not peaks:
            raise job_failed(Code.ENCODE_FAILED)
        value = float(lufs[1])
        return Measured(
            value if math.isfinite(value) else -math.inf,
            20 * math.log10(max(peaks)) if max(peaks) else _NO_PEAK,
        )
