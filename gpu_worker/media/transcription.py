"""A transcription: what was said in a sound, and when."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_worker.media.info import Word


@dataclass(frozen=True, slots=True)
class Transcription:
    """The words of a sound in order, without overlaps. `language` is a code such as `en`, `seconds` the sound's length.

    `probabilities` states for each word how sure the recognizer is, 0 to 1.
    """

    language: str
    seconds: float
    words: tuple[Word, ...] = ()
    probabilities: tuple[float, ...] = ()
