"""Write text as ASS. Of a text only `<i>` and `<u>` are interpreted; everything else is drawn as it is."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_worker.plan.captions.glyphs.estimated_typefaces import ESTIMATED
from gpu_worker.plan.captions.glyphs.families import COLOR_EMOJI_FONT, PLAIN_FONT
from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.plan.captions.glyphs.line_breaks import BREAK, is_tag, split_tags
from gpu_worker.plan.measure import Picture, Typefaces
from gpu_worker.subtitles.markup.cue_text import JOINER

_BREAK_SPACE = r"{\fscx0} {\fscx100}"
"""A space of no width, because libass breaks lines at spaces only."""
_ISOLATE, _END_ISOLATE = "\u2066", "\u2069"
"""Around the characters of a picture: for the order of what is around them they are one sign without a direction."""

_TEXT_COLOR = "\\textcolor"
"""Stands for the command that sets the color of the text again. No text has it: `escape` separates the backslash."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """The way in which a text is drawn: its family and ASS font size, and its outline and shadow in pixels."""

    font: str = PLAIN_FONT
    size: float = 0.0
    faces: Typefaces = ESTIMATED
    outline_width: float = 0.0
    shadow: float = 0.0

    def write(self, text: str) -> str:
        """Escape text, with commands for the families of the parts that the chosen one has no letters for.

        Other families get the size with which their em is the same. Give the result to `set_text_color`.
        """
        parts = self.faces.runs(text, self.font)
        if all(family in {self.font, None} for _part, family in parts):
            return escape(text)
        em = self.size / self.faces.ass_size(self.font, 1.0)
        drawn = []
        for part, family in parts:
            name = family or self.font
            tags = f"\\fn{name}\\fs{self.faces.ass_size(name, em):.1f}"
            drawn.append(self._write_pictures(part, tags) if name == COLOR_EMOJI_FONT else f"{{{tags}}}{escape(part)}")
        return "".join(drawn) + f"{{\\fn{self.font}\\fs{self.size:.1f}}}"

    def _write_pictures(self, emoji: str, tags: str) -> str:
        """Return emoji as their layers, without outline and shadow: each layer would have its own.

        The blank after them has both again, because a line under the text is drawn with it.
        """
        plain, again = "{\\bord0\\shad0}", f"{{{_TEXT_COLOR}\\bord{self.outline_width:.1f}\\shad{self.shadow:.1f}}}"
        pictures = [picture for one in EMOJI.findall(emoji) for picture in self.faces.pictures(one)]
        return f"{{{tags}}}" + "".join(
            f"{_ISOLATE}{plain}{_write_layers(picture)}{again}{picture.space}{_END_ISOLATE}" for picture in pictures
        )


def _write_layers(picture: Picture) -> str:
    return "".join(f"{{\\1c&H{color[5:7]}{color[3:5]}{color[1:3]}&}}{layer}" for layer, color in picture.layers)


def set_text_color(written: str, color: str) -> str:
    """Return what `Lettering.write` has written with the color, as ASS writes it, that text has after a picture."""
    return written.replace(_TEXT_COLOR, f"\\1c&H{color[4:]}&")


def ass_text(text: str, lettering: Lettering, color: str = "&H00FFFFFF") -> str:
    """Escape one cue's text so that libass draws exactly the caller's characters.

    `<i>`, `</i>`, `<u>`, `</u>` keep their meaning, and each part gets the family that has its letters. `color` is
    that of the text.
    """
    parts = (
        f"{{\\{part.strip('</>')}{int(not part.startswith('</'))}}}" if is_tag(part) else lettering.write(part)
        for part in split_tags(text)
    )
    return set_text_color("".join(parts), color).replace("\n", "\\N").replace(BREAK, _BREAK_SPACE)


def escape(text: str) -> str:
    """Return text that libass draws as it is."""
    return text.replace("\\", "\\" + JOINER).replace("{", "\\{").replace("}", "\\}")
