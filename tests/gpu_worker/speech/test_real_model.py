"""Recognition and alignment of real speech with a real model: how many words are right, and how exactly timed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest

from contract.operations import Role
from gpu_worker.media.info import Cue, Word
from gpu_worker.media.transcription import Transcription
from gpu_worker.plan.captions.words.script import time_script
from gpu_worker.plan.captions.words.timing import time_words
from gpu_worker.probe.probe import probe
from gpu_worker.sandbox.workdir import temporary_workdir
from gpu_worker.speech.engine import Listener
from gpu_worker.speech.find_speech import find_speech
from gpu_worker.speech.sound import extract_sound
from gpu_worker.speech.words.aligned_cues import AlignedCues, accept
from gpu_worker.speech.words.script_match import match_script
from tests.gpu_worker.speech.conftest import RealSpeech
from tests.support.media.factory import MediaFactory

pytestmark = pytest.mark.full
Record = Callable[[str, object], None]


class Hearing:
    """Listens to files with the real model."""

    def __init__(self, media: MediaFactory, model: Path) -> None:
        self.media = media
        self.model = model

    def transcribe(self, path: Path) -> Transcription:
        async def work(listener: Listener, length: float) -> Transcription:
            return await listener.transcribe(length, None)

        return asyncio.run(self._listen(path, work))

    def align(self, path: Path, cues: Sequence[Cue]) -> AlignedCues:
        async def work(listener: Listener, _length: float) -> AlignedCues:
            return accept(cues, await listener.align(cues, "en"), "en")

        return asyncio.run(self._listen(path, work))

    async def _listen(self, path: Path, work: Callable[[Listener, float], Awaitable[Any]]) -> Any:
        ffmpeg = self.media.sandboxed_ffmpeg
        with temporary_workdir() as folder:
            (folder / "in_audio").symlink_to(path)
            facts = await probe(ffmpeg, folder / "in_audio", Role.AUDIO, "url_audio", 10**8)
            assert facts.audio is not None
            length = await extract_sound(ffmpeg, folder, (Role.AUDIO, facts.audio), 10**8, end=None, seconds=60)
            speech = await find_speech(self.model, ffmpeg.sandbox)
            return await work(Listener(speech, ffmpeg.sandbox, folder, 2, 150), length)


@pytest.fixture
def hearing(media: MediaFactory, speech_model: Path) -> Hearing:
    return Hearing(media, speech_model)


@pytest.mark.timeout(300)
def test_words_of_real_speech_are_recognized_and_timed(
    hearing: Hearing, real_speech: RealSpeech, record_property: Record
) -> None:
    words = hearing.transcribe(real_speech.path).words
    _check_order(words, 40_000)
    expected = [word for text, _, _ in real_speech.sentences for word in text.split()]
    rate = word_error_rate(expected, [word.text for word in words])
    errors = start_errors(real_speech.words, words)
    record_property("remark", f"{hearing.model.name}: word error rate {rate:.3f}, starts {_describe(errors)}")
    assert rate <= 0.2
    assert fmean(map(abs, errors)) <= 200


@pytest.mark.timeout(300)
def test_words_of_captions_are_found_in_real_speech(
    hearing: Hearing, real_speech: RealSpeech, record_property: Record
) -> None:
    # Captions begin 0.2 s too early and end too late, as they do.
    cues = [
        Cue(max(0, round(start * 1000) - 200), round(end * 1000) + 200, text)
        for text, start, end in real_speech.sentences
    ]
    found = hearing.align(real_speech.path, cues)
    assert (found.aligned, found.spoken) == (len(cues), len(cues))
    words = [word for cue in found.cues for word in cue.words]
    _check_order(words, 40_200)
    errors = start_errors(real_speech.words, words)
    guesses = start_errors(real_speech.words, [word for cue in cues for word in time_words(cue)])
    record_property(
        "remark", f"{hearing.model.name}: aligned starts {_describe(errors)}; by letters {_describe(guesses)}"
    )
    assert fmean(map(abs, errors)) <= 200


@pytest.mark.timeout(300)
def test_script_of_real_speech_is_timed_by_it(
    hearing: Hearing, real_speech: RealSpeech, record_property: Record
) -> None:
    script = [text for text, _, _ in real_speech.sentences]
    cues = match_script(script, hearing.transcribe(real_speech.path).words, "en")
    assert cues is not None
    errors = start_errors(real_speech.words, [word for cue in cues for word in cue.words])
    guesses = start_errors(real_speech.words, [word for cue in time_script(script, 40_000) for word in time_words(cue)])
    record_property(
        "remark", f"{hearing.model.name}: starts of a script {_describe(errors)}; by letters {_describe(guesses)}"
    )
    assert fmean(map(abs, errors)) <= min(200, fmean(map(abs, guesses)))


@pytest.mark.timeout(300)
def test_words_after_pauses_of_known_length_start_after_them(
    hearing: Hearing, real_speech: RealSpeech, media: MediaFactory, record_property: Record
) -> None:
    # Phrases between the pauses of the sound, joined with other pauses.
    phrases = [
        (4.92, 7.69),
        (9.27, 10.93),
        (14.92, 17.89),
        (18.11, 19.25),
        (21.67, 23.38),
        (23.61, 25.21),
        (25.43, 28.79),
    ]
    pauses = [0.5, 0.15, 0.8, 0.3, 2.0, 0.2, 0.45]
    parts, starts, at = [], [], 0.0
    for number, ((first, last), pause) in enumerate(zip(phrases, pauses, strict=True)):
        at += pause
        starts.append(at)
        parts.append(
            f"[0:a]aresample=16000,aformat=channel_layouts=mono,atrim={first}:{last},asetpts=PTS-STARTPTS,"
            f"adelay={pause * 1000:g}[p{number}]"
        )
        at += last - first
    labels = "".join(f"[p{number}]" for number in range(len(parts)))
    graph = ";".join([*parts, f"{labels}concat=n={len(parts)}:v=0:a=1"])
    path = media.make_file("phrases.wav", "-i", real_speech.path, "-filter_complex", graph)
    words = [
        (text, time - first + start)
        for (first, last), start in zip(phrases, starts, strict=True)
        for text, time in real_speech.words
        if first - 0.02 <= time < last
    ]
    heard = hearing.transcribe(path).words
    _check_order(heard, round(at * 1000))
    errors = start_errors(words, heard)
    firsts = [min(abs(word.start_ms - start * 1000) for word in heard) for start in starts]
    record_property(
        "remark", f"{hearing.model.name}: joined phrases, starts {_describe(errors)}; at pauses {_describe(firsts)}"
    )
    assert median(firsts) <= 30
    assert fmean(map(abs, errors)) <= 200


@pytest.mark.timeout(300)
def test_sound_without_speech_has_no_words(hearing: Hearing, media: MediaFactory) -> None:
    assert hearing.transcribe(media.make_file("hush.wav", "-f", "lavfi", "-i", "anoisesrc=a=0.02:d=5")).words == ()
    assert hearing.transcribe(media.make_file("hum.wav", "-f", "lavfi", "-i", "sine=220:d=5")).words == ()


def word_error_rate(expected: Sequence[str], found: Sequence[str]) -> float:
    """Return inserted, deleted and replaced words (Levenshtein), divided by the expected ones."""
    ours, theirs = [_plain(word) for word in expected], [_plain(word) for word in found]
    row = list(range(len(theirs) + 1))
    for number, word in enumerate(ours, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(theirs, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1] / len(ours)


def start_errors(expected: Sequence[tuple[str, float]], found: Sequence[Word]) -> list[float]:
    """Return how late each word is that is in both, in milliseconds."""
    matcher = SequenceMatcher(
        None, [_plain(text) for text, _ in expected], [_plain(word.text) for word in found], autojunk=False
    )
    return [
        found[block.b + step].start_ms - expected[block.a + step][1] * 1000
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word)).casefold()


def _describe(errors: Sequence[float]) -> str:
    spread = sorted(map(abs, errors))
    return f"{fmean(spread):.0f} ms off (median {median(spread):.0f}, mean {fmean(errors):+.0f}, {len(spread)} words)"


def _check_order(words: Sequence[Word], length_ms: int) -> None:
    assert all(before.end_ms <= word.start_ms for before, word in pairwise(words))
    assert all(word.start_ms >= 0 and word.start_ms + 60 <= word.end_ms <= length_ms for word in words)
