"""The model in the sandboxed process: transcription, and the times of given words. Imports faster-whisper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from gpu_worker.speech.child import SAMPLE_RATE
from gpu_worker.speech.pauses import Pause, find_pauses, move_starts
from gpu_worker.speech.words.windows import pack_windows, spread_pieces, window_of

OnDone = Callable[[float], None]
"""Called with the share of the sound that is done, 0 to 1."""
Sound = NDArray[np.float32]
Word = tuple[str, bool]

_BATCHED_SECONDS = 600.0
"""Longer sounds are read in batches, which is several times faster and slightly less exact."""
_BATCH_SIZE = 8
_COMPUTE_TYPES = {"cuda": "float16", "cpu": "int8"}
_VAD = {"threshold": 0.5, "min_silence_duration_ms": 500, "speech_pad_ms": 200}
"""For captions: a pause of half a second is silence, and little of it belongs to the speech around it."""
_MAX_SILENCE_SECONDS = 2.0
"""Words that are recognized in a longer silence are checked: the model invents text there."""


@dataclass(frozen=True, slots=True)
class GivenCue:
    """A caption whose words are looked for: its time in milliseconds, and its words."""

    start_ms: int
    end_ms: int
    words: Sequence[Word]


class Model:
    """A Whisper model in the format of CTranslate2, loaded from a directory."""

    def __init__(self, folder: str, device: str, threads: int) -> None:
        self._model = WhisperModel(
            folder, device=device, compute_type=_COMPUTE_TYPES[device], cpu_threads=threads, local_files_only=True
        )

    def transcribe(self, sound: Sound, language: str | None, prompt: str | None, on_done: OnDone) -> dict[str, Any]:
        """Return `{"language", "words": [[start, end, text, probability], …]}`, times in seconds."""
        seconds = len(sound) / SAMPLE_RATE
        options: dict[str, Any] = {
            "language": self._known(language),
            "hotwords": prompt,
            "beam_size": 5,
            "word_timestamps": True,
            "condition_on_previous_text": False,
            "vad_filter": True,
            "vad_parameters": _VAD,
        }
        if seconds > _BATCHED_SECONDS:
            segments, info = BatchedInferencePipeline(self._model).transcribe(sound, batch_size=_BATCH_SIZE, **options)
        else:
            segments, info = self._model.transcribe(
                sound, hallucination_silence_threshold=_MAX_SILENCE_SECONDS, **options
            )
        heard: list[Any] = []
        for segment in segments:
            heard += segment.words or ()
            on_done(min(1.0, segment.end / seconds))
        spans = move_starts(
            [(word.start, word.end) for word in heard], [word.word for word in heard], find_pauses(sound)
        )
        words = [[*span, word.word, word.probability] for span, word in zip(spans, heard, strict=True)]
        return {"language": info.language, "words": words}

    def align(self, sound: Sound, language: str | None, cues: Sequence[GivenCue], on_done: OnDone) -> dict[str, Any]:
        """Return `{"language", "cues": [[[start, end, probability], …] or null, …]}`, times in seconds."""
        language = self._known(language) or self._model.detect_language(sound, vad_filter=True)[0]
        tokenizer = Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language
        )
        tokens = [tokenizer.encode(_join(cue.words)) for cue in cues]
        spans = [(cue.start_ms, cue.end_ms) for cue in cues]
        found: list[list[tuple[float, float, float]] | None] = [None] * len(cues)
        ranges = pack_windows(spans, [len(part) for part in tokens])
        for number, (first, stop) in enumerate(ranges, 1):
            window = window_of(spans[first:stop], len(sound) * 1000 // SAMPLE_RATE)
            found[first:stop] = self._align_window(sound, window, tokenizer, tokens[first:stop], cues[first:stop])
            on_done(number / len(ranges))
        return {"language": language, "cues": _move_all(found, cues, find_pauses(sound))}

    def _align_window(
        self,
        sound: Sound,
        window_ms: tuple[int, int],
        tokenizer: Tokenizer,
        tokens: Sequence[list[int]],
        cues: Sequence[GivenCue],
    ) -> list[list[tuple[float, float, float]] | None]:
        first, last = (time * SAMPLE_RATE // 1000 for time in window_ms)
        if last - first < SAMPLE_RATE // 10:
            return [None] * len(cues)
        features = self._model.feature_extractor(sound[first:last])
        encoded = self._model.encode(pad_or_trim(features[..., : self._model.feature_extractor.nb_max_frames]))
        text = [token for part in tokens for token in part]
        frames = min(features.shape[-1], self._model.feature_extractor.nb_max_frames)
        (pieces,) = self._model.find_alignment(tokenizer, [text], encoded, frames)
        offset = window_ms[0] / 1000
        times = spread_pieces(
            [
                (piece["word"], float(piece["start"]), float(piece["end"]), float(piece["probability"]))
                for piece in pieces
                if piece["word"]
            ],
            [(word, has_space or at == 0) for cue in cues for at, (word, has_space) in enumerate(cue.words)],
        )
        if times is None:
            return [None] * len(cues)
        moved = [(start + offset, end + offset, probability) for start, end, probability in times]
        return [[moved.pop(0) for _ in cue.words] for cue in cues]

    def _known(self, language: str | None) -> str | None:
        return language if language in self._model.supported_languages else None


def _join(words: Sequence[Word]) -> str:
    return "".join(f" {word}" if has_space or at == 0 else word for at, (word, has_space) in enumerate(words))


def _move_all(
    found: Sequence[list[tuple[float, float, float]] | None], cues: Sequence[GivenCue], pauses: Sequence[Pause]
) -> list[list[list[float]] | None]:
    """Move the words of all cues together: the lag is the same for all."""
    texts = [word for cue, times in zip(cues, found, strict=True) if times for word, _ in cue.words]
    spans = [(start, end) for times in found for start, end, _ in times or ()]
    moved = iter(move_starts(spans, texts, pauses))
    return [[[*next(moved), probability] for *_, probability in times] if times else None for times in found]
