"""Measure a media file packet by packet, because headers state wrong durations.

ffmpeg copies the streams into its `framecrc` format, which lists every packet with its time, and
describes the streams on stderr. ffprobe is not used: the wheel that ships ffmpeg does not contain it.
"""

from __future__ import annotations

from pathlib import Path

from contract.operations import Role
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.formats.parameter_sets import read_parameter_sets
from gpu_worker.media.info import Facts
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.probe.checks import check_file, check_role
from gpu_worker.probe.framecrc import PacketListing
from gpu_worker.probe.stderr_parser import StderrParser
from gpu_worker.probe.tracks import (
    describe_audio,
    describe_unlisted_audio,
    describe_video,
    find_video_track,
    list_sound_tracks,
    list_subtitle_streams,
)
from gpu_worker.sandbox.inspection import inspect

_TIMEOUT_SECONDS = 120.0
_MAX_PACKETS = 4_000_000
"""Twice three hours of 60 frames and 94 audio packets per second."""

_VIDEO_MAP, _AUDIO_MAP = ("-map", "0:V:0?"), ("-map", "0:a:0?")
_MAPS = {Role.VIDEO: ("-map", "0:V?", *_AUDIO_MAP), Role.AUDIO: _AUDIO_MAP}


async def probe(
    ffmpeg: Ffmpeg, path: Path, role: Role, field: str, max_pixels: int, *, is_output: bool = False
) -> Facts:
    """Measure one local file.

    `is_output`: this worker has just written the file. Then no frame is decoded, so the pixel format may be
    unknown, and the sound is not listed: its times are 0.
    The result of a video has a video track, that of a sound an audio track. Raises JobFailed naming `field` if the
    file is not what `role` requires.
    """
    log, listing = StderrParser(), PacketListing(_MAX_PACKETS)
    argv = [
        *(ffmpeg.path, "-hide_banner", "-nostdin", "-nostats"),
        *(("-skip_frame", "all") if is_output else ()),
        *MAX_DURATION_ARGS,
        *open_args(role, path.name, max_pixels),
        *(_VIDEO_MAP if is_output else _MAPS[role]),
        # Do not flush: one write per packet costs both sides more than the listing itself.
        *("-c", "copy", "-flush_packets", "0", "-f", "framecrc", "-"),
    ]
    code = await inspect(ffmpeg.sandbox, argv, path, field, _TIMEOUT_SECONDS, (listing.read, log.read), "reading it")
    listing.finish()
    check_file(log, listing, path, role, field, code, max_pixels)
    sound = describe_unlisted_audio(log) if is_output else describe_audio(log, listing)
    video = find_video_track(log, listing)
    sets = read_parameter_sets(path) if "mov" in log.container.split(",") and not is_output else None
    picture = describe_video(video, sets) if video else None
    facts = Facts(log.container, picture, sound, list_sound_tracks(log), list_subtitle_streams(log))
    check_role(facts, video, log, role, field)
    return facts
