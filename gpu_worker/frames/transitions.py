"""Draw the frames in which one scene gives way to the next."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from contract.options.picture.transition import TransitionKind as Kind
from gpu_worker.frames.blend import Samples, blend, fade, select, tint
from gpu_worker.frames.masks import Direction, Masks
from gpu_worker.frames.resampler import Plane

DrawScene = Callable[..., Sequence[Plane]]
"""Draws a frame of a scene; takes a magnification, 1 by default."""
Sides = tuple[DrawScene, DrawScene]
"""The old scene and the new one."""
_Blend = Callable[[float, Sides, Masks], Sequence[Samples]]

_BLACK, _WHITE = (16, 128, 128), (235, 128, 128)
"""Y, U and V in limited range."""
_LARGEST_BLOCK = 1 / 20
"""Side of the largest block of `pixelize`, in parts of the short side of the frame."""
_BLOCK_POINTS = 4
"""Points per side of a block whose mean is its color."""
_ZOOM = 2.5
"""Magnification of the old scene at the end of `zoom_in`."""


def draw_transition(kind: Kind, progress: float, sides: Sides, masks: Masks) -> Sequence[Plane]:
    """Return the planes of a frame that is between two scenes; `progress` is more than 0 and less than 1."""
    return [plane.reshape(-1).data for plane in _BLENDS[kind](progress, sides, masks)]


def _planes(draw: DrawScene, masks: Masks, magnification: float = 1.0) -> list[Samples]:
    return [
        np.frombuffer(plane, np.uint8).reshape(height, width)
        for plane, (width, height) in zip(draw(magnification), masks.plane_sizes, strict=True)
    ]


def _both(sides: Sides, masks: Masks) -> list[tuple[Samples, Samples]]:
    return list(zip(*(_planes(side, masks) for side in sides), strict=True))


def _fade(progress: float, sides: Sides, masks: Masks) -> Sequence[Samples]:
    return [fade(old, new, progress) for old, new in _both(sides, masks)]


def _fade_through(color: tuple[int, int, int], progress: float, sides: Sides, masks: Masks) -> Sequence[Samples]:
    """Fade the old scene to a color, then the color to the new scene: only one of them is drawn."""
    planes = _planes(sides[progress >= 0.5], masks)
    part = 1 - abs(2 * progress - 1)
    return [tint(plane, level, part) for plane, level in zip(planes, color, strict=True)]


def _dissolve(progress: float, sides: Sides, masks: Masks) -> Sequence[Samples]:
    return [select(old, new, masks.dissolve(plane, progress)) for plane, (old, new) in enumerate(_both(sides, masks))]


def _wipe(
    direction: Direction, progress: float, sides: Sides, masks: Masks, *, is_smooth: bool = False
) -> Sequence[Samples]:
    return [
        blend(old, new, masks.wipe(plane, progress, direction, is_smooth=is_smooth))
        for plane, (old, new) in enumerate(_both(sides, masks))
    ]


def _circle(progress: float, sides: Sides, masks: Masks, *, opens: bool) -> Sequence[Samples]:
    return [
        blend(old, new, masks.circle(plane, progress, opens=opens))
        for plane, (old, new) in enumerate(_both(sides, masks))
    ]


def _slide(direction: Direction, progress: float, sides: Sides, masks: Masks) -> Sequence[Samples]:
    """Move the old scene out of the frame and the new one in after it."""
    axis = 1 if direction[0] else 0
    chroma_way = round(progress * masks.plane_sizes[1][1 - axis])
    made = []
    for plane, (old, new) in enumerate(_both(sides, masks)):
        length = old.shape[axis]
        way = chroma_way if plane else 2 * chroma_way
        first, second, cut = (new, old, length - way) if sum(direction) > 0 else (old, new, way)
        kept = first[:, cut:] if axis else first[cut:]
        made.append(np.concatenate((kept, second[:, :cut] if axis else second[:cut]), axis=axis))
    return made


def _zoom_in(progress: float, sides: Sides, masks: Masks) -> Sequence[Samples]:
    """Magnify the old scene faster and faster while it fades to the new one."""
    old = _planes(sides[0], masks, 1 + (_ZOOM - 1) * progress * progress)
    part = progress * progress * (3 - 2 * progress)
    return [fade(*planes, part) for planes in zip(old, _planes(sides[1], masks), strict=True)]


def _pixelize(progress: float, sides: Sides, masks: Masks) -> Sequence[Samples]:
    """Fade from one scene to the other in blocks, which are largest in the middle."""
    largest = min(masks.size) * _LARGEST_BLOCK
    side = max(1, round(largest * (1 - abs(2 * progress - 1)) / 2))  # of a block of chroma
    return [
        _blocks(old, new, progress, side if plane else 2 * side) for plane, (old, new) in enumerate(_both(sides, masks))
    ]


def _blocks(old: Samples, new: Samples, part: float, side: int) -> Samples:
    small = fade(_shrink(old, side), _shrink(new, side), part)
    height, width = old.shape
    return np.ascontiguousarray(small.repeat(side, axis=1)[:, :width].repeat(side, axis=0)[:height])


def _shrink(plane: Samples, side: int) -> Samples:
    """Return the mean of a few points of each block. Blocks at the right and lower edges may be cut off."""
    height, width = plane.shape
    offsets = [(2 * point + 1) * side // (2 * min(side, _BLOCK_POINTS)) for point in range(min(side, _BLOCK_POINTS))]
    rows, columns = (
        [np.minimum(np.arange(0, length, side) + offset, length - 1) for offset in offsets]
        for length in (height, width)
    )
    total = np.zeros((len(rows[0]), len(columns[0])), np.uint16)
    for row in rows:
        for column in columns:
            total += plane[np.ix_(row, column)]
    points = len(offsets) ** 2
    return ((total + points // 2) // points).astype(np.uint8)


_LEFT, _RIGHT, _UP, _DOWN = (-1, 0), (1, 0), (0, -1), (0, 1)
_BLENDS: dict[Kind, _Blend] = {
    Kind.CUT: lambda _progress, sides, masks: _planes(sides[1], masks),
    Kind.FADE: _fade,
    Kind.FADE_BLACK: functools.partial(_fade_through, _BLACK),
    Kind.FADE_WHITE: functools.partial(_fade_through, _WHITE),
    Kind.DISSOLVE: _dissolve,
    Kind.WIPE_LEFT: functools.partial(_wipe, _LEFT),
    Kind.WIPE_RIGHT: functools.partial(_wipe, _RIGHT),
    Kind.WIPE_UP: functools.partial(_wipe, _UP),
    Kind.WIPE_DOWN: functools.partial(_wipe, _DOWN),
    Kind.SLIDE_LEFT: functools.partial(_slide, _LEFT),
    Kind.SLIDE_RIGHT: functools.partial(_slide, _RIGHT),
    Kind.SLIDE_UP: functools.partial(_slide, _UP),
    Kind.SLIDE_DOWN: functools.partial(_slide, _DOWN),
    Kind.SMOOTH_LEFT: functools.partial(_wipe, _LEFT, is_smooth=True),
    Kind.SMOOTH_RIGHT: functools.partial(_wipe, _RIGHT, is_smooth=True),
    Kind.CIRCLE_OPEN: functools.partial(_circle, opens=True),
    Kind.CIRCLE_CLOSE: functools.partial(_circle, opens=False),
    Kind.ZOOM_IN: _zoom_in,
    Kind.PIXELIZE: _pixelize,
}
