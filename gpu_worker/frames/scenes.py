"""Open the canvas of each scene while it is visible, and list what draws each frame."""

from __future__ import annotations

import errno
import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gpu_worker.frames.resampler import Plane, open_resampler
from gpu_worker.plan.frame_source import FrameSource, Scene
from gpu_worker.sandbox import safe_open

DrawFrame = Callable[[], Sequence[Plane]]
"""Draws one frame. Thread-safe."""


class OpenScene:
    """A scene whose canvas is in memory, until the last reference to it is gone."""

    def __init__(self, scene: Scene, size: tuple[int, int], directory: Path) -> None:
        """Raises OSError if the canvas cannot be read or is not complete."""
        canvas = safe_open.read(directory / scene.path)
        if len(canvas) != scene.canvas[0] * scene.canvas[1] * 3 // 2:
            raise OSError(errno.EIO, "not a canvas")
        self.scene = scene
        self._draw = open_resampler(canvas, scene.canvas, size)

    def draw(self, index: int, magnification: float = 1.0) -> Sequence[Plane]:
        """Return the planes of a frame of the clip, magnified around its center in addition to the motion."""
        view = self.scene.camera.view(index - self.scene.start, self.scene.frames)
        return self._draw(view if magnification == 1 else view.magnify(magnification))


def list_drawings(source: FrameSource, directory: Path) -> Iterator[DrawFrame]:
    """Yield a function for each frame that draws it. Raises OSError if a canvas cannot be read.

    A canvas is opened when its scene begins and let go when it ends; the functions keep what they need.
    """
    visible: deque[OpenScene] = deque()
    scenes, transitions = deque(source.scenes), deque(source.transitions)
    blend = _open_transitions(source)
    for index in range(source.frames):
        while visible and visible[0].scene.end <= index:
            visible.popleft()
        while scenes and scenes[0].start <= index:
            visible.append(OpenScene(scenes.popleft(), source.size, directory))
        while transitions and index >= transitions[0].start + transitions[0].frames:
            transitions.popleft()
        newest = functools.partial(visible[-1].draw, index)
        if transitions and transitions[0].start <= index:
            oldest = functools.partial(visible[0].draw, index)
            progress = transitions[0].progress(index)
            yield functools.partial(blend, transitions[0].kind, progress, (oldest, newest))
        else:
            yield newest


def _open_transitions(source: FrameSource) -> Callable[..., Sequence[Plane]]:
    """Return the function that draws frames of transitions; it takes their kind, progress and sides."""
    if not source.transitions:
        return lambda *_: ()
    # Here, because NumPy takes 0.1 s to import, and only jobs with transitions need it.
    from gpu_worker.frames.masks import Masks  # noqa: PLC0415
    from gpu_worker.frames.transitions import draw_transition  # noqa: PLC0415

    return functools.partial(draw_transition, masks=Masks(source.size))
