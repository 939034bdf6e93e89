"""Measure a media file packet by packet, because headers state wrong durations.

ffmpeg copies the streams into its `framecrc` format, which lists every packet with its time, and
describes the streams on stderr. ffprobe is not used: the wheel that ships ffmpeg does not contain it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from contract.limits import Limits
from contract.operations import Role
from gpu_worker.errors import JobFailed
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
from gpu_worker.sandbox.safe_open import open_read

_TIMEOUT_SECONDS = 120.0

_LEAD, _TAIL = 21.0, 2.0
"""Seconds that are measured before and after the part that an operation uses: a copy starts with a keyframe."""

_MIN_SAVING = 30.0
"""Seconds at the start of a file that are not worth seeking over."""

_INDEXED = (b"ftyp", b"\x1a\x45\xdf\xa3")
"""Signs of the containers with an index: MP4 at byte 4, Matroska at byte 0."""

_MAX_PACKETS = 4_000_000
"""Twice three hours of 60 frames and 94 audio packets per second."""

_VIDEO_MAP, _AUDIO_MAP = ("-map", "0:V:0?"), ("-map", "0:a:0?")
_MAPS = {Role.VIDEO: ("-map", "0:V?", *_AUDIO_MAP), Role.AUDIO: _AUDIO_MAP}


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a file, in seconds from its start, on the timeline of the whole file."""

    start: float
    end: float | None

    @property
    def args(self) -> tuple[str, ...]:
        """The options before an input."""
        duration = MAX_DURATION_ARGS if self.end is None else ("-t", f"{self.end - self.start:.6f}")
        return ("-copyts", "-start_at_zero", "-ss", f"{self.start:.6f}", *duration)


async def probe_part(ffmpeg: Ffmpeg, path: Path, field: str, part: tuple[float, float | None], limits: Limits) -> Facts:
    """Measure a part of a video, in seconds, and some of what is around it; or all of it, where that is needed.

    The facts' ends are those of the file if it ends within that part. Raises JobFailed as `probe` does.
    """
    start, end = part
    window = Window(start - _LEAD, None if end is None else end + _TAIL)
    if window.start >= _MIN_SAVING and start < limits.max_media_seconds and _has_index(path):
        try:
            facts = await probe(ffmpeg, path, Role.VIDEO, field, limits.max_pixels, window=window)
        except JobFailed:
            facts = None
        if facts is not None and facts.video is not None and facts.video.start <= start < facts.video.end:
            # Frames that refer to earlier ones are not cut off: they are before the window.
            return replace(facts, video=replace(facts.video, starts_clean=True))
    return await probe(ffmpeg, path, Role.VIDEO, field, limits.max_pixels)


def _has_index(path: Path) -> bool:
    with open_read(path) as file:
        head = file.read(8)
    return head[4:] == _INDEXED[0] or head[:4] == _INDEXED[1]


async def probe(
    ffmpeg: Ffmpeg,
    path: Path,
    role: Role,
    field: str,
    max_pixels: int,
    *,
    is_output: bool = False,
    window: Window | None = None,
) -> Facts:
    """Measure one local file.

    With a `window`, only the packets in it are measured, and those from the keyframe before it.
    `is_output`: this worker has just written the file. Then no frame is decoded, so the pixel format may be
    unknown, and the sound is not listed: its times are 0.
    The result of a video has a video track, that of a sound an audio track. Raises JobFailed naming `field` if the
    file is not what `role` requires.
    """
    log, listing = StderrParser(), PacketListing(_MAX_PACKETS)
    argv = [
        *(ffmpeg.path, "-hide_banner", "-nostdin", "-nostats"),
        *(("-skip_frame", "all") if is_output else ()),
        *(MAX_DURATION_ARGS if window is None else window.args),
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
