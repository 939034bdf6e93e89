"""Clean the text of one cue: keep its characters, line breaks, `<i>` and `<u>`, and nothing else."""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5

from gpu_worker.subtitles.formats.blocks import Dialect

MAX_CHARS = 2000
"""Characters drawn per cue: far more than fits a screen, far fewer than stall the renderer."""

_MAX_RAW_CHARS = 8 * MAX_CHARS
"""Characters read per cue, markup included. Normalizing some texts takes time quadratic in their length."""
_MAX_MARKS = 30
"""Combining marks per letter, as in Unicode's Stream-Safe Text Format (UAX 15)."""
_MAX_ESCAPES = 4
"""Rounds of unescaping entities: programs escape text that is already escaped (`&amp;amp;lt;`)."""

# Each pattern stops at the next bracket, so that matching takes linear time.
_OVERRIDE = re.compile(r"\{\s*(\\[A-Za-z0-9][^{}]*)\}")
_BRACES = re.compile(r"\{[^{}]*\}")
_DRAWN = re.compile(r"(\{\s*\\[^{}]*\})[^{}]*")
_DRAWING = re.compile(r"\\p[1-9]")
_POSITION = re.compile(r"\\an([1-9])")
_LINE_TAG = re.compile(r"<br[ \t]*/?>|\[br\]|</(?:p|div|li|h[1-6])>", re.IGNORECASE)
_KEPT_TAG = re.compile(r"<(/?)([iu])(?:[.\s][^<>]*)?>", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"</?(?:b|c|v|s|em|strong|font|span|lang|ruby|r[btp]|p|div|center|big|small|strike|del|ins|mark|tt|pre|code|su[bp]"
    r"|a|ul|ol|li|h[1-6]|blockquote|article|section|table|tr|td|th|tbody|body|html|head|meta|cite|q|abbr|label)"
    r"(?:[.\s/][^<>]*)?>|<[\d:.]{5,13}>",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]{5,13}>|</>")
"""In WebVTT, nothing in angle brackets is text."""
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,23}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_EMPHASIS = re.compile(r"(?<![\w*\u2060])(\*{1,3})(?=[^\s*\u2060])[^*]*(?<=[^\s*])\1(?![\w*])")
_STRONG = re.compile(r"(?<![\w\u2060])__(?=[^\s_\u2060])[^_]*(?<=[^\s_])__(?!\w)")
_MAY_BE_MARKUP = re.compile(r"[<{*_&\[]")
# Not in a path: C:\New, \\host\Name.
_ESCAPE = re.compile(r"(?<!\\)\\([Nnh])")
_PATH = re.compile(r"(?<![A-Za-z])[A-Za-z]:\\|\\\\")
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_CONTROL = re.compile(r"[^\n -~]")

# Private-use characters are dropped from the text first, so these can represent its markup.
_MARKS = {"<i>": "\ue000", "</i>": "\ue001", "<u>": "\ue002", "</u>": "\ue003"}
_TAGS = str.maketrans({mark: tag for tag, mark in _MARKS.items()})
_TAG = re.compile("|".join(_MARKS))

JOINER = "\u2060"
"""Word joiner, which is invisible. After a bracket or a backslash, it makes the rest text, not markup or a command."""
_UNDRAWN = {"Cc", "Cs", "Co", "Zl", "Zp"}
_ANNOTATIONS = frozenset("\u00ad\ufeff\ufff9\ufffa\ufffb\ufffc")
"""Soft hyphens, stray byte order marks and similar: fonts draw them as hyphens or boxes."""


def clean_text(raw: str, dialect: Dialect) -> tuple[str, int | None]:
    r"""Return the text, and the position that `{\anN}` sets (as on a number pad: 2 is bottom center).

    The text is in Unicode's normal form C, without control and private-use characters; `<i>`, `</i>`,
    `<u>`, `</u>` are markup, all else is literal. Other tags, Markdown emphasis and ASS commands are removed.
    """
    text = _keep_drawable(raw[:_MAX_RAW_CHARS])
    position = None
    if "{" in text:
        position = _POSITION.search("".join(_OVERRIDE.findall(text)))
        text = _OVERRIDE.sub("", _DRAWN.sub(_remove_drawing, text))
        text = _BRACES.sub("", text) if dialect is Dialect.ASS else text
    if "\\" in text:
        text = _convert_line_breaks(text)
    if _MAY_BE_MARKUP.search(text):
        text = _remove_markup(text, _ANY_TAG if dialect is Dialect.VTT else _HTML_TAG)
    lines = (_SPACES.sub(" ", line).strip(" ") for line in text.split("\n"))
    text = "\n".join(line for line in lines if line)
    if _MAY_BE_MARKUP.search(text):
        text = _neutralize_markup(text)
    return text.translate(_TAGS), int(position[1]) if position else None


def _remove_markup(text: str, tags: re.Pattern[str]) -> str:
    text = _LINE_TAG.sub("\n", text)
    text = _KEPT_TAG.sub(lambda tag: _MARKS[f"<{tag[1]}{tag[2].lower()}>"], text)
    text = tags.sub("", text)
    text = _STRONG.sub(_strip_emphasis, _EMPHASIS.sub(_strip_emphasis, text))
    for _ in range(_MAX_ESCAPES if "&" in text else 0):
        text = _ENTITY.sub(_decode_entity, text)
    return unicodedata.normalize("NFC", text)


def _neutralize_markup(text: str) -> str:
    """Neutralize text that only now looks like markup, and was none in the file."""
    for command in (_OVERRIDE, _LINE_TAG, _KEPT_TAG, _HTML_TAG, _EMPHASIS, _STRONG):
        text = command.sub(_make_literal, text)
    return _ENTITY.sub(lambda found: found[0] if _decode_entity(found) == found[0] else _make_literal(found), text)


def is_visible(text: str) -> bool:
    """Return True if the text has more than spaces, markup and formatting characters."""
    return any(unicodedata.category(char) not in {"Zs", "Cc", "Cf"} for char in _TAG.sub("", text))


def clean_literal(raw: str) -> str:
    """Return a text on one line in which nothing is markup, and no character that cannot be drawn."""
    return _neutralize_markup(_SPACES.sub(" ", _keep_drawable(raw[:MAX_CHARS]).replace("\n", " ")).strip(" "))


def remove_tags(text: str) -> str:
    """Return a cue's text without `<i>` and `<u>`, and without what would look like one then."""
    return _KEPT_TAG.sub(_make_literal, _TAG.sub("", text))


def _keep_drawable(text: str) -> str:
    if not _CONTROL.search(text):
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if char in "\n\t" or (category not in _UNDRAWN and _is_text(char) and marks <= _MAX_MARKS):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _is_text(char: str) -> bool:
    code = ord(char)
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return not noncharacter and char not in _ANNOTATIONS


def _convert_line_breaks(text: str) -> str:
    r"""Replace `\N` and `\n` by a line break and `\h` by a space, as players do, except in file paths."""
    words = re.split(r"(\s+)", text)
    return "".join(word if _PATH.search(word) else _ESCAPE.sub(_replace_escape, word) for word in words)


def _replace_escape(escape: re.Match[str]) -> str:
    return "\u00a0" if escape[1] == "h" else "\n"


def _strip_emphasis(emphasis: re.Match[str]) -> str:
    return emphasis[0].strip("*_")


def _remove_drawing(command: re.Match[str]) -> str:
    """Drop the vector graphics after a drawing command: letters and numbers that are not text."""
    return command[1] if _DRAWING.search(command[1]) else command[0]


def _decode_entity(entity: re.Match[str]) -> str:
    name = entity[0][1:]
    if name[0] != "#" and name not in html5:
        return entity[0]
    return _keep_drawable(html.unescape(entity[0])).replace("\n", " ")


def _make_literal(command: re.Match[str]) -> str:
    return command[0][0] + JOINER + command[0][1:]
