"""Split a subtitle file into lines, without what editors, web pages and language models add around them."""

from __future__ import annotations

import re

from gpu_worker.subtitles.formats.timing import ARROW

# Text mode on Windows, twice: \r\r\n.
_LINE_BREAK = re.compile(r"\r{0,9}\n|[\r\x0b\x0c\x85\u2028\u2029]")
_TAG_BREAK = re.compile(r"<br[ \t]{0,9}/?>", re.IGNORECASE)
_TAG_BREAK_BEFORE_TIME = re.compile(
    r"<br[ \t]{0,9}/?>\s{0,9}\d{1,3}:\d\d:\d\d[^\n]{1,30}-[ \t]?(?:>|&gt;)", re.IGNORECASE
)
_ESCAPED_END = re.compile(r"\\(?:par\b)?[ \t]{0,9}$", re.MULTILINE)
_ESCAPED_BREAK_BEFORE_TIME = re.compile(r"\\n\d{1,2}:\d\d:\d\d[,.]\d{1,3} ?--?>")
_TIME_WITHIN = re.compile(r"(?<=[^\s>])[ \t]{1,9}(?:\d{1,6}[ \t]{1,9})?(?=\d{1,2}:\d\d:\d\d[,.]\d{1,3}[ \t]{0,9}-->)")
_QUOTE = re.compile(r"[ \t]{0,3}>[ \t]?")
_QUOTED_TIME = re.compile(r"[ \t]{0,3}>[ \t]?\d{1,2}:\d\d")
_BLANK = re.compile(r"(?:\s|[\ufeff\u200b\u2060\\]|<br[ \t]{0,9}/?>|</?(?:p|div)>|&nbsp;|\\par\b)*", re.IGNORECASE)
_FENCE = re.compile(
    r"[ \t>]{0,9}(?:`{3,}|~{3,})[ \t]{0,9}[\w+-]{0,20}[ \t]{0,9}"
    r"|[ \t]{0,9}(?:</?(?:pre|code|body|html|textarea|article)(?:\s[^<>]{0,200})?>[ \t]{0,9}){1,9}",
    re.IGNORECASE,
)
_FENCE_AFTER_TEXT = re.compile(r"(?:`{3,}|</(?:pre|code|body|html|textarea)>)[ \t]{0,9}$", re.IGNORECASE)
_REMARK = re.compile(
    r"[-*_=]{3,}\s{0,9}$"
    r"|\W{0,5}(?:let me know|feel free|would you like me|do you want me to"
    r"|(?:i )?hope (?:this|that|these|it) (?:help|work)"
    r"|i(?:'|\u2019)?(?:ve| have) (?:kept|translated|created|included|preserved|adjusted)|is there anything else"
    r"|if you(?:(?:'|\u2019)d like| need| want)(?: me| any| more| further| another| the| to)\b|(?:please )?note that"
    r"|(?:this|these|the|your) (?:srt|vtt|subtitles?|transcript|translation|file)\b|\(?end of (?:file|srt|subtitles)"
    r"|you can (?:now )?(?:save|copy|use) (?:this|the|it)|(?:save|copy) (?:this|the) (?:file|text|content|code|above))",
    re.IGNORECASE,
)


def split_lines(text: str) -> list[str]:
    """Split text into lines at any kind of line end."""
    text = _LINE_BREAK.sub("\n", text).replace("\0", "")
    if _TAG_BREAK_BEFORE_TIME.search(text):
        text = _TAG_BREAK.sub("\n", text)
    if _ESCAPED_BREAK_BEFORE_TIME.search(text):
        # Copied out of JSON without unescaping.
        text = text.strip(' \n"').replace("\\r", "").replace("\\n", "\n").replace('\\"', '"')
    lines = text.split("\n")
    if any(line.count("-->") > 1 for line in lines):
        lines = [part for line in lines for part in _TIME_WITHIN.sub("\n", line).split("\n")]
    if len(lines) > 6 and not any(lines[1::2]):
        # Each line end was doubled.
        lines = lines[::2]
    return _strip_line_frames(lines)


def _strip_line_frames(lines: list[str]) -> list[str]:
    """Drop prefixes and suffixes that every line has, as in a Markdown quotation."""
    if any(_QUOTED_TIME.match(line) for line in lines):
        lines = [_QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line for line in lines]
    if any(ARROW.search(line) and _ESCAPED_END.search(line) for line in lines[:50]):
        # RTF without its header: each line ends with a line break command.
        lines = [_ESCAPED_END.sub("", line) for line in lines]
    return lines


def is_blank(line: str) -> bool:
    """Return True if nothing of the line is drawn: spaces, or tags that only break or group lines."""
    return bool(_BLANK.fullmatch(line))


def cut_at_fence(lines: list[str]) -> list[str]:
    """Return the lines before the end of a Markdown or HTML block; after it come remarks about the subtitles."""
    for at, line in enumerate(lines):
        if _FENCE.fullmatch(line):
            return lines[:at]
        if _FENCE_AFTER_TEXT.search(line):
            return [*lines[:at], _FENCE_AFTER_TEXT.sub("", line)]
    return lines


def strip_closing_remark(last: list[str], others: list[list[str]]) -> list[str]:
    """Return the lines of the last cue without a language model's closing remark.

    A paragraph after a blank line is one if it starts like one, or if no other cue has a second paragraph.
    """
    first = next((at for at, line in enumerate(last) if not is_blank(line)), len(last))
    starts = [at for at in range(first + 1, len(last)) if is_blank(last[at - 1]) and not is_blank(last[at])]
    if not starts:
        return last
    alone = sum(map(bool, others)) > 1 and not any(map(_has_gap, others))
    end = next((at for at in starts if alone or _REMARK.match(last[at])), len(last))
    return last[:end]


def _has_gap(lines: list[str]) -> bool:
    """Return True if there is a blank line between two others."""
    blank = "".join("." if is_blank(line) else "x" for line in lines).strip(".")
    return "." in blank
