"""Write captions as an ASS script in our style. Of the caller's text only `<i>` and `<u>` are interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from gpu_worker.media.info import BOTTOM, Cue
from gpu_worker.plan.captions.glyph_coverage import EMOJI
from gpu_worker.plan.captions.line_breaks import BREAK, fit_text
from gpu_worker.plan.model import FONTS, SUBTITLES

_FONT = "DejaVu Sans"
"""The family in `fonts/`. The script names it and the filter gets its folder: one of both alone may draw nothing."""
_EMOJI_FONT = "Noto Emoji"
"""Named for each emoji: libass searches the system's fonts, not ours, for missing characters."""

BURN_FILTER = f"ass=f={SUBTITLES}:fontsdir={FONTS}"

_STYLE_FORMAT = (
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, "
    "MarginL, MarginR, MarginV, Encoding"
)
_AUTO_DIRECTION = -1
"""The `Encoding` with which each line has the direction of its first letter."""

_PIECE = re.compile(rf"</?(?P<tag>[iu])>|(?:{EMOJI.pattern})(?:{BREAK}?(?:{EMOJI.pattern}))*")
_JOINER = "\u2060"
"""Draws nothing, and separates a backslash from a letter that would make it a command."""
_BREAK_SPACE = r"{\fscx0} {\fscx100}"
"""A space of no width, because libass breaks lines at spaces only."""


def write_ass(cues: Iterable[Cue], size: tuple[int, int]) -> str:
    """Return the script. `size` is that of the output, so that one script pixel is one picture pixel."""
    width, height = size
    short = min(width, height)
    text_height, side, foot = max(8, round(short * 0.062)), round(width * 0.06), round(height * 0.06)
    outline = max(1.0, short * 0.0035)
    style = (
        f"Style: Caption,{_FONT},{text_height},&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,-1,0,0,0,100,100,0,0,1,"
        f"{outline:.1f},{outline / 3:.1f},{BOTTOM},{side},{side},{foot},{_AUTO_DIRECTION}"
    )
    room = ((width - 2 * side) / text_height, (height - 2 * foot) / text_height)
    return _format_script(size, style, [_format_dialogue(cue, room, text_height) for cue in cues])


def write_specimens(characters: Iterable[str], edge: int) -> str:
    """Return a script that shows each character for 1 s, alone in a square of `edge` pixels."""
    style = (
        f"Style: Caption,{_FONT},{edge * 5 // 8},&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,-1,0,0,0,100,100,0,0,1,"
        f"0,0,5,0,0,0,{_AUTO_DIRECTION}"
    )
    lines = [
        _format_event(1000 * second, 1000 * (second + 1), ass_text(character))
        for second, character in enumerate(characters)
    ]
    return _format_script((edge, edge), style, lines)


def ass_text(text: str) -> str:
    """Escape one cue's text so that libass draws exactly the caller's characters.

    `<i>`, `</i>`, `<u>`, `</u>` keep their meaning; emoji get their font; everything else is literal.
    """
    drawn: list[str] = []
    end = 0
    for piece in _PIECE.finditer(text):
        drawn.append(_escape(text[end : piece.start()]))
        if piece["tag"]:
            drawn.append(f"{{\\{piece['tag']}{0 if piece[0].startswith('</') else 1}}}")
        else:
            drawn.append(f"{{\\fn{_EMOJI_FONT}}}{piece[0]}{{\\fn{_FONT}}}")
        end = piece.end()
    drawn.append(_escape(text[end:]))
    return "".join(drawn).replace("\n", "\\N").replace(BREAK, _BREAK_SPACE)


def late_caption_warnings(cues: Sequence[Cue], end: Fraction) -> tuple[str, ...]:
    """Return a warning for the client if subtitles begin only after the video has ended. `end` is in seconds."""
    late = sum(cue.start_ms >= end * 1000 for cue in cues)
    return (f"Subtitles that begin after the end of the video: {late} of {len(cues)}.",) if late else ()


def _format_script(size: tuple[int, int], style: str, events: Iterable[str]) -> str:
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {size[0]}",
        f"PlayResY: {size[1]}",
        "WrapStyle: 0",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: None",
        "",
        "[V4+ Styles]",
        _STYLE_FORMAT,
        style,
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
        *events,
    ]
    return "\n".join(lines) + "\n"


def _format_dialogue(cue: Cue, room: tuple[float, float], text_height: int) -> str:
    text, percent = fit_text(cue.text, room)
    place = "" if cue.place == BOTTOM else f"{{\\an{cue.place}}}"
    smaller = "" if percent == 100 else f"{{\\fs{text_height * percent / 100:.1f}}}"
    return _format_event(cue.start_ms, cue.end_ms, place + smaller + ass_text(text))


def _format_event(start_ms: int, end_ms: int, text: str) -> str:
    return f"Dialogue: 0,{_format_time(start_ms)},{_format_time(end_ms)},Caption,,0,0,0,,{text}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\" + _JOINER).replace("{", "\\{").replace("}", "\\}")


def to_centiseconds(milliseconds: int) -> int:
    """Return a cue's time as the script states it: ASS has centiseconds."""
    return round(milliseconds / 10)


def _format_time(milliseconds: int) -> str:
    """Format a time as `H:MM:SS.cc`."""
    minutes, rest = divmod(to_centiseconds(milliseconds), 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
