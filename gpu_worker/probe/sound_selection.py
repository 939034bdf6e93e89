"""Select the audio stream of an input, and decode it where its packets cannot be trusted.

The packets of most narrations state all that a plan needs. Where they do not (streams joined byte by byte, invented
times, missing durations), the stream is decoded once before it is used.
"""

from __future__ import annotations

import asyncio
import mmap
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from contract.operations.inputs import FIELDS
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import AudioFacts, Facts, SoundTrack
from gpu_worker.plan.model import IN_AUDIO, IN_VIDEO, Inputs
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
    ffmpeg: Ffmpeg, directory: Path, inputs: Inputs, max_pixels: int, *, needs_video_sound: bool, trust_packets: bool
) -> Inputs:
    """Return the inputs with their selected sounds: the default stream, else the first that is not silent.

    A video's sound is selected only if `needs_video_sound`; a video without a usable stream is silent. With
    `trust_packets`, sounds with exact packets are not decoded. Raises JobFailed if an audio input is silent.
    """
    found = inputs
    if inputs.audio is not None:
        audio = await _select_sound(
            ffmpeg, directory / IN_AUDIO, Role.AUDIO, inputs.audio, max_pixels, trust_packets=trust_packets
        )
        if audio.audio is None:
            raise _make_silent_error(audio)
        found = replace(found, audio=audio)
    if inputs.video is not None and needs_video_sound:
        video = await _select_sound(
            ffmpeg, directory / IN_VIDEO, Role.VIDEO, inputs.video, max_pixels, trust_packets=trust_packets
        )
        lost = video.audio is None and (inputs.video.audio is not None or _has_unusable(video))
        found = replace(found, video=video, warnings=(*found.warnings, *((_NO_SOUND,) if lost else ())))
    has_change = any(
        facts is not None and facts.audio is not None and not facts.audio.is_steady for facts in _list_facts(found)
    )
    if trust_packets and has_change:
        # A plan for one sound that changes needs to know whether the other one does, too.
        return await select_sounds(
            ffmpeg, directory, inputs, max_pixels, needs_video_sound=needs_video_sound, trust_packets=False
        )
    return found


def have_same_sounds(one: Inputs, other: Inputs) -> bool:
    """Return True if both have the same sounds, except for their start and end."""
    return [_strip_times(facts) for facts in _list_facts(one)] == [_strip_times(facts) for facts in _list_facts(other)]


def _list_facts(inputs: Inputs) -> tuple[Facts | None, Facts | None]:
    return inputs.video, inputs.audio


def _strip_times(facts: Facts | None) -> AudioFacts | None:
    audio = facts.audio if facts else None
    return audio and replace(audio, start=Fraction(0), end=Fraction(0))


def _make_silent_error(facts: Facts) -> Exception:
    if any(sound.is_usable for sound in facts.sounds):
        return job_failed(Code.MEDIA_NO_AUDIO, field=FIELDS[Role.AUDIO])
    return job_failed(Code.MEDIA_UNSUPPORTED, field=FIELDS[Role.AUDIO], format="a rare codec")


def _has_unusable(facts: Facts) -> bool:
    return any(not sound.is_usable for sound in facts.sounds)


async def _select_sound(
    ffmpeg: Ffmpeg, path: Path, role: Role, facts: Facts, max_pixels: int, *, trust_packets: bool
) -> Facts:
    """Return the facts with the selected sound, or with none. Raises JobFailed."""
    if "wav" in facts.container.split(",") and await asyncio.to_thread(_is_joined_wav, path):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=FIELDS[role], format=JOINED_FILES)
    order = sorted((sound for sound in facts.sounds if sound.is_usable), key=lambda sound: not sound.is_default)
    unknown = set()
    for sound in order[:_MAX_STREAMS]:
        if trust_packets and _has_exact_packets(facts, sound):
            return facts
        try:
            audio = await decode_sound(ffmpeg, path, role, sound.number, max_pixels)
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
