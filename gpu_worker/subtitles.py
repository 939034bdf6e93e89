"""Subtitle files as people really have them, read into cues.

SRT has no standard and its files come in every encoding, with and without numbers, hours and
commas. Whatever shows a time span with an arrow is read; only the text of a cue survives.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from contract.errors import Code
from gpu_worker.errors import failed
from gpu_worker.plan.facts import Cue

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[,.:](\d{1,9}))?"
_TIMING = re.compile(rf"^[ \t]*{_CLOCK}[ \t]*-{{1,2}}>[ \t]*{_CLOCK}.*$", re.MULTILINE)
_MOST_HOURS = 99
_LONGEST_TEXT = 2000
"""Characters drawn of one cue: far more than fits a screen, far less than stalls the renderer."""

# pysubs2 turns line breaks into the two characters \N and braces into commands; ours must come back out.
_SHELTER = str.maketrans({"\\": "\ue000", "{": "\ue001", "}": "\ue002"})
_UNSHELTER = str.maketrans({"\ue000": "\\", "\ue001": "{", "\ue002": "}"})


def read_cues(data: bytes, field: str, most: int) -> tuple[Cue, ...]:
    """Return the cues of an SRT (or WebVTT) file in order of time, at most `most` of them.

    Raises JobFailed: nothing to show, not a subtitle file, or too many.
    """
    import pysubs2  # noqa: PLC0415 - only jobs with subtitles pay for it

    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if not text.strip(" \r\n\t\ufeff"):
        raise failed(Code.SUBTITLES_EMPTY, field=field)
    if "-->" not in text and "->" not in text:
        raise failed(Code.SUBTITLES_UNREADABLE, field=field)
    if len(_TIMING.findall(text)) > most:
        raise failed(Code.SUBTITLES_TOO_MANY, field=field, limit=str(most))
    plain = _TIMING.sub(_canonical, text.translate(_SHELTER))
    try:
        script = pysubs2.SSAFile.from_string(plain, format_="srt", keep_html_tags=True)
    except (pysubs2.exceptions.Pysubs2Error, ValueError):
        raise failed(Code.SUBTITLES_UNREADABLE, field=field) from None
    cues = (Cue(event.start, event.end, _text(event.text)) for event in script)
    shown = sorted((cue for cue in cues if cue.end_ms > cue.start_ms and _is_seen(cue.text)), key=_by_time)
    if not shown:
        raise failed(Code.SUBTITLES_EMPTY, field=field)
    return tuple(shown)


def _by_time(cue: Cue) -> tuple[int, int]:
    return cue.start_ms, cue.end_ms


def _decoded(data: bytes) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace")
    if data[1:200:2].count(0) > 40:
        return data.decode("utf-16-le", "replace")
    if data[0:200:2].count(0) > 40:
        return data.decode("utf-16-be", "replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _canonical(timing: re.Match[str]) -> str:
    """One timing line as pysubs2 reads it without guessing; a span it would misread becomes an empty one."""
    start, end = _milliseconds(timing.groups()[:4]), _milliseconds(timing.groups()[4:])
    if start is None or end is None:
        start = end = 0
    return f"{_clock(start)} --> {_clock(end)}"


def _milliseconds(parts: tuple[str | None, ...]) -> int | None:
    hours, minutes, seconds, fraction = parts
    if int(hours or 0) > _MOST_HOURS:
        return None
    # ",5" is half a second, as a decimal fraction is; not five milliseconds.
    thousandths = int((fraction or "0").ljust(3, "0")[:3])
    return ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)) * 1000 + thousandths


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{thousandths:03}"


def _text(raw: str) -> str:
    text = raw.replace("\\N", "\n").translate(_UNSHELTER)
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Co"})
    return kept.replace("\t", " ").strip()[:_LONGEST_TEXT]


def _is_seen(text: str) -> bool:
    return bool(re.sub(r"</?[A-Za-z][^<>]*>", "", text).strip())
