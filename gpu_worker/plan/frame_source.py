"""The frames of a clip made from pictures: scenes, the motion of the camera over each, and transitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from contract.options.picture.motion import Easing
from contract.options.picture.transition import TransitionKind


class Box(NamedTuple):
    """A rectangle in a canvas, in pixels; edges are real numbers, not pixel indices."""

    left: float
    top: float
    right: float
    bottom: float

    def on_chroma(self, size: tuple[int, int]) -> Box:
        """Return the rectangle on a 4:2:0 chroma plane that is drawn at half of `size`, so that color stays on shapes.

        Chroma samples are midway between two lines, but on the left one of two columns (ITU-T H.264, figure E-1, type
        0). That is a quarter of a chroma pixel off the center, in canvas and frame alike, and these differ in scale.
        """
        shift = (1 - (self.right - self.left) / size[0]) / 4
        return Box(self.left / 2 + shift, self.top / 2, self.right / 2 + shift, self.bottom / 2)

    def magnify(self, factor: float) -> Box:
        """Return the part in the middle of the rectangle, with 1 / `factor` of its sides."""
        across, down = ((1 - 1 / factor) * side / 2 for side in (self.right - self.left, self.bottom - self.top))
        return Box(self.left + across, self.top + down, self.right - across, self.bottom - down)


@dataclass(frozen=True, slots=True)
class Camera:
    """The motion of the view from `start` to `end`, two rectangles of one shape in the same canvas.

    The magnification is linear in time, and so is the place in the frame of every point of the canvas. All views lie
    between the first and the last one.
    """

    start: Box
    end: Box
    easing: Easing = Easing.LINEAR

    def view(self, index: int, frames: int) -> Box:
        """Return the view of a frame, 0 to `frames` - 1. That of a single frame is the first one."""
        time = 0.0 if frames < 2 else ease(index / (frames - 1), self.easing)
        zoom = 1 + (self._zoom - 1) * time
        way = time * self._zoom / zoom
        left = self.start.left + (self.end.left - self.start.left) * way
        top = self.start.top + (self.end.top - self.start.top) * way
        width, height = self.start.right - self.start.left, self.start.bottom - self.start.top
        return Box(left, top, left + width / zoom, top + height / zoom)

    @property
    def _zoom(self) -> float:
        return (self.start.right - self.start.left) / (self.end.right - self.end.left)


def ease(time: float, easing: Easing) -> float:
    """Return the part of the way, 0 to 1, that is covered after a part of the time."""
    if easing is Easing.EASE_IN_OUT:
        return time * time * (3 - 2 * time)
    return time * (2 - time) if easing is Easing.EASE_OUT else time


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: `frames` frames from the frame `start` on, transitions at both ends included.

    `path` holds the canvas, one raw yuv420p picture of the size `canvas`.
    """

    path: str
    canvas: tuple[int, int]
    camera: Camera
    start: int
    frames: int

    @property
    def end(self) -> int:
        """The number of the first frame after it."""
        return self.start + self.frames


@dataclass(frozen=True, slots=True)
class SceneTransition:
    """The `frames` frames from `start` on in which a scene, which begins there, replaces the one before it."""

    kind: TransitionKind
    start: int
    frames: int

    def progress(self, index: int) -> float:
        """Return how far the transition is in a frame of the clip: more than 0 and less than 1."""
        return (index - self.start + 1) / (self.frames + 1)


@dataclass(frozen=True, slots=True)
class FrameSource:
    """Frames to draw from canvases and to write to ffmpeg's stdin as raw yuv420p pictures of `size`.

    In each of the `frames` frames one scene is visible, or two where a transition is.
    """

    size: tuple[int, int]
    frames: int
    scenes: tuple[Scene, ...]
    transitions: tuple[SceneTransition, ...] = ()
