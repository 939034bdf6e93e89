"""What is in a file: measured packet by packet, because headers lie about durations.

ffmpeg copies the streams into its `framecrc` format, which lists every packet with its time, and
describes the streams on stderr. No ffprobe is needed: the wheel that carries ffmpeg has none.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from gpu_worker.endings import is_cut_off
from gpu_worker.errors import failed
from gpu_worker.icc import read_profile
from gpu_worker.memory import READING_BYTES
from gpu_worker.packets import PacketTable, Track
from gpu_worker.plan.facts import AudioFacts, Facts, VideoFacts
from gpu_worker.plan.inputs import LONGEST, open_args
from gpu_worker.refusals import check_photo, is_heif
from gpu_worker.run import Outgrown, read_lines, spawned
from gpu_worker.streams import StreamDump, channels_of
from gpu_worker.tasks import all_of

_TIMEOUT_SECONDS = 120.0
_MAX_PACKETS = 4_000_000
"""Three hours of 60 frames and 94 sound packets a second, twice."""

_MAPS = {
    Role.VIDEO: ("-map", "0:V:0?", "-map", "0:a:0?"),
    Role.AUDIO: ("-map", "0:a:0?"),
    Role.IMAGE: ("-map", "0:V:0?"),
}


async def probe(ffmpeg: str, path: Path, role: Role, field: str, max_pixels: int, *, decode: bool = True) -> Facts:
    """Measure one local file.

    Without `decode` no frame is decoded on the way, and the pixel format may stay unknown.
    A video has a picture track in the answer, a sound a sound track, an image a picture of one frame, or of
    more if it is animated. Raises JobFailed naming `field` if the file is not what `role` says it should be.
    """
    dump, table = StreamDump(), PacketTable(_MAX_PACKETS)
    argv = [
        *(ffmpeg, "-hide_banner", "-nostdin", "-nostats"),
        *(() if decode else ("-skip_frame", "all")),
        *LONGEST,
        *open_args(role, path.name, max_pixels),
        *_MAPS[role],
        # Unflushed: a write for each packet costs both sides more than the listing itself.
        *("-c", "copy", "-flush_packets", "0", "-f", "framecrc", "-"),
    ]
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS), spawned(argv, path.parent, memory=READING_BYTES) as process:
            await all_of(read_lines(process.stdout, table.read), read_lines(process.stderr, dump.read))
            code = await process.wait()
    except TimeoutError:
        raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit="reading it takes too long") from None
    except Outgrown:
        raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit="reading it takes too much memory") from None
    _check_file(dump, table, path, role, field, code, max_pixels)
    if role is Role.IMAGE and await asyncio.to_thread(is_cut_off, path):
        raise failed(Code.MEDIA_TRUNCATED, field=field)
    facts = Facts(dump.container, _video(dump, table), _audio(dump, table))
    _check_role(facts, dump, role, field)
    if role is Role.IMAGE and facts.video is not None:
        await asyncio.to_thread(check_photo, path, facts.video, field)
        profile = await asyncio.to_thread(read_profile, path)
        if profile is not None and not profile.is_srgb:
            facts = replace(facts, video=replace(facts.video, profile=profile))
    return facts


async def gpu_name() -> str | None:
    """The GPU's name as the driver gives it; None on a machine without one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    argv = [program, "--query-gpu=name", "--format=csv,noheader"]
    lines: list[bytes] = []
    try:
        async with asyncio.timeout(10), spawned(argv, Path("/")) as process:
            await all_of(read_lines(process.stdout, lines.append), read_lines(process.stderr, lambda _: None))
            code = await process.wait()
    except (OSError, TimeoutError):
        return None
    name = lines[0].decode("utf-8", "replace").strip() if lines and code == 0 else ""
    return name[:128] or None


def _check_file(
    dump: StreamDump, table: PacketTable, path: Path, role: Role, field: str, code: int, max_pixels: int
) -> None:
    if code == -signal.SIGKILL:
        raise failed(Code.RESOURCES)
    if dump.too_many_pixels and role is not Role.AUDIO:
        raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit=f"{max_pixels // 1_000_000} million pixels a picture")
    if table.overflowed:
        raise failed(Code.MEDIA_OVER_BUDGET, field=field, limit="too many packets")
    with path.open("rb") as file:
        head = file.read(64)
    if not dump.container or is_heif(head):
        raise _unreadable(head, field, no_index=dump.no_index)
    corrupt = any(track.corrupt for track in table.tracks.values())
    if dump.cut_off and (corrupt or "matroska" in dump.container or "mov" in dump.container):
        raise failed(Code.MEDIA_TRUNCATED, field=field)
    if code != 0 and table.tracks:
        raise failed(Code.MEDIA_UNREADABLE, field=field)


def _unreadable(head: bytes, field: str, *, no_index: bool) -> Exception:
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"#extm3u", b"<mpd", b"ffconcat", b"v=0")):
        return failed(Code.MEDIA_UNSUPPORTED, field=field, format="a playlist")
    if is_heif(head):
        return failed(Code.MEDIA_UNSUPPORTED, field=field, format="HEIF or AVIF")
    if head[4:8] == b"ftyp" and no_index:
        # A file that says it is MP4 and has no index was not finished, or not downloaded to its end.
        return failed(Code.MEDIA_TRUNCATED, field=field)
    return failed(Code.MEDIA_UNREADABLE, field=field)


def _check_role(facts: Facts, dump: StreamDump, role: Role, field: str) -> None:
    wanted = "Audio" if role is Role.AUDIO else "Video"
    stream = dump.mapped_stream(wanted)
    missing = Code.MEDIA_NO_AUDIO if role is Role.AUDIO else Code.MEDIA_NO_VIDEO
    if stream is None:
        raise failed(missing, field=field)
    if stream.encrypted:
        raise failed(Code.MEDIA_UNSUPPORTED, field=field, format="encrypted")
    if not stream.codec:
        raise failed(Code.MEDIA_UNSUPPORTED, field=field)
    if stream.tilted:
        raise failed(Code.MEDIA_UNSUPPORTED, field=field, format="a picture turned by less than a quarter")
    track = facts.audio if role is Role.AUDIO else facts.video
    if track is None:
        # The container is in order and its stream cannot be described: no frame of it will be decoded.
        raise failed(Code.MEDIA_UNREADABLE, field=field)


def _video(dump: StreamDump, table: PacketTable) -> VideoFacts | None:
    stream, track = dump.mapped_stream("Video"), table.track("video")
    if stream is None or track is None or track.shown < 1:
        return None
    width, _, height = track.header.get("dimensions", "0x0").partition("x")
    if int(width) < 1 or int(height) < 1:
        return None
    constant, rate = _rate(track, stream.nominal_rate)
    aspect = _fraction(track.header.get("sar", "1/1"))
    last = track.last * track.time_base
    end = track.end if track.end > last else last + 1 / rate
    return VideoFacts(
        codec=stream.codec,
        width=int(width),
        height=int(height),
        frames=track.shown,
        start=track.start,
        end=end,
        frame_rate=rate,
        constant_rate=constant,
        sample_aspect=aspect if Fraction(1, 20) <= aspect <= 20 else Fraction(1),
        rotation=stream.rotation,
        pix_fmt=stream.pix_fmt,
        colour=stream.colour(),
        interlaced=stream.interlaced,
        hidden=track.hidden,
        packet_times=track.times,
        packet_keys=track.keys,
        parameters=track.header.get("extradata", ""),
        time_base=track.time_base,
    )


def _audio(dump: StreamDump, table: PacketTable) -> AudioFacts | None:
    stream, track = dump.mapped_stream("Audio"), table.track("audio")
    rate = track.header.get("sample_rate", "0") if track else "0"
    if stream is None or track is None or track.shown < 1 or not rate.isdigit() or int(rate) < 1:
        return None
    channels = channels_of(track.header.get("channel_layout_name", ""), stream.text)
    return AudioFacts(stream.codec, int(rate), channels, track.start, track.end)


def _rate(track: Track, nominal: str | None) -> tuple[bool, Fraction]:
    """Whether frames are evenly spaced, and frames per second: exact if they are, else the average.

    Containers that count in milliseconds (Matroska, FLV) round, so one tick more or less is even.
    """
    order = sorted(track.times)
    gaps = [after - before for before, after in pairwise(order)]
    if not gaps or max(gaps) == 0:
        return True, _fraction(nominal or "25") or Fraction(25)
    smallest, largest = min(gaps), max(gaps)
    average = Fraction(len(gaps), order[-1] - order[0]) / track.time_base
    even = largest - smallest <= 1 or (largest - smallest) * track.time_base <= Fraction(2, 1000)
    return even and smallest > 0, average.limit_denominator(1001)


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text.replace("k", "000"))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
