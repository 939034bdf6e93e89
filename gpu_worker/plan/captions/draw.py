"""Draw captions: cues and a style become an ASS script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from contract.options.captions import CaptionOptions
from contract.options.captions.choices import Animation
from contract.options.captions.presets import Technique
from gpu_worker.media.info import Cue, Word
from gpu_worker.plan.captions.ass_script import AssStyle, format_script
from gpu_worker.plan.captions.cue_events import draw_cue, style_for_cues
from gpu_worker.plan.captions.glyphs.estimated_typefaces import ESTIMATED
from gpu_worker.plan.captions.glyphs.lettering import Lettering
from gpu_worker.plan.captions.glyphs.line_breaks import is_tag, split_tags, strip_tags
from gpu_worker.plan.captions.look import Look, resolve_look, text_width
from gpu_worker.plan.captions.pages.page_events import PageDrawer
from gpu_worker.plan.captions.placement import padding, place
from gpu_worker.plan.captions.words.edits import edit_cues, excluded_ranges
from gpu_worker.plan.captions.words.long_words import break_long_words
from gpu_worker.plan.captions.words.pages import Page, PageLimits, paginate
from gpu_worker.plan.captions.words.split import uppercase
from gpu_worker.plan.captions.words.timing import time_words, word_timing
from gpu_worker.plan.captions.words.word_states import word_states
from gpu_worker.plan.measure import Typefaces
from gpu_worker.subtitles.markup.cue_text import clean_literal
from gpu_worker.subtitles.spacing import join_words

_ANIMATED = frozenset({Technique.FILL, Technique.POP})


@dataclass(frozen=True, slots=True)
class DrawnCaptions:
    """An ASS script, and what the plan needs to know about it."""

    script: str
    shown: tuple[Cue, ...]
    """The times at which the picture changes: one entry for each state of each caption."""
    cues: tuple[Cue, ...] = ()
    """The texts as they are shown, page by page, with the words whose times are shown or were given."""
    is_animated: bool = False
    """True if the picture also changes between those times."""
    word_timing: Literal["given", "estimated"] | None = None
    """The source of the times of words; None if the style shows none."""
    fonts: tuple[str, ...] = ()
    """The families that draw the text, that of the style first."""


def draw_captions(
    cues: Sequence[Cue], options: CaptionOptions, size: tuple[int, int], faces: Typefaces = ESTIMATED
) -> DrawnCaptions:
    """Return the script for frames of `size` in pixels."""
    look = resolve_look(options.style, size)
    cues = edit_cues(cues, options)
    style = _ass_style(look, faces)
    is_animated = look.technique in _ANIMATED or look.animation is not Animation.NONE
    if not look.is_paged:
        return replace(_draw_cues(cues, options, look, style, size, faces), is_animated=is_animated)
    pages = _paginate(cues, options, look, faces, excluded_ranges(options))
    timing = word_timing(cues)
    shows_words = look.technique is not Technique.CUE
    drawer = PageDrawer(look, _lettering(style, faces))
    return DrawnCaptions(
        format_script(size, style, [event for page in pages for event in drawer.draw(page)]),
        shown=tuple(Cue(state.start_ms, state.end_ms, "") for page in pages for state in word_states(page)),
        is_animated=is_animated,
        cues=tuple(_page_cue(page, has_words=shows_words or timing == "given") for page in pages),
        word_timing=timing if shows_words and pages else None,
        fonts=_families((word.text for page in pages for word in page.words), look, faces),
    )


def _ass_style(look: Look, faces: Typefaces) -> AssStyle:
    # A turned or rounded box is drawn with its page.
    has_box = look.box is not None and not look.has_drawn_box
    return AssStyle(
        font=look.font,
        font_size=round(faces.ass_size(look.font, look.em)),
        text=look.text,
        outline=look.outline,
        back=look.box or look.shadow_color,
        is_bold=look.is_bold,
        is_italic=look.is_italic,
        outline_width=look.outline_width,
        # The renderer's box is larger than the text by the distance of the shadow.
        shadow=padding(look) if has_box else 0.0 if look.box else look.shadow,
        has_box=has_box,
    )


def _lettering(style: AssStyle, faces: Typefaces) -> Lettering:
    return Lettering(style.font, style.font_size, faces, style.outline_width, style.shadow)


def _draw_cues(
    cues: Sequence[Cue],
    options: CaptionOptions,
    look: Look,
    style: AssStyle,
    size: tuple[int, int],
    faces: Typefaces,
) -> DrawnCaptions:
    def width(line: str) -> float:
        return text_width(strip_tags(line), look, faces) / style.font_size

    shown = tuple(cues)
    if look.is_uppercase:
        shown = tuple(_capitalize_cue(cue, options.language) for cue in shown)
    lettering = _lettering(style, faces)
    events = [draw_cue(cue, look, lettering, width) for cue in shown]
    script = format_script(size, style_for_cues(style, look, size), events)
    return DrawnCaptions(script, shown, shown, fonts=_families((strip_tags(cue.text) for cue in shown), look, faces))


def _page_cue(page: Page, *, has_words: bool) -> Cue:
    """Return a page as a cue, in whose text nothing is markup."""
    text = "\n".join(clean_literal(join_words(line)) for line in page.lines)
    return Cue(page.start_ms, page.end_ms, text, page.place, page.words if has_words else ())


def _families(texts: Iterable[str], look: Look, faces: Typefaces) -> tuple[str, ...]:
    """Return the families that draw the texts, that of the look first."""
    found = {family for text in texts for _part, family in faces.runs(text, look.font) if family is not None}
    return tuple(sorted(found, key=lambda family: (family != look.font, family)))


def _paginate(
    cues: Sequence[Cue],
    options: CaptionOptions,
    look: Look,
    faces: Typefaces,
    excluded_ms: Sequence[tuple[int, int]],
) -> tuple[Page, ...]:
    def width(line: str) -> float:
        return text_width(line, look, faces)

    spoken, room = [], place(look).width
    for cue in cues:
        words = time_words(cue, options.language)
        if look.is_uppercase:
            words = _capitalize_words(words, options.language)
        if words:
            spoken.append((cue, break_long_words(words, width, room)))
    limits = PageLimits(look.max_words, look.max_characters, look.max_lines)
    return paginate(spoken, limits, width, room, excluded_ms)


def _capitalize_cue(cue: Cue, language: str | None) -> Cue:
    """Return a cue in capital letters, with its tags unchanged."""
    text = "".join(part if is_tag(part) else uppercase(part, language) for part in split_tags(cue.text))
    return replace(cue, text=text, words=_capitalize_words(cue.words, language))


def _capitalize_words(words: Sequence[Word], language: str | None) -> tuple[Word, ...]:
    return tuple(replace(word, text=uppercase(word.text, language)) for word in words)
