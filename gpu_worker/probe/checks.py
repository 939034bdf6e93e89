"""Refuse a probed file that is unreadable, truncated, encrypted or not what its role requires."""

from __future__ import annotations

from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from gpu_worker.errors import job_failed
from gpu_worker.formats.mp4 import is_encrypted
from gpu_worker.formats.unsupported import HEAD_BYTES, is_heif, name_unsupported
from gpu_worker.media.info import Facts
from gpu_worker.probe.framecrc import PacketListing
from gpu_worker.probe.stderr_parser import StderrParser
from gpu_worker.probe.tracks import MIN_SAMPLE_RATE, VideoTrack
from gpu_worker.sandbox.safe_open import open_read


def check_file(
    log: StderrParser, listing: PacketListing, path: Path, role: Role, field: str, code: int, max_pixels: int
) -> None:
    """Check that the whole file can be read, within the limits. Raises JobFailed naming `field`."""
    if log.has_too_many_pixels and role is not Role.AUDIO:
        raise job_failed(
            Code.MEDIA_OVER_BUDGET, field=field, limit=f"{max_pixels // 1_000_000} million pixels a picture"
        )
    if listing.is_over_limit:
        raise job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit="too many packets")
    with open_read(path) as file:
        head = file.read(HEAD_BYTES)
    if not log.container or is_heif(head):
        raise _make_unreadable_error(head, role, field, no_index=log.has_no_index)
    is_corrupt = any(track.has_corrupt_packets for track in listing.tracks.values())
    if log.is_truncated and (is_corrupt or "matroska" in log.container or "mov" in log.container):
        raise job_failed(Code.MEDIA_TRUNCATED, field=field)
    if listing.is_encrypted or ("mov" in log.container and is_encrypted(path)):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="encrypted")
    if log.has_garbled_stream:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a malformed description of a track")
    if code != 0 and listing.tracks:
        raise job_failed(Code.MEDIA_UNREADABLE, field=field)


def _make_unreadable_error(head: bytes, role: Role, field: str, *, no_index: bool) -> Exception:
    name = name_unsupported(head, role)
    if name is not None:
        return job_failed(Code.MEDIA_UNSUPPORTED, field=field, format=name)
    if head[4:8] == b"ftyp" and no_index:
        # An MP4 file without an index was not written, or not downloaded, to its end.
        return job_failed(Code.MEDIA_TRUNCATED, field=field)
    return job_failed(Code.MEDIA_UNREADABLE, field=field)


def check_role(facts: Facts, video: VideoTrack | None, log: StderrParser, role: Role, field: str) -> None:
    """Check that the file has a usable track for its role. Raises JobFailed naming `field`."""
    kind = "Audio" if role is Role.AUDIO else "Video"
    if role is Role.AUDIO and any(sound.is_usable for sound in facts.sounds):
        return  # `sound_selection` finds out which one is used, and that it is not silent
    stream = video.stream if video and role is not Role.AUDIO else log.find_mapped_stream(kind)
    missing = Code.MEDIA_NO_AUDIO if role is Role.AUDIO else Code.MEDIA_NO_VIDEO
    if stream is None:
        raise job_failed(missing, field=field)
    if stream.is_encrypted:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="encrypted")
    if not stream.codec:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field)
    if stream.codec in log.refused_codecs:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a rare codec")
    if stream.is_tilted:
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a rotation that is not a multiple of 90 degrees")
    track = facts.audio if role is Role.AUDIO else facts.video
    if track is None:
        # The container is readable, but nothing describes its stream: no frame of it can be decoded.
        raise job_failed(Code.MEDIA_UNREADABLE, field=field)
    if (
        role is Role.AUDIO
        and facts.audio is not None
        and (stream.has_unknown_layout or facts.audio.sample_rate < MIN_SAMPLE_RATE)
    ):
        raise job_failed(Code.MEDIA_UNSUPPORTED, field=field, format="a sound that cannot be mixed to stereo")
