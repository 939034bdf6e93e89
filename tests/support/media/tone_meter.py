"""Find when a tone is audible, for tests of sound and its timing."""

from __future__ import annotations

import cmath
import math
import struct
from pathlib import Path

import pytest

from tests.support.media.factory import MediaFactory

_RATE, _STEP = 8000, 80
"""Samples per second, and of one measurement: 10 ms."""

EXACT = 0.04
"""Seconds by which sound may be early or late without visible lip sync errors."""


def find_tone(media: MediaFactory, path: Path, hertz: int, least: float = 0.03) -> list[tuple[float, float]]:
    """Return start and end of each span in which a tone is audible, in seconds on the file's clock."""
    clock = "aresample=async=1:min_hard_comp=0.01:first_pts=0"
    raw = media.run_ffmpeg("-i", path, "-map", "0:a:0", "-af", clock, "-ac", "1", "-ar", str(_RATE), "-f", "s16le", "-")
    samples = struct.unpack(f"<{len(raw) // 2}h", raw)
    turn = [cmath.exp(-2j * math.pi * hertz * index / _RATE) for index in range(_STEP * 2)]
    loud = [
        2 * abs(sum(map(complex.__mul__, map(complex, samples[at : at + 2 * _STEP]), turn))) / (2 * _STEP * 32768)
        > least
        for at in range(0, len(samples) - 2 * _STEP, _STEP)
    ]
    # A gap shorter than one measurement is no pause.
    loud = [here or (_at(loud, at - 1) and _at(loud, at + 1)) for at, here in enumerate(loud)]
    # A measurement is of 20 ms, and belongs to its middle.
    edges = [index for index in range(len(loud) + 1) if _at(loud, index) != _at(loud, index - 1)]
    times = [(index * _STEP + (0 if index in {0, len(loud)} else _STEP)) / _RATE for index in edges]
    if loud and loud[-1]:
        times[-1] = len(samples) / _RATE
    pairs = list(zip(times[::2], times[1::2], strict=True))
    return [(start, end) for start, end in pairs if end - start > 0.03]


def assert_tone(media: MediaFactory, path: Path, hertz: int, *expected: tuple[float, float]) -> None:
    """Assert that the tone is audible in the expected spans, and at no other time."""
    found = find_tone(media, path, hertz)
    assert len(found) == len(expected), f"{hertz} Hz: {found}"
    for (start, end), (first, last) in zip(found, expected, strict=True):
        assert start == pytest.approx(first, abs=EXACT), f"{hertz} Hz: {found}"
        assert end == pytest.approx(last, abs=EXACT), f"{hertz} Hz: {found}"


def _at(loud: list[bool], index: int) -> bool:
    return 0 <= index < len(loud) and loud[index]
