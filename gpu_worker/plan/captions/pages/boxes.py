"""Boxes that we draw ourselves: rounded or turned ones behind a page, and the one behind the spoken word.

The renderer's own box has sharp corners, is never turned, and is as high as the font's line.
"""

from __future__ import annotations

from dataclasses import replace

from gpu_worker.plan.captions.ass_script import format_event
from gpu_worker.plan.captions.look import WORD_PADDING, Look, color_tags
from gpu_worker.plan.captions.pages.page_layout import PageLayout
from gpu_worker.plan.captions.placement import Placement, entry_tags, padding, position_tags

_ABOVE, _BELOW, _BELOW_LETTERS = 0.2, 0.2, 0.28
"""Em above capitals, below them, and below letters with descenders."""
_TOP_LEFT = 7
_UNITS = 8
"""Per pixel: `\\p4` has coordinates of 1/8 pixel."""
_CIRCLE = 0.5523
"""The distance of the control points of a Bézier curve that is nearly a quarter of a circle, in radii."""


def draw_page_box(layout: PageLayout) -> str:
    """Return the event of the box behind a page."""
    page, look = layout.page, layout.look
    edge = padding(look)
    width, height = layout.size[0] + 2 * edge, layout.size[1] + 2 * edge
    corner = layout.at
    if not look.rotation:
        corner = replace(layout.at, anchor=_TOP_LEFT, x=layout.at.left(layout.size[0]) - edge,
                         y=layout.at.top(layout.size[1]) - edge)  # fmt: skip
    radius = look.corner_radius * min(width, height / len(page.lines))
    tags = entry_tags(corner, look, page.end_ms - page.start_ms) + color_tags(look.box or look.outline)
    return _draw((page.start_ms, page.end_ms), tags, (width, height), radius)


def draw_word_box(layout: PageLayout, span: tuple[int, int], number: int) -> str:
    """Return the event of the box behind a word."""
    look = layout.look
    em = look.em * layout.scale
    word = layout.place_word(number)
    top = word.baseline - (layout.faces.cap_height(look.font) + _ABOVE) * em
    bottom = word.baseline + (_BELOW if look.is_uppercase else _BELOW_LETTERS) * em
    left, right = word.left - WORD_PADDING * em, word.right + WORD_PADDING * em
    corner = replace(layout.at, anchor=_TOP_LEFT, x=left, y=top)
    radius = look.corner_radius * min(right - left, bottom - top)
    tags = _word_tags(layout, corner, span) + color_tags(look.word_box or look.highlight)
    return _draw(span, tags, (right - left, bottom - top), radius)


def _word_tags(layout: PageLayout, corner: Placement, span: tuple[int, int]) -> str:
    look, page = layout.look, layout.page
    is_first = span[0] == page.start_ms
    tags = entry_tags(corner, look, span[1] - span[0]) if is_first else position_tags(corner, look)
    return tags + turn_tags(layout.at, look)


def turn_tags(at: Placement, look: Look) -> str:
    """Return the command with which a part of a page turns around the same point as the page."""
    return f"\\org({at.x:.1f},{at.y:.1f})" if look.rotation else ""


def _draw(span: tuple[int, int], tags: str, size: tuple[float, float], radius: float) -> str:
    return format_event(*span, f"{{{tags}\\bord0\\shad0\\p4}}{_rounded(size, radius)}")


def _rounded(size: tuple[float, float], radius: float) -> str:
    """Return the outline of a box with round corners, in 1/8 pixels."""
    width, height = (round(side * _UNITS) for side in size)
    r = min(round(radius * _UNITS), width // 2, height // 2)
    if not r:
        return f"m 0 0 l {width} 0 {width} {height} 0 {height}"
    k = r - round(r * _CIRCLE)
    x, y = width - r, height - r
    return (
        f"m {r} 0 l {x} 0 b {width - k} 0 {width} {k} {width} {r} l {width} {y} "
        f"b {width} {height - k} {width - k} {height} {x} {height} l {r} {height} "
        f"b {k} {height} 0 {height - k} 0 {y} l 0 {r} b 0 {k} {k} 0 {r} 0"
    )
