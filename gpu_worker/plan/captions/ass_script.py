"""Write ASS scripts. Of a text only `<i>` and `<u>` are interpreted; everything else is drawn as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gpu_worker.plan.captions.glyphs.glyph_coverage import EMOJI
from gpu_worker.plan.captions.glyphs.line_breaks import BREAK
from gpu_worker.plan.measure import Typefaces
from gpu_worker.plan.model import FONTS, SUBTITLES

PLAIN_FONT = "DejaVu Sans"
"""The family in `fonts/`. The script names it and the filter gets its folder: one of both alone may draw nothing."""
EMOJI_FONT = "Noto Emoji"
"""Named for each emoji: libass searches the system's fonts, not ours, for missing characters."""

BURN_FILTER = f"ass=f={SUBTITLES}:fontsdir={FONTS}"

_STYLE_FORMAT = (
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, "
    "MarginL, MarginR, MarginV, Encoding"
)
_AUTO_DIRECTION = -1
"""The `Encoding` with which each line has the direction of its first letter."""
_OUTLINE, _BOX = 1, 4
"""Values of `BorderStyle`. 4 is libass's own: one box around all lines, in `BackColour`, `Shadow` pixels larger."""

_PIECE = re.compile(rf"</?(?P<tag>[iu])>|(?:{EMOJI.pattern})(?:{BREAK}?(?:{EMOJI.pattern}))*")
_JOINER = "\u2060"
"""Draws nothing, and separates a backslash from a letter that would make it a command."""
_BREAK_SPACE = r"{\fscx0} {\fscx100}"
"""A space of no width, because libass breaks lines at spaces only."""


@dataclass(frozen=True, slots=True)
class AssStyle:
    """The one style of a script. Lengths in pixels; colors as ASS writes them: `&HAABBGGRR`."""

    font: str
    font_size: float
    text: str = "&H00FFFFFF"
    outline: str = "&H00000000"
    back: str = "&H80000000"
    is_bold: bool = True
    is_italic: bool = False
    outline_width: float = 0.0
    shadow: float = 0.0
    has_box: bool = False
    alignment: int = 2
    margins: tuple[int, int, int] = (0, 0, 0)
    """Left, right, and top or bottom."""

    def __str__(self) -> str:
        left, right, vertical = self.margins
        return (
            f"Style: Caption,{self.font},{self.font_size:g},{self.text},{self.text},{self.outline},{self.back},"
            f"{-int(self.is_bold)},{-int(self.is_italic)},0,0,100,100,0,0,{_BOX if self.has_box else _OUTLINE},"
            f"{self.outline_width:.1f},{self.shadow:.1f},{self.alignment},{left},{right},{vertical},{_AUTO_DIRECTION}"
        )


def format_script(size: tuple[int, int], style: AssStyle, events: Iterable[str]) -> str:
    """Return a script for frames of `size`: one script pixel is one picture pixel."""
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {size[0]}",
        f"PlayResY: {size[1]}",
        "WrapStyle: 0",
        "ScaledBorderAndShadow: yes",
        "Kerning: yes",
        "YCbCr Matrix: None",
        "",
        "[V4+ Styles]",
        _STYLE_FORMAT,
        str(style),
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
        *events,
    ]
    return "\n".join(lines) + "\n"


def format_event(start_ms: int, end_ms: int, text: str, *, layer: int = 0, margin: int = 0) -> str:
    """Return one event. `text` is ASS: escape what is not. `margin`: from top or bottom; 0 is that of the style."""
    return f"Dialogue: {layer},{_format_time(start_ms)},{_format_time(end_ms)},Caption,,0,0,{margin},,{text}"


def write_specimens(characters: Iterable[str], edge: int, faces: Typefaces) -> str:
    """Return a script that shows each character for 1 s, alone in a square of `edge` pixels."""
    style = AssStyle(PLAIN_FONT, edge * 5 // 8, back="&H00000000", alignment=5)
    lines = [
        format_event(1000 * second, 1000 * (second + 1), ass_text(character, faces=faces))
        for second, character in enumerate(characters)
    ]
    return format_script((edge, edge), style, lines)


def ass_text(text: str, font: str = PLAIN_FONT, faces: Typefaces | None = None, size: float = 0.0) -> str:
    """Escape one cue's text so that libass draws exactly the caller's characters.

    `<i>`, `</i>`, `<u>`, `</u>` keep their meaning; each part gets the family that has its letters, by default emoji
    get theirs; everything else is literal.
    """
    drawn: list[str] = []
    end = 0
    for piece in _PIECE.finditer(text):
        if piece["tag"] or faces is None:
            drawn.append(in_families(text[end : piece.start()], font, faces, size))
            if piece["tag"]:
                drawn.append(f"{{\\{piece['tag']}{0 if piece[0].startswith('</') else 1}}}")
            else:
                drawn.append(f"{{\\fn{EMOJI_FONT}}}{piece[0]}{{\\fn{font}}}")
            end = piece.end()
    drawn.append(in_families(text[end:], font, faces, size))
    return "".join(drawn).replace("\n", "\\N").replace(BREAK, _BREAK_SPACE)


def in_families(text: str, font: str, faces: Typefaces | None, size: float) -> str:
    """Escape text, with commands for the families of the parts that `font` has no letters for.

    `size` is the ASS size of `font`; other families get that with which their em is the same.
    """
    if faces is None:
        return escape(text)
    parts = faces.runs(text, font)
    if all(family in {font, None} for _part, family in parts):
        return escape(text)
    em = size / faces.ass_size(font, 1.0)
    names = [(part, family or font) for part, family in parts]
    drawn = [f"{{\\fn{name}\\fs{faces.ass_size(name, em):.1f}}}{escape(part)}" for part, name in names]
    return "".join(drawn) + f"{{\\fn{font}\\fs{size:.1f}}}"


def escape(text: str) -> str:
    """Return text that libass draws as it is."""
    return text.replace("\\", "\\" + _JOINER).replace("{", "\\{").replace("}", "\\}")


def to_centiseconds(milliseconds: int) -> int:
    """Return a cue's time as the script states it: ASS has centiseconds."""
    return round(milliseconds / 10)


def _format_time(milliseconds: int) -> str:
    """Format a time as `H:MM:SS.cc`."""
    minutes, rest = divmod(to_centiseconds(milliseconds), 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
