"""Plan `trim`: parts of a video, copied if there is one that players can show, else encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from contract.errors import Code
from contract.operations.trim import Accuracy, Trim
from gpu_worker.errors import job_failed
from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.cuts.copy import copy_part, find_keyframe
from gpu_worker.plan.cuts.encode import encode_parts
from gpu_worker.plan.cuts.parts import Part, exact_seconds, find_part, media_end
from gpu_worker.plan.model import Inputs, Plan, PlanOptions
from gpu_worker.plan.picture.changes import may_copy_picture, requested_changes
from gpu_worker.plan.stream_copy import is_copyable

_NOTICED = Fraction(1, 10)
"""Seconds by which a result may be shorter than requested without a warning."""


def plan(operation: Trim, inputs: Inputs, options: PlanOptions) -> Plan:
    """Keep the parts that lie in the video. Raises JobFailed if one starts after its end."""
    facts, video = inputs.required_video(), inputs.video_track()
    shown, last = video.shown_times(), media_end(facts, video)
    parts, warnings = _find_parts(operation, video, shown, last)
    may_copy = options.may_copy and not operation.reencode and may_copy_picture(operation, video)
    is_copied = may_copy and len(parts) == 1 and is_copyable(facts) and facts.is_seekable
    keyframe = find_keyframe(video, parts[0]) if is_copied else None
    if keyframe is None:
        made = encode_parts(facts, video, parts, options, requested_changes(operation, inputs, video))
    else:
        part = parts[0]
        if operation.accuracy is Accuracy.FAST:
            part = find_part(video, shown, video.packet_times[keyframe] * video.time_base, part.end, last) or part
            warnings = (
                *warnings,
                f"The result starts at the keyframe at {float(part.start):.3f} s.",
            )
        made = copy_part(facts, video, part, keyframe, options)
    return replace(made, warnings=(*warnings, *made.warnings))


def _find_parts(
    operation: Trim, video: VideoFacts, shown: list[int], last: Fraction
) -> tuple[list[Part], tuple[str, ...]]:
    """Return the parts of the video, joined where one follows another, and warnings about what is not in it."""
    parts: list[Part] = []
    for field, start, end in operation.ranges():
        part = find_part(video, shown, exact_seconds(start), None if end is None else exact_seconds(end), last)
        if part is None:
            raise job_failed(Code.RANGE_OUTSIDE_MEDIA, field=field, limit=f"{float(last):.3f} s")
        parts.append(part)
    requested = operation.ranges()[-1].end
    ends_late = requested is not None and exact_seconds(requested) - last > _NOTICED
    warning = f"The video ends at {float(last):.3f} s; so does the result."
    return _join(parts), (warning,) if ends_late else ()


def _join(parts: Sequence[Part]) -> list[Part]:
    joined = [parts[0]]
    for before, after in pairwise(parts):
        if before.end == after.start:
            whole = replace(joined[-1], end=after.end, frames=joined[-1].frames + after.frames)
            joined[-1] = whole
        else:
            joined.append(after)
    return joined
