"""A background of the same frame, scaled to cover, blurred and dimmed.

It is made of the scaled picture, at an eighth of the frame's size; only the strips next to the picture are enlarged,
and put beside it. So there is no blur of large frames, and nothing that the picture hides is drawn or blended.
"""

from __future__ import annotations

from gpu_worker.media.info import even
from gpu_worker.plan.picture.placement import center, even_above, even_below

_SMALL_SIDE = 135
"""Pixels: an eighth of 1080. Frames of all sizes are blurred at about this one."""

_SIGMA = 25 / 1080
"""In parts of the short side."""

_DIMMED = "lutyuv=y='16+(val-16)*0.85':u='128+(val-128)*0.85':v='128+(val-128)*0.85'"


def blur_chain(inner: tuple[int, int], size: tuple[int, int], label: str) -> str:
    """Return the filters that put yuv420p frames of the size `inner` in the middle of frames of `size`.

    `inner` is as wide or as high as `size`, and smaller along the other axis.
    """
    factor = max(1, round(min(size) / _SMALL_SIDE))
    small = even_above(size[0] / factor), even_above(size[1] / factor)
    shown = min(inner[0], even(inner[1] * size[0] / size[1])), min(inner[1], even(inner[0] * size[1] / size[0]))
    axis = 0 if inner[0] < size[0] else 1
    begin = center(size, inner)[axis]
    spans = {f"{label}_before": (0, begin), f"{label}_after": (begin + inner[axis], size[axis])}
    strips = {name: span for name, span in spans.items() if span[0] < span[1]}
    enlarged = ";".join(
        f"[{name}]{_enlarge(small, factor, size, axis, span)}[{name}_large]" for name, span in strips.items()
    )
    inputs = [f"[{name}_large]" for name in strips]
    inputs.insert(1 if begin else 0, f"[{label}_inner]")
    return (
        f"split[{label}_inner][{label}_whole];"
        f"[{label}_whole]crop={shown[0]}:{shown[1]},scale={small[0]}:{small[1]}:flags=area,"
        f"gblur=sigma={_SIGMA * min(size) / factor:.2f}:steps=1,{_DIMMED},"
        f"split={len(strips)}{''.join(f'[{name}]' for name in strips)};"
        f"{enlarged};{''.join(inputs)}{'hv'[axis]}stack=inputs={len(inputs)},setsar=1"
    )


def _enlarge(small: tuple[int, int], factor: int, size: tuple[int, int], axis: int, span: tuple[int, int]) -> str:
    """Return the filters that enlarge a background so far as it shows in `span` of the frame's `axis`."""
    spare = center((small[0] * factor, small[1] * factor), size)
    first = even_below((spare[axis] + span[0]) / factor)
    last = min(small[axis], even_above((spare[axis] + span[1]) / factor))
    start, part, offset, shown = [0, 0], list(small), list(spare), list(size)
    start[axis], part[axis] = first, last - first
    offset[axis], shown[axis] = spare[axis] + span[0] - first * factor, span[1] - span[0]
    return (
        f"crop={part[0]}:{part[1]}:{start[0]}:{start[1]},"
        f"scale={part[0] * factor}:{part[1] * factor}:flags=bicubic,"
        f"crop={shown[0]}:{shown[1]}:{offset[0]}:{offset[1]}"
    )
