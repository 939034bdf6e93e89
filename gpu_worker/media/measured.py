"""Measurements that need a whole file decoded, and facts that its container shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loudness:
    """Loudness by EBU R 128. `true_peak_db` is in dBFS."""

    lufs: float
    true_peak_db: float
    range_lu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of a file; None for what was not requested or cannot be measured.

    `silence` and `black` are ranges in seconds. `is_faststart`: its index is before its media, so that playback starts
    before the whole file has arrived; None for containers without an index.
    """

    size_bytes: int = 0
    is_faststart: bool | None = None
    loudness: Loudness | None = None
    silence: tuple[tuple[float, float], ...] | None = None
    black: tuple[tuple[float, float], ...] | None = None
