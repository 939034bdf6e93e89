"""Plan `transcribe`: what was heard, as JSON and as subtitles."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from contract.operations.transcribe import Transcribe, TranscriptFormat
from gpu_worker.media.info import Cue
from gpu_worker.media.transcription import Transcription
from gpu_worker.plan.captions.files.srt import write_srt
from gpu_worker.plan.captions.files.vtt import write_vtt
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.subtitles.spacing import join_words
from gpu_worker.subtitles.transcript import Transcript
from gpu_worker.subtitles.word_cues import make_word_cues


def plan(operation: Transcribe, inputs: Inputs, _options: PlanOptions) -> Plan:
    """Write the requested formats. Nothing is encoded."""
    heard = inputs.transcription or Transcription("", 0.0)
    sentences = make_word_cues(Transcript(heard.words))
    timed = sentences if operation.words else [replace(cue, words=()) for cue in sentences]
    writers = {
        TranscriptFormat.JSON: lambda: _write_json(heard, sentences, has_words=operation.words),
        TranscriptFormat.SRT: lambda: write_srt(sentences),
        TranscriptFormat.VTT: lambda: write_vtt(timed),
    }
    texts = {
        artifact.name: writers[TranscriptFormat(artifact.name.rpartition(".")[2])]()
        for artifact in operation.artifacts()
    }
    return Plan(steps=(), expected=None, video_mode=None, encoder=None, texts=texts)


def _write_json(heard: Transcription, sentences: tuple[Cue, ...], *, has_words: bool) -> str:
    """Return the transcript in the shape of Whisper's, which `words` of other operations reads."""
    transcript: dict[str, Any] = {
        "language": heard.language,
        "duration": round(heard.seconds, 3),
        "text": join_words(heard.words),
        "segments": [{"start": cue.start_ms / 1000, "end": cue.end_ms / 1000, "text": cue.text} for cue in sentences],
    }
    if has_words:
        transcript["words"] = [
            {"word": word.text, "start": word.start_ms / 1000, "end": word.end_ms / 1000, "probability": probability}
            for word, probability in zip(heard.words, heard.probabilities, strict=True)
        ]
    return json.dumps(transcript, ensure_ascii=False, indent=1)
