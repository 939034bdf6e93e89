"""Measure decoded sound: levels over time, the level of one tone, and loudness."""

from __future__ import annotations

import cmath
import math
import re
import subprocess
from array import array
from pathlib import Path

from tests.support.media.factory import MediaFactory

RATE = 8000


def decode(media: MediaFactory, path: Path, rate: int = RATE) -> array[float]:
    """Return the samples of the first channel of the sound of a file, on the timeline of its player."""
    raw = media.run_ffmpeg("-i", path, "-map", "0:a:0", "-af", "pan=mono|c0=c0", "-ar", str(rate), "-f", "f32le", "-")
    return array("f", raw)


def rms(samples: array[float], start: float, end: float) -> float:
    """Return the root mean square of a part, in seconds."""
    part = samples[round(start * RATE) : round(end * RATE)]
    return math.sqrt(sum(value * value for value in part) / len(part))


def tone(samples: array[float], hertz: float, start: float, end: float) -> float:
    """Return the amplitude of one tone in a part, in seconds."""
    part = samples[round(start * RATE) : round(end * RATE)]
    turn = -2j * math.pi * hertz / RATE
    return 2 * abs(sum(value * cmath.exp(turn * index) for index, value in enumerate(part))) / len(part)


def in_db(factor: float) -> float:
    return 20 * math.log10(max(factor, 1e-9))


def measure_loudness(media: MediaFactory, path: Path) -> tuple[float, float]:
    """Return the integrated loudness in LUFS and the true peak in dBTP, to 0.1."""
    argv = [media.ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a:0"]
    argv += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    log = subprocess.run(argv, check=True, capture_output=True).stderr.decode()
    lufs, peak = (re.findall(rf"{name}: +(-?[\d.]+|-inf) ", log)[-1] for name in ("I", "Peak"))
    return float(lufs), float(peak)
