"""Write WebVTT (https://www.w3.org/TR/webvtt1/), with the times of words where a cue has them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from gpu_worker.media.info import TOP, Cue
from gpu_worker.plan.captions.files.srt import format_time
from gpu_worker.subtitles.markup.cue_text import JOINER

_MARKUP = re.compile(r"</?[iu]>|[&<>]")
_COMMAND = re.compile(r"\\(?=[Nnh])|\{(?=\s*\\)")
"""Text in WebVTT, but commands of SRT and ASS that many readers of subtitles interpret in every format."""
_TOP_ROW = TOP - 1


def write_vtt(cues: Iterable[Cue]) -> str:
    """Return a WebVTT file. Only `<i>` and `<u>` are markup in the texts."""
    return "\n".join(["WEBVTT\n", *map(_format_cue, cues)])


def _format_cue(cue: Cue) -> str:
    settings = " line:0" if cue.place >= _TOP_ROW else ""
    times = f"{format_time(cue.start_ms, '.')} --> {format_time(cue.end_ms, '.')}{settings}"
    return f"{times}\n{''.join(_timed_text(cue))}\n"


def _timed_text(cue: Cue) -> Iterator[str]:
    """Yield the parts of the text. A time stands before each word that begins after the cue and the word before."""
    at, latest = 0, cue.start_ms
    for word in cue.words:
        found = cue.text.find(word.text, at)
        if found < 0:
            continue
        yield _escape(cue.text[at:found])
        if latest < word.start_ms < cue.end_ms:
            yield f"<{format_time(word.start_ms, '.')}>"
            latest = word.start_ms
        yield _escape(word.text)
        at = found + len(word.text)
    yield _escape(cue.text[at:])


def _escape(text: str) -> str:
    text = _COMMAND.sub(lambda command: command[0] + JOINER, text)
    return _MARKUP.sub(lambda sign: sign[0] if len(sign[0]) > 1 else html.escape(sign[0]), text)
