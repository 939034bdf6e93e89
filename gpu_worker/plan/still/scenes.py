"""The scenes of a clip that is made from pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contract.operations.picture import SceneLook
from contract.operations.picture.transition import TransitionKind
from gpu_worker.plan.model import FrameSource
from gpu_worker.plan.still.canvas import canvas_name, canvas_size


def make_frame_source(
    looks: Mapping[str, SceneLook],
    starts: Sequence[int],
    frames: int,
    transition: tuple[TransitionKind, int] = (TransitionKind.CUT, 0),
) -> FrameSource:
    """Return the frames of a clip that shows pictures one after the other.

    `looks` are those of the inputs by their fields, in order, `starts` the first frames of the scenes, from 0, and
    `frames` the number of all frames. `transition` is the kind and the number of frames at the start of each later
    scene in which the one before it, still moving, gives way to it.
    """
    ((field, look),) = looks.items()
    return FrameSource(path=canvas_name(field), still_size=canvas_size(look), size=look.size, frames=frames)
