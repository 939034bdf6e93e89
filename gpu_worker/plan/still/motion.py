"""The canvas and the camera of each kind of motion: views at exact sub-pixel positions."""

from __future__ import annotations

from contract.operations.picture import SceneLook
from contract.operations.picture.motion import Focus, Motion, MotionKind
from gpu_worker.plan.frame_source import Box, Camera

_PANS = {
    MotionKind.PAN_LEFT: (-1, 0),
    MotionKind.PAN_RIGHT: (1, 0),
    MotionKind.PAN_UP: (0, -1),
    MotionKind.PAN_DOWN: (0, 1),
}
"""Where the camera goes: to the right, down."""

_WAYS = ((1.0, 0.5), (-1.0, 0.5), (1.0, -0.5), (-1.0, -0.5))
"""Where the camera of `ken_burns` goes, in parts of the largest possible way. Each is unlike the one before it."""

_WIDE_PART = 0.25
"""Magnification of the wide view of `ken_burns`, in parts of `amount`: it needs some to move in its canvas, too."""

_CENTER = 0.5, 0.5


def canvas_size(look: SceneLook) -> tuple[int, int]:
    """Return the size at which a picture is scaled, so that its closest view has a pixel per pixel of the frame."""
    width, height = look.size
    across, down = 1 + _amount(look.motion), 1 + _amount(look.motion)
    if look.motion.kind in _PANS:
        direction = _PANS[look.motion.kind]
        across, down = across if direction[0] else 1, down if direction[1] else 1
    return 2 * round(width * across / 2), 2 * round(height * down / 2)


def make_camera(look: SceneLook, index: int) -> Camera:
    """Return the motion over the canvas of a scene, the `index`th of its clip from 0."""
    motion, canvas = look.motion, canvas_size(look)
    if motion.kind in _PANS:
        start, end = _pan(_PANS[motion.kind], look.size, canvas)
    elif motion.kind is MotionKind.KEN_BURNS:
        start, end = _ken_burns(motion, canvas, (motion.seed or 0) + index)
    else:
        close = _view(canvas, 1 + _amount(motion), (motion.focus.x, motion.focus.y))
        start, end = _view(canvas, 1, _CENTER), close
        if motion.kind is MotionKind.ZOOM_OUT:
            start, end = end, start
    return Camera(start, end, motion.easing)


def _amount(motion: Motion) -> float:
    return 0.0 if motion.kind is MotionKind.STATIC else motion.amount or 0.0


def _pan(direction: tuple[int, int], size: tuple[int, int], canvas: tuple[int, int]) -> tuple[Box, Box]:
    """Return the views at both ends of the canvas, of the size of the frame."""
    near = Box(0, 0, *size)
    far = Box(canvas[0] - size[0], canvas[1] - size[1], *canvas)
    return (near, far) if sum(direction) > 0 else (far, near)


def _ken_burns(motion: Motion, canvas: tuple[int, int], variant: int) -> tuple[Box, Box]:
    """Return a wide view and a close one, or the reverse, on opposite sides of the center.

    The close one is on the focus if there is one.
    """
    zooms_in = variant % 2 == 0
    wide, close = 1 + _amount(motion) * _WIDE_PART, 1 + _amount(motion)
    if motion.focus == Focus():
        across, down = _WAYS[(variant + variant // len(_WAYS)) % len(_WAYS)]
        side = (across, down) if zooms_in else (-across, -down)
        center = 0.5 + side[0] * _slack(close), 0.5 + side[1] * _slack(close)
    else:
        center = motion.focus.x, motion.focus.y
        side = 2 * motion.focus.x - 1, 2 * motion.focus.y - 1
    opposite = 0.5 - side[0] * _slack(wide), 0.5 - side[1] * _slack(wide)
    views = _view(canvas, wide, opposite), _view(canvas, close, center)
    return views if zooms_in else views[::-1]


def _slack(zoom: float) -> float:
    """Return how far the center of a view can be from that of the canvas, in parts of the canvas."""
    return (1 - 1 / zoom) / 2


def _view(canvas: tuple[int, int], zoom: float, center: tuple[float, float]) -> Box:
    """Return the view around a point, given in parts of the canvas, or as near to it as the canvas allows."""
    slack = _slack(zoom)
    (left, right), (top, bottom) = (
        _span(side, zoom, min(0.5 + slack, max(0.5 - slack, middle)))
        for side, middle in zip(canvas, center, strict=True)
    )
    return Box(left, top, right, bottom)


def _span(side: int, zoom: float, middle: float) -> tuple[float, float]:
    half = side / zoom / 2
    return max(0.0, side * middle - half), min(float(side), side * middle + half)
