"""Draw pages of words: one event for each word that is being spoken.

All events of a page have the same text and the same commands at the same places, with other values: kerning breaks at a
command, so a command that came and went would move the neighbors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contract.operations.captions.presets import Technique
from gpu_worker.media.info import Word
from gpu_worker.plan.captions.ass_script import format_event
from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT
from gpu_worker.plan.captions.glyphs.lettering import Lettering, escape, set_text_color
from gpu_worker.plan.captions.look import Look, color_tags, text_width
from gpu_worker.plan.captions.placement import (
    GROWTH,
    Placement,
    entry_tags,
    fit,
    padding,
    place,
    position_tags,
)
from gpu_worker.plan.captions.words.direction import is_mixed, is_rtl
from gpu_worker.plan.captions.words.pages import Page
from gpu_worker.plan.captions.words.word_states import WordState, word_states
from gpu_worker.subtitles.spacing import join_words

_GROWN = f"\\t(0,80,\\fscx{100 * GROWTH:.0f}\\fscy{100 * GROWTH:.0f})\\t(80,180,\\fscx100\\fscy100)"
"""The word grows in 80 ms and shrinks in 100, so that it touches its neighbors only for a moment."""
_MIDDLE = 5


@dataclass(frozen=True, slots=True)
class PageDrawer:
    """Draws pages in one look. `lettering` is that of the script's style."""

    look: Look
    lettering: Lettering

    def draw(self, page: Page) -> Iterator[str]:
        """Yield the events of a page, in order of time."""
        at, scale = self._fit(page)
        if self.look.box and self.look.rotation:
            yield self._turned_box(page, at, scale)
        technique = self._technique(page)
        lettering = replace(self.lettering, size=self.lettering.size * scale)
        letters = [lettering.write(word.text) for word in page.words]
        if technique in {Technique.CUE, Technique.SINGLE}:
            yield self._event(page, (page.start_ms, page.end_ms), at, scale, self._text(page, technique, None, letters))
        elif technique is Technique.FILL:
            yield self._event(page, (page.start_ms, page.end_ms), at, scale, self._swept_text(page))
        else:
            for state in word_states(page):
                span = state.start_ms, state.end_ms
                yield self._event(page, span, at, scale, self._text(page, technique, state, letters))
                if technique is Technique.POP and state.active is not None:
                    yield self._grown_word(page, span, at, scale, state.active, letters)

    def _technique(self, page: Page) -> Technique:
        """Return the look's technique, or the closest one with which the renderer draws this page right.

        Its sweep runs to the right only, and ends where the font changes. The place of a word can be computed where all
        words of a line have one direction, and one font apart from pictures.
        """
        technique = self.look.technique
        others = self._families(page) - {self.look.font}
        if technique is Technique.FILL and (others or is_rtl(page)):
            return Technique.SPOKEN
        if technique is Technique.POP and (others - {COLOR_EMOJI_FONT} or is_mixed(page)):
            return Technique.ACTIVE
        return technique

    def _families(self, page: Page) -> set[str | None]:
        runs = (self.lettering.faces.runs(word.text, self.look.font) for word in page.words)
        return {family for parts in runs for _text, family in parts}

    def _event(self, page: Page, span: tuple[int, int], at: Placement, scale: float, text: str) -> str:
        is_first = span[0] == page.start_ms
        tags = entry_tags(at, self.look, span[1] - span[0]) if is_first else position_tags(at, self.look)
        size = f"\\fs{self.lettering.size * scale:.1f}" if scale < 1 else ""
        return format_event(*span, f"{{\\q2{tags}{size}}}{text}", layer=1)

    def _turned_box(self, page: Page, at: Placement, scale: float) -> str:
        """Return the box behind a turned page as a drawing: the renderer does not turn its own."""
        width, height = (round(side * scale + 2 * padding(self.look)) for side in self._size(page))
        tags = entry_tags(at, self.look, page.end_ms - page.start_ms) + color_tags(self.look.box or self.look.outline)
        path = f"m 0 0 l {width} 0 {width} {height} 0 {height}"
        return format_event(page.start_ms, page.end_ms, f"{{{tags}\\bord0\\shad0\\p1}}{path}")

    def _fit(self, page: Page) -> tuple[Placement, float]:
        """Return the place of a page, and the share of the normal size at which it fits."""
        return fit(place(self.look, page.place), self._size(page), self.look)

    def _size(self, page: Page) -> tuple[float, float]:
        """Return width and height of a page in pixels, at the normal size."""
        return max(1.0, *map(self._width, page.lines)), len(page.lines) * self.lettering.size

    def _width(self, words: Sequence[Word]) -> float:
        """Return the width of a line in pixels, at the normal size."""
        return text_width(join_words(words), self.look, self.lettering.faces)

    def _text(self, page: Page, technique: Technique, state: WordState | None, letters: Sequence[str]) -> str:
        """Return the page's text, with the commands of its state before each word. `letters`: its words as drawn."""
        lines, number = [], 0
        for line in page.lines:
            words = []
            for index, word in enumerate(line):
                tags = self._tags(number, technique, state) if state else ""
                space = " " if word.has_space and index else ""
                # Without this the line would go on under the space.
                end = "{\\u0}" if technique is Technique.UNDERLINE else ""
                color = self._color(number, technique, state) if state else self.look.text
                words.append(space + tags + set_text_color(letters[number], color) + end)
                number += 1
            lines.append("".join(words))
        return "\\N".join(lines)

    def _tags(self, number: int, technique: Technique, state: WordState) -> str:
        """Return the commands before a word. Only their values depend on the state."""
        if technique is Technique.REVEAL:
            return f"{{{self._opacity(is_visible=number < state.begun)}}}"
        if technique is Technique.POP:
            return f"{{{self._opacity(is_visible=number != state.active)}}}"
        underline = f"\\u{int(number == state.active)}" if technique is Technique.UNDERLINE else ""
        return f"{{{underline}{color_tags(self._color(number, technique, state))}}}"

    def _color(self, number: int, technique: Technique, state: WordState) -> str:
        """Return the color of a word, as ASS writes it."""
        if technique in {Technique.REVEAL, Technique.POP}:
            return self.look.text
        is_marked = number < state.begun if technique is Technique.SPOKEN else number == state.active
        return self.look.highlight if is_marked else self.look.text

    def _opacity(self, *, is_visible: bool) -> str:
        """Return the opacity of letters, outline and shadow. Not of the box, whose color is also the shadow's."""
        alphas = [self.look.text, self.look.outline, *([] if self.look.box else [self.look.shadow_color])]
        numbers = (1, 3, 4)
        return "".join(
            f"\\{number}a&H{color[2:4] if is_visible else 'FF'}&"
            for number, color in zip(numbers, alphas, strict=False)
        )

    def _swept_text(self, page: Page) -> str:
        """Return the page's text as karaoke. A block without text is the pause before a word."""
        lines, now = [], page.start_ms
        for line in page.lines:
            words = []
            for index, word in enumerate(line):
                space = " " if word.has_space and index else ""
                pause, length = _centiseconds(now, word.start_ms), _centiseconds(word.start_ms, word.end_ms)
                words.append(f"{{\\k{pause}}}{space}{{\\kf{length}}}{escape(word.text)}")
                now = word.end_ms
            lines.append("".join(words))
        colors = f"{{{color_tags(self.look.highlight)}{color_tags(self.look.text, number=2)}}}"
        return colors + "\\N".join(lines)

    def _grown_word(
        self, page: Page, span: tuple[int, int], at: Placement, scale: float, active: int, letters: Sequence[str]
    ) -> str:
        """Return the event of the active word alone, over its place in the page."""
        row, line, index = _find_word(page, active)
        width = self._width(line) * scale
        word_width = self._width(line[index : index + 1]) * scale
        middle = self._width(line[: index + 1]) * scale - word_width / 2
        if is_rtl(page):
            middle = width - middle
        left = at.left(width)
        line_height = self.lettering.size * scale
        top = at.top(len(page.lines) * line_height)
        spot = replace(at, anchor=_MIDDLE, x=left + middle, y=top + (row + 0.5) * line_height)
        turned = f"\\org({at.x:.1f},{at.y:.1f})" if self.look.rotation else ""
        place_tags = f"\\q2{position_tags(spot, self.look)}{turned}"
        tags = f"{place_tags}\\fs{line_height:.1f}{color_tags(self.look.highlight)}{_GROWN}"
        return format_event(*span, f"{{{tags}}}{set_text_color(letters[active], self.look.highlight)}", layer=2)


def _centiseconds(start_ms: int, end_ms: int) -> int:
    """Return a duration as a difference of rounded times, so that errors do not add up."""
    return round(end_ms / 10) - round(start_ms / 10)


def _find_word(page: Page, number: int) -> tuple[int, Sequence[Word], int]:
    """Return the index of the line, the line, and the index in it of a word."""
    for row, line in enumerate(page.lines):
        if number < len(line):
            return row, line, number
        number -= len(line)
    raise LookupError("the page has no such word")
