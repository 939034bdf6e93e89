"""Subtitles as an ASS script of our own: the caller's text, our style, nothing of theirs interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from gpu_worker.media.info import BOTTOM, Cue
from gpu_worker.plan.captions.glyph_coverage import EMOJI
from gpu_worker.plan.captions.line_breaks import BREAK, fit_text
from gpu_worker.plan.model import FONTS, SUBTITLES

FAMILY = "DejaVu Sans"
"""The family shipped in `fonts/`. Named in the script and given to the filter: either alone may draw nothing."""
_EMOJI_FAMILY = "Noto Emoji"
"""Named wherever it is wanted: libass looks for missing characters in the system's fonts, not in ours."""

BURN_FILTER = f"ass=f={SUBTITLES}:fontsdir={FONTS}"

_STYLE_FORMAT = (
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, "
    "MarginL, MarginR, MarginV, Encoding"
)
_BY_FIRST_LETTER = -1
"""The `Encoding` that has each line run in the direction of its first letter."""

_PIECE = re.compile(rf"</?(?P<tag>[iu])>|(?:{EMOJI.pattern})(?:{BREAK}?(?:{EMOJI.pattern}))*")
_JOINER = "\u2060"
"""Draws nothing and separates a backslash from the letter that would make it a command."""
_NO_SPACE = r"{\fscx0} {\fscx100}"
"""A place to break, as libass has them: a space, of no width."""


def write_ass(cues: Iterable[Cue], size: tuple[int, int]) -> str:
    """Return the script. `size` is the output's, so that one script pixel is one picture pixel."""
    width, height = size
    short = min(width, height)
    text_height, side, foot = max(8, round(short * 0.062)), round(width * 0.06), round(height * 0.06)
    outline = max(1.0, short * 0.0035)
    style = (
        f"Style: Caption,{FAMILY},{text_height},&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,-1,0,0,0,100,100,0,0,1,"
        f"{outline:.1f},{outline / 3:.1f},{BOTTOM},{side},{side},{foot},{_BY_FIRST_LETTER}"
    )
    room = ((width - 2 * side) / text_height, (height - 2 * foot) / text_height)
    return _script(size, style, [_dialogue(cue, room, text_height) for cue in cues])


def write_specimens(characters: Iterable[str], edge: int) -> str:
    """Return a script that shows each of the characters for a second, alone in a square of `edge` pixels."""
    style = (
        f"Style: Caption,{FAMILY},{edge * 5 // 8},&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,-1,0,0,0,100,100,0,0,1,"
        f"0,0,5,0,0,0,{_BY_FIRST_LETTER}"
    )
    lines = [_event(1000 * at, 1000 * (at + 1), ass_text(character)) for at, character in enumerate(characters)]
    return _script((edge, edge), style, lines)


def ass_text(text: str) -> str:
    """One cue's text as libass must read it to draw exactly the caller's characters.

    `<i>`, `</i>`, `<u>`, `</u>` keep their meaning; emoji get their font; all else is literal.
    """
    drawn: list[str] = []
    end = 0
    for piece in _PIECE.finditer(text):
        drawn.append(_literal(text[end : piece.start()]))
        if piece["tag"]:
            drawn.append(f"{{\\{piece['tag']}{0 if piece[0].startswith('</') else 1}}}")
        else:
            drawn.append(f"{{\\fn{_EMOJI_FAMILY}}}{piece[0]}{{\\fn{FAMILY}}}")
        end = piece.end()
    drawn.append(_literal(text[end:]))
    return "".join(drawn).replace("\n", "\\N").replace(BREAK, _NO_SPACE)


def late_caption_warnings(cues: Sequence[Cue], end: Fraction) -> tuple[str, ...]:
    """What to tell the client if subtitles begin only when the video is over. `end` in seconds."""
    late = sum(cue.start_ms >= end * 1000 for cue in cues)
    return (f"Subtitles that begin after the end of the video: {late} of {len(cues)}.",) if late else ()


def _script(size: tuple[int, int], style: str, events: Iterable[str]) -> str:
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


def _dialogue(cue: Cue, room: tuple[float, float], text_height: int) -> str:
    text, percent = fit_text(cue.text, room)
    place = "" if cue.place == BOTTOM else f"{{\\an{cue.place}}}"
    smaller = "" if percent == 100 else f"{{\\fs{text_height * percent / 100:.1f}}}"
    return _event(cue.start_ms, cue.end_ms, place + smaller + ass_text(text))


def _event(start_ms: int, end_ms: int, text: str) -> str:
    return f"Dialogue: 0,{_time(start_ms)},{_time(end_ms)},Caption,,0,0,0,,{text}"


def _literal(text: str) -> str:
    return text.replace("\\", "\\" + _JOINER).replace("{", "\\{").replace("}", "\\}")


def hundredths(milliseconds: int) -> int:
    """A cue's time as the script states it; ASS counts in hundredths of a second."""
    return round(milliseconds / 10)


def _time(milliseconds: int) -> str:
    """`H:MM:SS.cc`."""
    minutes, rest = divmod(hundredths(milliseconds), 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
