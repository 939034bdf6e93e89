"""The scenes of a clip that is made from pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contract.options.picture import SceneLook
from contract.options.picture.transition import TransitionKind
from gpu_worker.plan.frame_source import FrameSource, Scene, SceneTransition
from gpu_worker.plan.still.canvas import canvas_name
from gpu_worker.plan.still.motion import canvas_size, make_camera


def make_frame_source(
    looks: Mapping[str, SceneLook],
    starts: Sequence[int],
    frames: int,
    transition: tuple[TransitionKind, int] = (TransitionKind.CUT, 0),
) -> FrameSource:
    """Return the frames of a clip that shows pictures one after the other.

    `looks` are those of the inputs by their fields, in order and all of one size, `starts` the first frames of the
    scenes, rising from 0, and `frames` the number of all frames. `transition` is the kind and the number of frames at
    the start of each later scene in which the one before it, still moving, gives way to it. It is shorter at the start
    of a short scene, so that each scene is shown alone in at least one frame.
    """
    kind, length = transition
    ends = (*starts[1:], frames)
    transitions = [
        SceneTransition(kind, start, min(length, end - start - 1))
        for start, end in zip(starts[1:], ends[1:], strict=True)
    ]
    overlaps = [0 if kind is TransitionKind.CUT else max(0, one.frames) for one in transitions]
    scenes = [
        Scene(canvas_name(field), canvas_size(look), make_camera(look, index), start, end + overlap - start)
        for index, ((field, look), start, end, overlap) in enumerate(
            zip(looks.items(), starts, ends, (*overlaps, 0), strict=True)
        )
    ]
    seen = (one for one, overlap in zip(transitions, overlaps, strict=True) if overlap)
    return FrameSource(next(iter(looks.values())).size, frames, tuple(scenes), tuple(seen))
