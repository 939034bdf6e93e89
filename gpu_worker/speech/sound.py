"""Extract the sound that is listened to, as the model reads it: mono, at 16 kHz, on the timeline of its file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from contract.options.inputs import role_of
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.media.info import AudioFacts
from gpu_worker.plan.encode import format_seconds
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.plan.model import local_name
from gpu_worker.plan.sound.filters import continuous_filter
from gpu_worker.sandbox.process import MemoryLimitExceeded
from gpu_worker.speech.child import SAMPLE_RATE, SOUND

_ENDING = ("-ac", "1", "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-f", "s16le", "-y", SOUND)


def sound_args(field: str, audio: AudioFacts, max_pixels: int, end: Fraction | None) -> tuple[str, ...]:
    """Return ffmpeg's arguments that write the file SOUND up to `end`: silence where it starts late or has gaps."""
    role = role_of(field)
    # ffmpeg starts the times of a transport stream at its first mapped stream, so the picture is mapped, too.
    picture = ("-map", "0:V?", "-c:v", "copy", "-f", "null", "-") if role is Role.VIDEO else ()
    sound = ("-map", f"0:{audio.selector}", "-af", continuous_filter(audio, SAMPLE_RATE))
    opening = (*MAX_DURATION_ARGS, *open_args(role, local_name(field), max_pixels))
    return (*opening, *sound, *(() if end is None else ("-t", format_seconds(end))), *_ENDING, *picture)


async def extract_sound(
    ffmpeg: Ffmpeg,
    directory: Path,
    source: tuple[str, AudioFacts],
    max_pixels: int,
    *,
    end: Fraction | None,
    seconds: float,
) -> float:
    """Write the sound of an input up to `end` (None: all) into the file SOUND, and return its length in seconds.

    Raises JobFailed, also if it takes longer than `seconds`.
    """
    field, audio = source
    try:
        await run_ffmpeg(
            ffmpeg,
            sound_args(field, audio, max_pixels, end),
            directory,
            timeout=seconds,
            memory=ffmpeg.sandbox.limits.reading_bytes,
        )
        size = (directory / SOUND).lstat().st_size
    except FfmpegError as failure:
        if failure.is_out_of_resources:
            raise job_failed(Code.RESOURCES) from None
        raise job_failed(Code.MEDIA_UNREADABLE, field=field) from None
    except TimeoutError:
        raise job_failed(Code.EXECUTION_TIMEOUT) from None
    except (MemoryLimitExceeded, OSError):
        raise job_failed(Code.RESOURCES) from None
    return size / (2 * SAMPLE_RATE)
