"""Listen to the sound of a job: write down what is said, or find the times of given words in it."""

from __future__ import annotations

import asyncio
import functools
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Operation
from contract.operations.transcribe import Transcribe
from contract.options.captions import CaptionOptions
from contract.options.captions.choices import Align
from contract.options.captions.presets import PRESETS, Technique
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.media.info import AudioFacts, Cue
from gpu_worker.media.transcription import Transcription
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import OnStage
from gpu_worker.plan.model import AUDIO, VIDEO, Inputs
from gpu_worker.speech.engine import Listener
from gpu_worker.speech.sound import extract_sound
from gpu_worker.speech.words.aligned_cues import accept, list_words
from gpu_worker.speech.words.script_match import match_script
from gpu_worker.subtitles.transcript import Transcript
from gpu_worker.subtitles.word_cues import make_word_cues

NO_SPEECH = "No speech was found in the sound."
NOT_ALIGNED = "The words could not be found in the sound; their times are estimates."
_NO_MATCH = "The text is not what is said in the sound; it was spread over the time."
_OPTIONAL = frozenset({Code.INTERNAL, Code.RESOURCES, Code.EXECUTION_TIMEOUT})
"""Failures after which a job continues with estimated times."""
_ALIGNMENT_SHARE = 0.5
"""Part of the time left that finding given words may take: the video can be made without it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Findings in the sound, to be added to the inputs of a job: `cues` replace their cues and their script."""

    cues: tuple[Cue, ...] | None = None
    transcription: Transcription | None = None
    is_aligned: bool = False
    warnings: tuple[str, ...] = ()

    def add_to(self, inputs: Inputs) -> Inputs:
        """Return the inputs with the captions or the transcription."""
        inputs = replace(inputs, transcription=self.transcription, warnings=(*inputs.warnings, *self.warnings))
        return inputs if self.cues is None else replace(inputs, cues=self.cues, script=(), is_aligned=self.is_aligned)


def may_listen(operation: Operation) -> bool:
    """Return True if a job of this operation may listen to its sound."""
    return operation.needs_speech() or (
        isinstance(operation, CaptionOptions) and bool(operation.caption_sources()) and operation.align is Align.AUTO
    )


async def listen(
    operation: Operation,
    inputs: Inputs,
    directory: Path,
    machine: Machine,
    limits: Limits,
    on_stage: OnStage,
    *,
    deadline: float,
) -> Heard:
    """Return what the operation needs to hear, nothing if it needs nothing. `deadline` is on the monotonic clock.

    Raises JobFailed; not if only the times of words are missing then.
    """
    is_required = operation.needs_speech()
    if not is_required and not (may_listen(operation) and _needs_times(operation, inputs)):
        return Heard()
    field, sound = _pick_sound(inputs)
    if is_required and machine.speech is None:
        raise job_failed(Code.SPEECH_NOT_AVAILABLE)
    if is_required and sound is None:
        raise job_failed(Code.MEDIA_NO_AUDIO, field=field)
    if machine.speech is None or sound is None:
        return Heard()
    seconds = min(limits.execution_seconds, max(1.0, deadline - time.monotonic()))
    listener = Listener(
        machine.speech,
        machine.sandbox,
        directory,
        machine.cpus,
        seconds if is_required else seconds * _ALIGNMENT_SHARE,
        functools.partial(on_stage, "transcribe"),
    )
    on_stage("transcribe", 0.0)
    end = _end_of_output(operation, inputs)
    try:
        length = await extract_sound(
            machine.ffmpeg, directory, (field, sound), limits.max_pixels, end=end, seconds=listener.seconds
        )
        heard = await _hear(operation, inputs, listener, length)
    except JobFailed as failure:
        if is_required or failure.failure.code not in _OPTIONAL:
            raise
        return Heard(warnings=(NOT_ALIGNED,))
    return replace(heard, warnings=(*heard.warnings, *listener.warnings))


async def _hear(operation: Operation, inputs: Inputs, listener: Listener, length: float) -> Heard:
    if isinstance(operation, Transcribe):
        transcription = await listener.transcribe(length, operation.language, operation.prompt)
        return Heard(transcription=transcription, warnings=() if transcription.words else (NO_SPEECH,))
    language = operation.language if isinstance(operation, CaptionOptions) else None
    if operation.needs_speech():
        words = (await listener.transcribe(length, language)).words
        return Heard(make_word_cues(Transcript(words)), is_aligned=True, warnings=() if words else (NO_SPEECH,))
    if inputs.script:
        words = (await listener.transcribe(length, language)).words
        matched = await asyncio.to_thread(match_script, inputs.script, words, language)
        return Heard(warnings=(_NO_MATCH,)) if matched is None else Heard(matched, is_aligned=True)
    cues = inputs.cues or ()
    found = accept(cues, await listener.align(cues, language), language)
    if not found.aligned:
        return Heard(warnings=(NOT_ALIGNED,))
    partly = f"aligned: {found.aligned} of {found.spoken} cues; the words of the others share their time by length."
    return Heard(found.cues, is_aligned=True, warnings=(partly,) if found.aligned < found.spoken else ())


def _needs_times(operation: Operation, inputs: Inputs) -> bool:
    """Return True for a text without times, and for captions whose words are shown one by one and have none."""
    if not isinstance(operation, CaptionOptions):
        return False
    if inputs.script:
        return True
    shows_words = operation.is_drawn and PRESETS[operation.style.preset].technique is not Technique.CUE
    return shows_words and any(list_words(cue, operation.language) for cue in inputs.cues or ())


def _pick_sound(inputs: Inputs) -> tuple[str, AudioFacts | None]:
    """Return the field and the sound of what is said: the audio input, else that of the video."""
    if inputs.audio is not None:
        return AUDIO, inputs.audio.audio
    # A picture without a narration has no sound; a client can mend that by adding one.
    return (AUDIO, None) if inputs.video is None else (VIDEO, inputs.original_sound())


def _end_of_output(operation: Operation, inputs: Inputs) -> Fraction | None:
    """Return the time in seconds after which the result has no sound; None if it has the whole sound."""
    seconds = operation.stated_seconds()
    if seconds is not None:
        return Fraction(seconds)
    if inputs.video is not None and inputs.audio is not None:
        return inputs.video_track().end
    return None
