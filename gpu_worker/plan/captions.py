"""Subtitles as an ASS script of our own: the caller's text, our style, nothing of theirs interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gpu_worker.plan.facts import Cue
from gpu_worker.plan.steps import FONTS, SUBTITLES

FAMILY = "DejaVu Sans"
"""The family shipped in `fonts/`. Named in the script and given to the filter: either alone may draw nothing."""

BURN_FILTER = f"ass=f={SUBTITLES}:fontsdir={FONTS}"

_STYLE_FORMAT = (
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, "
    "MarginL, MarginR, MarginV, Encoding"
)

_TAG = re.compile(
    r"</?(?P<name>[iu])\s*>|</?(?:b|font|c|v|ruby|rt|lang|span|s|em|strong)\b[^<>]{0,200}>", re.IGNORECASE
)
_JOINER = "\u2060"
"""Draws nothing and separates a backslash from the letter that would make it a command."""


def write_ass(cues: Iterable[Cue], size: tuple[int, int]) -> str:
    """Return the script. `size` is the output's, so that one script pixel is one picture pixel."""
    width, height = size
    short = min(width, height)
    text_height = max(8, round(short * 0.062))
    outline = max(1.0, short * 0.0035)
    style = (
        f"Style: Caption,{FAMILY},{text_height},&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,"
        f"-1,0,0,0,100,100,0,0,1,{outline:.1f},{outline / 3:.1f},2,"
        f"{round(width * 0.06)},{round(width * 0.06)},{round(height * 0.06)},1"
    )
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {width}",
        f"PlayResY: {height}",
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
    ]
    lines += [f"Dialogue: 0,{_time(c.start_ms)},{_time(c.end_ms)},Caption,,0,0,0,,{ass_text(c.text)}" for c in cues]
    return "\n".join(lines) + "\n"


def ass_text(text: str) -> str:
    """One cue's text as libass must read it to draw exactly the caller's characters.

    `<i>` and `<u>` keep their meaning; other mark-up is dropped, `<b>` too as all of it is bold; braces and
    backslashes are literal.
    """
    drawn: list[str] = []
    end = 0
    for tag in _TAG.finditer(text):
        drawn.append(_literal(text[end : tag.start()]))
        if tag["name"]:
            drawn.append(f"{{\\{tag['name'].lower()}{0 if tag[0].startswith('</') else 1}}}")
        end = tag.end()
    drawn.append(_literal(text[end:]))
    return "".join(drawn).replace("\n", "\\N")


def _literal(text: str) -> str:
    return text.replace("\\", "\\" + _JOINER).replace("{", "\\{").replace("}", "\\}")


def _time(milliseconds: int) -> str:
    """`H:MM:SS.cc`; ASS counts in hundredths."""
    hundredths = round(milliseconds / 10)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
