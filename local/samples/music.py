"""Music for the demo: four slow chords with a plucked line over them, which repeat without a seam."""

from __future__ import annotations

import array
import math
import sys
import wave
from pathlib import Path

MUSIC_SECONDS = 8
_RATE = 24_000
_CHORDS = ((220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (261.63, 329.63, 392.0), (196.0, 246.94, 293.66))
"""A minor, F, C and G: pitches in Hz."""
_NOTE = _RATE // 4
_PEAK = 11_000


def make_music(path: Path) -> None:
    """Write a mono WAV of 8 s. A chord lasts 2 s, a note of the line a quarter of a second."""
    length = _RATE * MUSIC_SECONDS
    sound = [0.0] * length
    for index, chord in enumerate(_CHORDS):
        for pitch in chord:
            _add_tone(sound, index * 2 * _RATE, 2 * _RATE + _RATE // 2, pitch, 0.16, attack=0.3)
    for note in range(length // _NOTE):
        chord = _CHORDS[note // 8]
        _add_tone(sound, note * _NOTE, 3 * _NOTE, 2 * chord[(0, 1, 2, 1)[note % 4]], 0.22, attack=0.01)
    loudest = max(map(abs, sound))
    samples = array.array("h", (round(value / loudest * _PEAK) for value in sound))
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())


def _add_tone(sound: list[float], start: int, count: int, pitch: float, loudness: float, *, attack: float) -> None:
    """Add a decaying tone with two overtones. What would end after the sound goes to its beginning."""
    step = 2 * math.pi * pitch / _RATE
    for number in range(count):
        envelope = min(1.0, number / (attack * _RATE)) * (1 - number / count) ** 2
        phase = step * number
        tone = math.sin(phase) + 0.3 * math.sin(2 * phase) + 0.1 * math.sin(3 * phase)
        sound[(start + number) % len(sound)] += loudness * envelope * tone
