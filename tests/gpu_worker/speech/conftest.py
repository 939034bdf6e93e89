"""Fixtures of the tests with a real model: the speech of the shared media, and its words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.speech_model import find_speech_model


class RealSpeech(NamedTuple):
    """A sound file, its sentences with start and end in seconds, and its words with their starts."""

    path: Path
    sentences: list[tuple[str, float, float]]
    words: list[tuple[str, float]]


@pytest.fixture
def speech_model() -> Path:
    return find_speech_model()


@pytest.fixture
def real_speech(real_media: Path) -> RealSpeech:
    """40 s of espeak-ng's voice `en` at 140 words a minute.

    The starts of words are those that espeak-ng 1.51 states for the same text. Its sound agrees with the file within
    10 ms at ten places. Words that it joins to the one before, such as `the` in `of the`, have no start.
    """
    known = json.loads(Path(__file__).with_name("a40_words.json").read_text())
    return RealSpeech(
        real_media / "a40.mp3",
        [(text, start, end) for text, start, end in known["sentences"]],
        [(text, start) for text, start in known["words"]],
    )
