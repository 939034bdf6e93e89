"""The canvas and the camera of each kind of motion: views at exact sub-pixel positions."""

from __future__ import annotations

from contract.options.picture import SceneLook
from contract.options.picture.motion import Focus, Motion, MotionKind
from gpu_worker.plan.frame_source import Box, Camera

_PANS = {
    MotionKind.PAN_LEFT: (-1, 0),
    MotionKind.PAN_RIGHT: (1, 0),
    MotionKind.PAN_UP: (0, -1),
    MotionKind.PAN_DOWN: (0, 1),
}
"""The direction of the camera: x is 1 for right, y is 1 for down."""

_SPARE = 1.1
"""Pixels of the canvas per pixel of the closest view.

With 1, all pixels of a frame would lie equally far from those of the canvas, and so rounding moves them together: by up
to 0.07 pixels from one frame of a pan to the next. With 1.1 the picture is steady to 0.003 pixels.
"""
_LONG_ZOOM = 0.3
"""A zoom of this amount passes the scale of 1 in a few frames: it is steady to 0.007 pixels without spare pixels."""

_WAYS = ((1.0, 0.5), (-1.0, 0.5), (1.0, -0.5), (-1.0, -0.5))
"""Directions of the camera of `ken_burns`, in parts of the largest possible way. Each is unlike the one before it."""

_WIDE_PART = 0.25
"""Magnification of the wide view of `ken_burns`, in parts of `amount`: it needs some to move in its canvas, too."""

_CENTER = 0.5, 0.5


def canvas_size(look: SceneLook) -> tuple[int, int]:
    """Return the size at which a picture is scaled: its closest view has at least a pixel per pixel of the frame."""
    amount = _amount(look.motion)
    across, down = _PANS.get(look.motion.kind, (1, 1))
    spare = _SPARE if _stays_near_one_scale(look.motion) else 1
    width, height = (
        2 * round(side * spare * (1 + amount * abs(way)) / 2)
        for side, way in zip(look.size, (across, down), strict=True)
    )
    return width, height


def make_camera(look: SceneLook, index: int) -> Camera:
    """Return the motion over the canvas of a scene, the `index`th of its clip from 0."""
    motion, canvas = look.motion, canvas_size(look)
    if motion.kind in _PANS:
        start, end = _pan(_PANS[motion.kind], _amount(motion), canvas)
    elif motion.kind is MotionKind.KEN_BURNS:
        start, end = _ken_burns(motion, canvas, (motion.seed or 0) + index)
    else:
        close = _view(canvas, 1 + _amount(motion), (motion.focus.x, motion.focus.y))
        start, end = _view(canvas, 1, _CENTER), close
        if motion.kind is MotionKind.ZOOM_OUT:
            start, end = end, start
    return Camera(start, end, motion.easing)


def _stays_near_one_scale(motion: Motion) -> bool:
    is_zoom = motion.kind in {MotionKind.ZOOM_IN, MotionKind.ZOOM_OUT}
    return _amount(motion) > 0 and not (is_zoom and _amount(motion) >= _LONG_ZOOM)


def _amount(motion: Motion) -> float:
    return 0.0 if motion.kind is MotionKind.STATIC else motion.amount or 0.0


def _pan(direction: tuple[int, int], amount: float, canvas: tuple[int, int]) -> tuple[Box, Box]:
    """Return the views at both ends of the canvas."""
    width, height = (side / (1 + amount * abs(way)) for side, way in zip(canvas, direction, strict=True))
    near, far = Box(0, 0, width, height), Box(canvas[0] - width, canvas[1] - height, *canvas)
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
