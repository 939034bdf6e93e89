"""Find when somebody speaks, where music must be quieter then and no captions tell it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from contract.limits import Limits
from contract.operations import Operation
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.model import AUDIO, VIDEO, Inputs
from gpu_worker.plan.sound.ducking import Span
from gpu_worker.plan.sound.voice_activity import find_speech
from gpu_worker.sandbox.safe_open import open_read
from gpu_worker.speech.child import SAMPLE_RATE, SOUND
from gpu_worker.speech.sound import extract_sound

_CHUNK_BYTES = 20 * SAMPLE_RATE
"""10 s."""


async def find_voice(
    operation: Operation, inputs: Inputs, directory: Path, machine: Machine, limits: Limits, *, deadline: float
) -> Inputs:
    """Return the inputs with the times of speech, if the plan needs them. Raises JobFailed.

    `deadline` is on the monotonic clock.
    """
    bed = operation.music_bed()
    if bed is None or not bed.ducking.amount_db or inputs.cues:
        return inputs
    spans: list[Span] = []
    for field in (AUDIO, VIDEO):
        facts = inputs.media.get(field)
        is_heard = field != bed.field and (field == AUDIO or operation.keeps_sound_of(field))
        if facts is None or facts.audio is None or not is_heard:
            continue
        seconds = min(limits.execution_seconds, max(1.0, deadline - time.monotonic()))
        await extract_sound(
            machine.ffmpeg, directory, (field, facts.audio), limits.max_pixels, end=None, seconds=seconds
        )
        spans += await asyncio.to_thread(lambda: find_speech(_read_chunks(directory / SOUND), SAMPLE_RATE))
    return replace(inputs, speech=tuple(spans))


def _read_chunks(path: Path) -> Iterator[bytes]:
    with open_read(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
