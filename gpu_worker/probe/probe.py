"""What is in a file: measured packet by packet, because headers lie about durations.

ffmpeg copies the streams into its `framecrc` format, which lists every packet with its time, and
describes the streams on stderr. No ffprobe is needed: the wheel that carries ffmpeg has none.
"""

from __future__ import annotations

from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.formats.mp4 import is_encrypted
from gpu_worker.formats.unsupported import HEAD_BYTES, is_heif, name_unsupported
from gpu_worker.media.info import Facts
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.probe.framecrc import PacketListing
from gpu_worker.probe.stderr_parser import StderrParser
from gpu_worker.probe.tracks import (
    LEAST_HERTZ,
    Film,
    audio_facts,
    find_film,
    sound_tracks,
    stated_audio,
    video_facts,
)
from gpu_worker.sandbox.inspection import inspect
from gpu_worker.sandbox.safe_open import open_read

_TIMEOUT_SECONDS = 120.0
_MAX_PACKETS = 4_000_000
"""Three hours of 60 frames and 94 sound packets a second, twice."""

_PICTURE, _SOUND = ("-map", "0:V:0?"), ("-map", "0:a:0?")
_MAPS = {Role.VIDEO: ("-map", "0:V?", *_SOUND), Role.AUDIO: _SOUND}


async def probe(ffmpeg: Ffmpeg, path: Path, role: Role, field: str, max_pixels: int, *, own: bool = False) -> Facts:
    """Measure one local file.

    Of an `own` one, that is, a video we have just written, no frame is decoded, so that its pixel format may stay
    unknown, and the sound is not listed: its times are 0.
    A video has a picture track in the answer, a sound a sound track. Raises JobFailed naming `field` if the file is
    not what `role` says it should be.
    """
    dump, table = StderrParser(), PacketListing(_MAX_PACKETS)
    argv = [
        *(ffmpeg.path, "-hide_banner", "-nostdin", "-nostats"),
        *(("-skip_frame", "all") if own else ()),
        *MAX_DURATION_ARGS,
        *open_args(role, path.name, max_pixels),
        *(_PICTURE if own else _MAPS[role]),
        # Unflushed: a write for each packet costs both sides more than the listing itself.
        *("-c", "copy", "-flush_packets", "0", "-f", "framecrc", "-"),
    ]
    code = await inspect(ffmpeg.sandbox, argv, path, field, _TIMEOUT_SECONDS, (table.read, dump.read), "reading it")
    table.settle()
    _check_file(dump, table, path, role, field, code, max_pixels)
    sound = stated_audio(dump) if own else audio_facts(dump, table)
    film = find_film(dump, table)
    facts = Facts(dump.container, video_facts(film) if film else None, sound, sound_tracks(dump))
    _check_role(facts, film, dump, role, field)
    return facts


def _check_file(
    dump: StderrParser, table: PacketListing, path: Path, role: Role, field: str, code: int, max_pixels: int
) -> None:
    if dump.too_many_pixels and role is not Role.AUDIO:
        raise job_failed(
            Code.MEDIA_OVER_BUDGET, field=field, limit=f"{max_pixels // 1_000_000} million pixels a picture"
        )
    if table.overflowed:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit="too many packets")
    with open_read(path) as file:
        head = file.read(HEAD_BYTES)
    if not dump.container or is_heif(head):
        raise _unreadable(head, role, field, no_index=dump.no_index)
    corrupt = any(track.corrupt for track in table.tracks.values())
    if dump.cut_off and (corrupt or "matroska" in dump.container or "mov" in dump.container):
        raise job_failed(Code.MEDIA_TRUNCATED, field=field)
    if table.encrypted or ("mov" in dump.container and is_encrypted(path)):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="encrypted")
    if dump.garbled:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="an odd description of a track")
    if code != 0 and table.tracks:
        raise job_failed(Code.MEDIA_UNREADABLE, field=field)


def _unreadable(head: bytes, role: Role, field: str, *, no_index: bool) -> Exception:
    name = name_unsupported(head, role)
    if name is not None:
        return job_failed(Code.MEDIA_UNSUPPORTED, field=field, format=name)
    if head[4:8] == b"ftyp" and no_index:
        # A file that says it is MP4 and has no index was not finished, or not downloaded to its end.
        return job_failed(Code.MEDIA_TRUNCATED, field=field)
    return job_failed(Code.MEDIA_UNREADABLE, field=field)


def _check_role(facts: Facts, film: Film | None, dump: StderrParser, role: Role, field: str) -> None:
    wanted = "Audio" if role is Role.AUDIO else "Video"
    if role is Role.AUDIO and any(sound.is_usable for sound in facts.sounds):
        return  # which one is used, and whether anything is heard, is found out later
    stream = film.stream if film and role is not Role.AUDIO else dump.mapped_stream(wanted)
    missing = Code.MEDIA_NO_AUDIO if role is Role.AUDIO else Code.MEDIA_NO_VIDEO
    if stream is None:
        raise job_failed(missing, field=field)
    if stream.encrypted:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="encrypted")
    if not stream.codec:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field)
    if stream.codec in dump.refused:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a rare codec")
    if stream.tilted:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a picture turned by less than a quarter")
    track = facts.audio if role is Role.AUDIO else facts.video
    if track is None:
        # The container is in order and its stream cannot be described: no frame of it will be decoded.
        raise job_failed(Code.MEDIA_UNREADABLE, field=field)
    if role is Role.AUDIO and facts.audio is not None and (stream.scattered or facts.audio.sample_rate < LEAST_HERTZ):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a sound that cannot be mixed to stereo")
