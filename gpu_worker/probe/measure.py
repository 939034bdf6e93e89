"""Measure loudness, silence and black pictures by decoding a whole file, in one run of ffmpeg."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contract.errors import Code
from contract.operations.probe import Measurement
from contract.options.inputs import role_of
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import Facts
from gpu_worker.media.measured import Loudness
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.sandbox.inspection import inspect

_SILENCE_DB, _SILENCE_SECONDS = -50, 0.5
"""Sound below this level for this long is silence."""

_BLACK_SECONDS = 0.1
_MAX_RANGES = 10_000

_SUMMARY = re.compile(r"\[Parsed_ebur128_\d+ @ [^]]+\] Summary:")
_VALUE = re.compile(r" {4}(I|LRA|Peak): +(-?[\d.]+|-?inf) (?:LUFS|LU|dBFS)")
_SILENCE = re.compile(r"\[(?:Parsed_)?silencedetect(?:_\d+)? @ [^]]+\] silence_(start|end): (-?[\d.]+)")
_BLACK = re.compile(r"\[(?:Parsed_)?blackdetect(?:_\d+)? @ [^]]+\] black_start: ?(-?[\d.]+) black_end: ?(-?[\d.]+)")


@dataclass(slots=True)
class _Log:
    """Findings in ffmpeg's log, read line by line. A file's tags never start a line with a bracket."""

    values: dict[str, float] = field(default_factory=dict)
    silence: list[tuple[float, float]] = field(default_factory=list)
    black: list[tuple[float, float]] = field(default_factory=list)
    silent_since: float | None = None
    _in_summary: bool = False

    def read(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if _SUMMARY.match(text):
            self._in_summary = True
        elif self._in_summary and (found := _VALUE.match(text)):
            self.values.setdefault(found[1], float(found[2]))
        elif found := _SILENCE.match(text):
            self._read_silence(found[1], float(found[2]))
        elif (found := _BLACK.match(text)) and len(self.black) < _MAX_RANGES:
            self.black.append((float(found[1]), float(found[2])))

    def _read_silence(self, edge: str, time: float) -> None:
        if edge == "start":
            self.silent_since = max(0.0, time)
        elif self.silent_since is not None:
            if len(self.silence) < _MAX_RANGES:
                self.silence.append((self.silent_since, time))
            self.silent_since = None

    def loudness(self) -> Loudness | None:
        """Return the loudness; None for a sound that is too quiet or too short to have one."""
        values = [self.values.get(name, math.nan) for name in ("I", "Peak", "LRA")]
        # -70 LUFS is the gate: nothing was louder.
        return Loudness(*values) if all(map(math.isfinite, values)) and values[0] > -70 else None


@dataclass(frozen=True, slots=True)
class Findings:
    """Results of the measurements; None for what was not requested or cannot be measured. Ranges are in seconds."""

    loudness: Loudness | None = None
    silence: tuple[tuple[float, float], ...] | None = None
    black: tuple[tuple[float, float], ...] | None = None


async def measure(
    ffmpeg: Ffmpeg,
    path: Path,
    given: tuple[str, Facts],
    wanted: Sequence[str],
    max_pixels: int,
    seconds: float,
) -> Findings:
    """Measure an input, given by its field and facts. Raises JobFailed if that takes more than `seconds`."""
    field_name, facts = given
    outputs = (*_sound_output(facts, wanted), *_picture_output(facts, wanted))
    if not outputs:
        return Findings()
    log = _Log()
    argv = [
        *(ffmpeg.path, "-hide_banner", "-nostdin", "-nostats", *MAX_DURATION_ARGS),
        *open_args(role_of(field_name), path.name, max_pixels),
        *("-max_error_rate", "1", *outputs),
    ]
    lines = (lambda _line: None, log.read)
    code = await inspect(ffmpeg.sandbox, argv, path, field_name, seconds, lines, "measuring it")
    if code != 0:
        raise job_failed(Code.MEDIA_UNREADABLE, field=field_name)
    silence = log.silence if log.silent_since is None or facts.audio is None else [
        *log.silence, (log.silent_since, float(facts.audio.end))
    ]  # fmt: skip
    return Findings(
        log.loudness() if facts.audio and Measurement.LOUDNESS in wanted else None,
        tuple(silence) if facts.audio and Measurement.SILENCE in wanted else None,
        tuple(log.black) if facts.video and Measurement.BLACK in wanted else None,
    )


def _sound_output(facts: Facts, wanted: Sequence[str]) -> tuple[str, ...]:
    filters = []
    if Measurement.SILENCE in wanted:
        filters.append(f"silencedetect=noise={_SILENCE_DB}dB:duration={_SILENCE_SECONDS}")
    if Measurement.LOUDNESS in wanted:
        filters.append("ebur128=peak=true:framelog=quiet")
    if facts.audio is None or not filters:
        return ()
    return ("-map", f"0:{facts.audio.selector}", "-af", ",".join(filters), "-f", "null", "-")


def _picture_output(facts: Facts, wanted: Sequence[str]) -> tuple[str, ...]:
    if facts.video is None or Measurement.BLACK not in wanted:
        return ()
    black = f"blackdetect=black_min_duration={_BLACK_SECONDS}"
    return ("-map", f"0:{facts.video.selector}", "-vf", black, "-fps_mode", "passthrough", "-f", "null", "-")
