"""Plan `probe`: what is known about a file, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any

from contract.operations.probe import FACTS, Measurement, Probe
from gpu_worker.media.copy_fingerprint import copy_fingerprint
from gpu_worker.media.info import Facts, SoundTrack, VideoFacts
from gpu_worker.media.measured import Measured
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.stream_copy import is_copyable

_DEPTH = re.compile(r"(?:p|gray|gbrap?|rgb|bgr|p0)(\d\d)(?:le|be)$")
_CONTAINERS = {"mov": "mp4", "matroska": "matroska"}
"""Names of containers that ffmpeg reads with one demuxer for several."""


def plan(operation: Probe, inputs: Inputs, _options: PlanOptions) -> Plan:
    """Write the facts. Nothing is encoded."""
    facts, measured = next(iter(inputs.media.values())), inputs.measured or Measured()
    described = _describe(facts, measured) | _describe_measured(operation, measured) | {"warnings": [*inputs.warnings]}
    texts = {FACTS.name: json.dumps(described, ensure_ascii=False, indent=1)}
    return Plan(steps=(), expected=None, video_mode=None, encoder=None, texts=texts)


def _describe(facts: Facts, measured: Measured) -> dict[str, Any]:
    video, audio = facts.video, facts.audio
    name = facts.container.split(",", 1)[0]
    ends = [track.end for track in (video, audio) if track is not None]
    described: dict[str, Any] = {
        "container": _CONTAINERS.get(name, name),
        "size_bytes": measured.size_bytes,
        "duration_seconds": _seconds(max(ends, default=Fraction(0))),
    }
    if measured.is_faststart is not None:
        described["faststart"] = measured.is_faststart
    described["video"] = None if video is None else _describe_video(video)
    described["audio"] = [_describe_sound(sound, facts) for sound in facts.sounds]
    described["subtitles"] = [{"codec": it.codec, "language": it.language} for it in facts.subtitles]
    if video is not None:
        described |= {"copyable": is_copyable(facts), "copyable_with": copy_fingerprint(facts)}
    return described


def _describe_video(video: VideoFacts) -> dict[str, Any]:
    width, height = video.display_size
    rate, depth = video.frame_rate, _DEPTH.search(video.pix_fmt)
    return {
        "codec": video.codec,
        "width": width,
        "height": height,
        "rotation": video.rotation,
        "frame_rate": round(float(rate), 3),
        "frame_rate_exact": f"{rate.numerator}/{rate.denominator}",
        "constant_frame_rate": video.has_constant_rate,
        "frames": video.frames,
        "start_seconds": _seconds(video.start),
        "end_seconds": _seconds(video.end),
        "pixel_format": video.pix_fmt or None,
        "bit_depth": int(depth[1]) if depth else 8,
        "hdr": video.color.is_hdr,
        "color": {
            "matrix": video.color.matrix,
            "primaries": video.color.primaries,
            "transfer": video.color.transfer,
            "range": "full" if video.color.full_range else "limited",
        },
        "interlaced": video.is_interlaced,
        "alpha": video.has_alpha,
        "keyframe_seconds": _keyframe_seconds(video),
    }


def _keyframe_seconds(video: VideoFacts) -> float | None:
    """Return the longest time from one keyframe to the next, or to the end; None if it is unknown."""
    keys = [time * video.time_base for time, key in zip(video.packet_times, video.keys, strict=False) if key]
    if not keys:
        return None
    return _seconds(max(after - before for before, after in pairwise((*keys, max(video.end, keys[-1])))))


def _describe_sound(sound: SoundTrack, facts: Facts) -> dict[str, Any]:
    used = facts.audio if facts.audio is not None and facts.audio.number == sound.number else None
    described: dict[str, Any] = {
        "codec": sound.codec or None,
        "sample_rate": used.sample_rate if used else sound.sample_rate or None,
        "channels": used.channels if used else sound.channels or None,
        "language": sound.language,
        "used": used is not None,
    }
    if used is not None:
        described |= {"start_seconds": _seconds(max(Fraction(0), used.start)), "end_seconds": _seconds(used.end)}
    return described


def _describe_measured(operation: Probe, measured: Measured) -> dict[str, Any]:
    loudness = measured.loudness
    found: Mapping[Measurement, Any] = {
        Measurement.LOUDNESS: loudness
        and {"lufs": loudness.lufs, "true_peak_db": loudness.true_peak_db, "lra": loudness.range_lu},
        Measurement.SILENCE: _ranges(measured.silence),
        Measurement.BLACK: _ranges(measured.black),
    }
    return {name.value: found[name] for name in operation.measure}


def _ranges(ranges: Iterable[tuple[float, float]] | None) -> list[dict[str, float]] | None:
    if ranges is None:
        return None
    return [{"start": round(start, 3), "end": round(end, 3)} for start, end in ranges]


def _seconds(value: Fraction) -> float:
    return round(float(value), 6)
