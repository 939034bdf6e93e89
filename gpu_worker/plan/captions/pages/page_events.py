"""Draw pages of words: one event for each word that is being spoken.

All events of a page have the same text and the same commands at the same places, with other values: kerning breaks at a
command, so a command that came and went would move the neighbors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contract.options.captions.presets import Technique
from gpu_worker.plan.captions.ass_script import format_event
from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT
from gpu_worker.plan.captions.glyphs.lettering import Lettering, escape, set_text_color
from gpu_worker.plan.captions.look import Look, color_tags
from gpu_worker.plan.captions.pages.boxes import draw_page_box, draw_word_box, turn_tags
from gpu_worker.plan.captions.pages.page_layout import PageLayout, lay_out
from gpu_worker.plan.captions.placement import GROWTH, entry_tags, position_tags
from gpu_worker.plan.captions.words.direction import is_mixed, is_rtl
from gpu_worker.plan.captions.words.pages import Page
from gpu_worker.plan.captions.words.word_states import WordState, word_states

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
        layout = lay_out(page, self.look, self.lettering.faces)
        if self.look.has_drawn_box:
            yield draw_page_box(layout)
        drawer = self
        if self._has_word_boxes(page):
            for state in word_states(page):
                if state.active is not None:
                    yield draw_word_box(layout, (state.start_ms, state.end_ms), state.active)
        elif self.look.word_box:
            # The word has the color that its box would have.
            drawer = replace(self, look=replace(self.look, highlight=self.look.word_box))
        yield from drawer._draw_text(layout)

    def _draw_text(self, layout: PageLayout) -> Iterator[str]:
        page = layout.page
        technique = self._technique(page)
        lettering = replace(self.lettering, size=self.lettering.size * layout.scale)
        letters = [lettering.write(word.text) for word in page.words]
        if technique in {Technique.CUE, Technique.SINGLE}:
            yield self._event(layout, (page.start_ms, page.end_ms), self._text(page, technique, None, letters))
        elif technique is Technique.FILL:
            yield self._event(layout, (page.start_ms, page.end_ms), self._swept_text(page))
        else:
            for state in word_states(page):
                span = state.start_ms, state.end_ms
                yield self._event(layout, span, self._text(page, technique, state, letters))
                if technique is Technique.POP and state.active is not None:
                    yield self._grown_word(layout, span, state.active, letters)

    def _has_word_boxes(self, page: Page) -> bool:
        """Return True if the spoken word gets a box: it is to have one, and its place can be computed."""
        if self.look.word_box is None or self.look.technique is Technique.CUE:
            return False
        return not is_mixed(page) and None not in self._families(page)

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

    def _event(self, layout: PageLayout, span: tuple[int, int], text: str) -> str:
        at, scale = layout.at, layout.scale
        is_first = span[0] == layout.page.start_ms
        tags = entry_tags(at, self.look, span[1] - span[0]) if is_first else position_tags(at, self.look)
        size = f"\\fs{self.lettering.size * scale:.1f}" if scale < 1 else ""
        return format_event(*span, f"{{\\q2{tags}{size}}}{text}", layer=1)

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

    def _grown_word(self, layout: PageLayout, span: tuple[int, int], active: int, letters: Sequence[str]) -> str:
        """Return the event of the active word alone, over its place in the page."""
        word = layout.place_word(active)
        spot = replace(layout.at, anchor=_MIDDLE, x=(word.left + word.right) / 2, y=word.middle)
        place_tags = f"\\q2{position_tags(spot, self.look)}{turn_tags(layout.at, self.look)}"
        size = f"\\fs{self.lettering.size * layout.scale:.1f}"
        tags = f"{place_tags}{size}{color_tags(self.look.highlight)}{_GROWN}"
        return format_event(*span, f"{{{tags}}}{set_text_color(letters[active], self.look.highlight)}", layer=2)


def _centiseconds(start_ms: int, end_ms: int) -> int:
    """Return a duration as a difference of rounded times, so that errors do not add up."""
    return round(end_ms / 10) - round(start_ms / 10)
