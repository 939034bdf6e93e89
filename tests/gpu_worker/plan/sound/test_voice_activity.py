"""Where speech is found in sounds with known pauses."""

from __future__ import annotations

import math
import random
from array import array
from itertools import pairwise
from pathlib import Path

import pytest

from gpu_worker.plan.sound.voice_activity import find_speech
from tests.support.media.factory import MediaFactory

RATE = 16000


def make_sound(spoken: list[tuple[float, float]], seconds: float, noise: float, level: float = 0.2) -> bytes:
    """Return a voice-like sound in the spans: a tone with syllables, over noise."""
    chance = random.Random(1)  # noqa: S311 - noise
    samples = array("h", [0]) * round(seconds * RATE)
    for index in range(len(samples)):
        time = index / RATE
        is_spoken = any(start <= time < end for start, end in spoken)
        syllable = 0.3 + 0.7 * abs(math.sin(2 * math.pi * 4 * time))
        value = level * syllable * math.sin(2 * math.pi * 300 * time) if is_spoken else 0.0
        samples[index] = round(32767 * max(-1.0, min(1.0, value + chance.gauss(0, noise))))
    return samples.tobytes()


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.01])
def test_speech_is_found_over_silence_and_noise(noise: float) -> None:
    spoken = [(0.5, 1.2), (2.0, 2.6)]
    found = find_speech([make_sound(spoken, 3.5, noise)], RATE)
    assert [time for span in found for time in span] == pytest.approx([0.5, 1.2, 2.0, 2.6], abs=0.021)


def test_quiet_recordings_are_heard_and_silence_is_not() -> None:
    assert len(find_speech([make_sound([(0.5, 1.2)], 2, 0.0, level=0.01)], RATE)) == 1
    assert find_speech([bytes(2 * RATE)], RATE) == ()
    assert find_speech([make_sound([], 1, 0.0005)], RATE) == ()
    assert find_speech([], RATE) == ()


def test_steady_sound_counts_as_speech() -> None:
    assert find_speech([make_sound([], 1, 0.05)], RATE) == ((0.0, 1.0),)


def test_clicks_are_no_speech_and_pauses_inside_words_no_pauses() -> None:
    found = find_speech([make_sound([(0.3, 0.33), (1.0, 1.3), (1.35, 1.8)], 2.5, 0.0005)], RATE)
    assert [time for span in found for time in span] == pytest.approx([1.0, 1.8], abs=0.021)


def test_sound_in_chunks_is_the_same() -> None:
    sound = make_sound([(0.5, 1.2)], 2, 0.001)
    size = 2 * RATE // 10
    assert find_speech([sound[at : at + size] for at in range(0, len(sound), size)], RATE) == find_speech([sound], RATE)


def test_pauses_of_real_speech_are_found(media: MediaFactory, real_media: Path) -> None:
    raw = media.run_ffmpeg("-i", real_media / "a40.mp3", "-t", "15", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-")
    found = find_speech([raw], RATE)
    pauses = [(before, after) for (_, before), (after, _) in pairwise(found)]
    # Sentences begin and end there (tests/gpu_worker/speech/a40_words.json).
    for end, start in ((3.06, 3.5), (8.82, 9.27), (14.49, 14.92)):
        assert any(end == pytest.approx(off, abs=0.03) and start == pytest.approx(on, abs=0.03) for off, on in pauses)
