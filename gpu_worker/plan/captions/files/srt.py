"""Write SRT. It has no way to escape, and players and ffmpeg take more than `<i>` and `<u>` for commands.

Other tags, `{\\an8}`, `{Y:i}` and `\\N` are such commands. A word joiner, which is invisible, after the first character
of each makes them text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gpu_worker.media.info import Cue
from gpu_worker.subtitles.markup.cue_text import JOINER

_COMMAND = re.compile(rf"(?!</?[iu]>)[<{{\\](?!{JOINER})|--(?=>)")


def write_srt(cues: Iterable[Cue]) -> str:
    """Return an SRT file, a newline without cues. Only `<i>` and `<u>` are markup in it, for ffmpeg and for players."""
    blocks = (
        f"{number}\n{format_time(cue.start_ms, ',')} --> {format_time(cue.end_ms, ',')}\n{_escape(cue.text)}\n\n"
        for number, cue in enumerate(cues, 1)
    )
    return "".join(blocks) or "\n"


def format_time(milliseconds: int, separator: str) -> str:
    """Format a time as `HH:MM:SS,mmm`, with the separator in place of the comma."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{separator}{rest:03}"


def _escape(text: str) -> str:
    return _COMMAND.sub(lambda command: command[0] + JOINER, text)
