"""Draw each cue as it is written: one event per cue, whose lines the renderer wraps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from contract.options.captions.choices import Animation
from gpu_worker.media.info import BOTTOM, Cue
from gpu_worker.plan.captions.ass_script import AssStyle, format_event
from gpu_worker.plan.captions.glyphs.lettering import Lettering, ass_text
from gpu_worker.plan.captions.glyphs.line_breaks import fit_text
from gpu_worker.plan.captions.look import Look
from gpu_worker.plan.captions.placement import entry_tags, place

MIDDLE_LEFT, MIDDLE_RIGHT = 4, 6


def style_for_cues(style: AssStyle, look: Look, size: tuple[int, int]) -> AssStyle:
    """Return the style with margins that keep wrapped lines in the region."""
    width, height = size
    at = place(look)
    left = at.left(at.width)
    vertical = at.y if at.anchor > MIDDLE_RIGHT else height - at.y
    margins = max(0, round(left)), max(0, round(width - left - at.width)), max(0, round(vertical))
    return replace(style, alignment=at.anchor, margins=margins)


def draw_cue(cue: Cue, look: Look, lettering: Lettering, width: Callable[[str], float]) -> str:
    """Return the event of a cue. `width` measures a line in units of the font size."""
    at, font_size = place(look, cue.place), lettering.size
    text, percent = fit_text(cue.text, (at.width / font_size, at.height / font_size), width)
    tags = "" if percent == 100 else f"\\fs{font_size * percent / 100:.1f}"
    margin = 0
    if _needs_point(look, at.anchor):
        tags = entry_tags(at, look, cue.end_ms - cue.start_ms) + tags
    elif at.anchor != (look.anchor or BOTTOM):
        # Without a point, the renderer keeps cues apart that are shown at the same time.
        tags = f"\\an{at.anchor}" + tags
        margin = round(at.y) if at.anchor > MIDDLE_RIGHT else 0
    prefix = f"{{{tags}}}" if tags else ""
    scaled = replace(lettering, size=font_size * percent / 100)
    drawn = prefix + ass_text(text, scaled, look.text)
    return format_event(cue.start_ms, cue.end_ms, drawn, margin=margin)


def _needs_point(look: Look, anchor: int) -> bool:
    """Return True if margins cannot place the event: in the middle of a region, or moving."""
    is_middle = MIDDLE_LEFT <= anchor <= MIDDLE_RIGHT and look.anchor is not None
    return is_middle or look.animation is not Animation.NONE
