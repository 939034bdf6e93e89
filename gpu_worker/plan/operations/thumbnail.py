"""Plan `thumbnail`: frames of a video as pictures."""

from __future__ import annotations

from fractions import Fraction

from contract.errors import Code
from contract.operations.thumbnail import SPRITE_WIDTH, Thumbnail
from gpu_worker.errors import job_failed
from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.cuts.parts import exact_seconds
from gpu_worker.plan.filters import picture_warnings
from gpu_worker.plan.model import Inputs, Plan, PlanOptions, artifact_file
from gpu_worker.plan.pictures.encoding import ENCODINGS, Encoding
from gpu_worker.plan.pictures.extract import Snapshots, pass_step, seek_steps
from gpu_worker.plan.pictures.sprite import sprite_steps, tile_size, write_index
from gpu_worker.plan.pictures.targets import frame_at, spread


def plan(operation: Thumbnail, inputs: Inputs, options: PlanOptions) -> Plan:
    """Write the requested pictures. Raises JobFailed if their time is after the end of the video."""
    video, encoding = inputs.video_track(), ENCODINGS[operation.format]
    names = [artifact.name for artifact in operation.artifacts()]
    texts = {}
    if operation.sprite:
        size = tile_size(video.display_size, operation.width or SPRITE_WIDTH)
        sheet, index = names
        texts[index] = write_index(sheet, operation.count, size, video.start, video.end)
        names = [sheet]
    else:
        size = _size(video, operation.width, encoding)
    shots = Snapshots(inputs.required_video(), video, _times(operation, inputs, video), size)
    files = [artifact_file(name) for name in names]
    if operation.sprite:
        steps = sprite_steps(shots, files[0], encoding, options)
    elif len(names) > 1 and shots.is_one_pass():
        steps = (pass_step(shots, files[0].replace("_1.", "_%d."), encoding, options),)
    else:
        steps = seek_steps(shots, files, encoding, options)
    return Plan(
        steps=steps,
        expected=None,
        video_mode=None,
        encoder=None,
        texts=texts,
        pictures=tuple(names),
        warnings=picture_warnings(video),
    )


def _times(operation: Thumbnail, inputs: Inputs, video: VideoFacts) -> list[int]:
    """Return the times of the frames, in units of the video's time base."""
    if inputs.chosen is not None:
        return [inputs.chosen]
    shown = video.shown_times()
    if isinstance(operation.at, float):
        seconds = exact_seconds(operation.at)
        if seconds >= video.end:
            raise job_failed(Code.RANGE_OUTSIDE_MEDIA, field="at", limit=f"{float(video.end):.3f} s")
        return [frame_at(video, shown, seconds)]
    if operation.at.endswith("%"):
        share = Fraction(operation.at[:-1]) / 100
        return [frame_at(video, shown, video.start + video.duration * share)]
    return [frame_at(video, shown, time) for time in spread(video, operation.count)]


def _size(video: VideoFacts, width: int | None, encoding: Encoding) -> tuple[int, int]:
    """Return the size of a picture: that of the video, or as wide as requested, never larger."""
    display = video.display_size
    limit = Fraction(encoding.max_side, max(display))
    scale = min(Fraction(1), limit, Fraction(width, display[0]) if width else Fraction(1))
    return max(1, round(display[0] * scale)), max(1, round(display[1] * scale))
