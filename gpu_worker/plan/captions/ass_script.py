"""Write ASS scripts: their head, their style, and events with their times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gpu_worker.plan.captions.glyphs.families import PLAIN_FONT
from gpu_worker.plan.captions.glyphs.lettering import Lettering, ass_text
from gpu_worker.plan.measure import Typefaces
from gpu_worker.plan.model import FONTS, SUBTITLES

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
    lettering = Lettering(size=style.font_size, faces=faces)
    lines = [
        format_event(1000 * second, 1000 * (second + 1), ass_text(character, lettering))
        for second, character in enumerate(characters)
    ]
    return format_script((edge, edge), style, lines)


def to_centiseconds(milliseconds: int) -> int:
    """Return a cue's time as the script states it: ASS has centiseconds."""
    return round(milliseconds / 10)


def _format_time(milliseconds: int) -> str:
    """Format a time as `H:MM:SS.cc`."""
    minutes, rest = divmod(to_centiseconds(milliseconds), 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
