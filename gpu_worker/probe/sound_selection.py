"""Select the audio stream of an input, and decode it where its packets cannot be trusted.

The packets of most narrations state all that a plan needs. Where they do not (streams joined byte by byte, invented
times, missing durations), the stream is decoded once before it is used.
"""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from contract.options.inputs import role_of
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import AudioFacts, Facts, SoundTrack
from gpu_worker.plan.model import Inputs, local_name
from gpu_worker.probe.sound_decoding import JOINED_FILES, MIN_SOUND_SECONDS, NoDecoderError, decode_sound
from gpu_worker.sandbox.safe_open import open_read

_MAX_STREAMS = 4
"""Streams of one file that are tried."""

_EXACT_PACKETS = (
    ({"mp3"}, ("mp3",)),
    ({"mov", "matroska"}, ("aac",)),
    ({"wav", "w64", "aiff"}, ("pcm_",)),
)
"""Containers and codecs whose packets state the exact duration of the decoded sound."""

_NO_SOUND = "The sound of the video cannot be decoded and was left out."
_WAV_HEADER = b"WAVEfmt "


async def select_sounds(
    ffmpeg: Ffmpeg,
    directory: Path,
    inputs: Inputs,
    max_pixels: int,
    *,
    keeps_sound_of: Callable[[str], bool],
    trust_packets: bool,
) -> Inputs:
    """Return the inputs with their selected sounds: the default stream, else the first that is not silent.

    A video's sound is selected only if `keeps_sound_of` its field; a video without a usable stream is silent. With
    `trust_packets`, sounds with exact packets are not decoded. Raises JobFailed if an audio input is silent.
    """
    media, warnings = dict(inputs.media), list(inputs.warnings)
    for field, facts in inputs.media.items():
        role = role_of(field)
        if role is Role.VIDEO and not keeps_sound_of(field):
            continue
        media[field] = await _select_sound(ffmpeg, directory, field, facts, max_pixels, trust_packets=trust_packets)
        if media[field].audio is not None:
            continue
        if role is Role.AUDIO:
            raise _make_silent_error(media[field], field)
        if facts.audio is not None or _has_unusable(media[field]):
            warnings.append(_NO_SOUND)
    has_change = any(facts.audio is not None and not facts.audio.is_steady for facts in media.values())
    if trust_packets and has_change:
        # A plan for one sound that changes needs to know whether the other ones do, too.
        return await select_sounds(
            ffmpeg, directory, inputs, max_pixels, keeps_sound_of=keeps_sound_of, trust_packets=False
        )
    return replace(inputs, media=media, warnings=tuple(dict.fromkeys(warnings)))


def have_same_sounds(one: Inputs, other: Inputs) -> bool:
    """Return True if both have the same sounds, except for their start and end."""
    return [_strip_times(facts) for facts in one.media.values()] == [
        _strip_times(facts) for facts in other.media.values()
    ]


def _strip_times(facts: Facts) -> AudioFacts | None:
    return facts.audio and replace(facts.audio, start=Fraction(0), end=Fraction(0))


def _make_silent_error(facts: Facts, field: str) -> Exception:
    if any(sound.is_usable for sound in facts.sounds):
        return job_failed(Code.MEDIA_NO_AUDIO, field=field)
    return job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a rare codec")


def _has_unusable(facts: Facts) -> bool:
    return any(not sound.is_usable for sound in facts.sounds)


async def _select_sound(
    ffmpeg: Ffmpeg, directory: Path, field: str, facts: Facts, max_pixels: int, *, trust_packets: bool
) -> Facts:
    """Return the facts with the selected sound, or with none. Raises JobFailed."""
    path = directory / local_name(field)
    if "wav" in facts.container.split(",") and await asyncio.to_thread(_is_joined_wav, path):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format=JOINED_FILES)
    order = sorted((sound for sound in facts.sounds if sound.is_usable), key=lambda sound: not sound.is_default)
    unknown = set()
    for sound in order[:_MAX_STREAMS]:
        if trust_packets and _has_exact_packets(facts, sound):
            return facts
        try:
            audio = await decode_sound(ffmpeg, path, field, sound.number, max_pixels)
        except NoDecoderError:
            unknown.add(sound)
            continue
        if audio is not None:
            return replace(facts, audio=audio)
    sounds = tuple(replace(sound, is_usable=sound.is_usable and sound not in unknown) for sound in facts.sounds)
    return replace(facts, audio=None, sounds=sounds)


def _has_exact_packets(facts: Facts, sound: SoundTrack) -> bool:
    audio = facts.audio
    return (
        audio is not None
        and audio.number == sound.number
        and audio.is_gapless
        and audio.end - audio.start >= MIN_SOUND_SECONDS
        and any(
            not containers.isdisjoint(facts.container.split(",")) and audio.codec.startswith(codecs)
            for containers, codecs in _EXACT_PACKETS
        )
    )


def _is_joined_wav(path: Path) -> bool:
    """Return True for a WAV file with another one after its samples: players stop before it, or play its header."""
    with open_read(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(_WAV_HEADER, data.find(_WAV_HEADER) + 1) > 0
