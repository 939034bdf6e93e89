"""The text of one cue as it is drawn: its characters, line breaks, `<i>` and `<u>`, and nothing else."""

from __future__ import annotations

import html
import re
import unicodedata

LONGEST = 2000
"""Characters drawn of one cue: far more than fits a screen, far less than stalls the renderer."""

_RAW_LONGEST = 8 * LONGEST
"""What is looked at of a cue, mark-up included. Unicode's normal forms cost the square of some texts' length."""
_MOST_MARKS = 30
"""Marks on one letter, as in Unicode's Stream-Safe Text Format (UAX 15)."""

# Each pattern stops at the next bracket, so that none looks at a character more than a few times.
_OVERRIDE = re.compile(r"\{\s*(\\[A-Za-z0-9][^{}]*)\}")
_DRAWN = re.compile(r"(\{\s*\\[^{}]*\})[^{}]*")
_DRAWING = re.compile(r"\\p[1-9]")
_PLACE = re.compile(r"\\an([1-9])")
_LINE_TAG = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
_KEPT_TAG = re.compile(r"<(/?)([iu])(?:[.\s][^<>]*)?>", re.IGNORECASE)
_OTHER_TAG = re.compile(
    r"</?(?:b|c|v|s|em|strong|font|span|lang|ruby|rt)(?:[.\s/][^<>]*)?>|<[\d:.]{5,13}>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|lrm|rlm|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_CONTROL = re.compile(r"[^\n -~]")

# Private-use characters are dropped from the text, so these can stand for its mark-up meanwhile.
_MARKS = {"<i>": "\ue000", "</i>": "\ue001", "<u>": "\ue002", "</u>": "\ue003"}
_TAGS = str.maketrans({mark: tag for tag, mark in _MARKS.items()})
_TAG = re.compile("|".join(_MARKS))

_JOINER = "\u2060"
"""Draws nothing. Behind a bracket, it makes what follows text."""
_UNDRAWN = {"Cc", "Cs", "Co", "Zl", "Zp"}
_ANNOTATIONS = frozenset("\u00ad\ufeff\ufff9\ufffa\ufffb\ufffc")
"""Soft hyphens, stray byte order marks and the like: fonts draw them as hyphens or boxes."""


def cleaned(raw: str) -> tuple[str, int | None]:
    r"""Return the text, and the place a `{\anN}` asks for (as on a number pad: 2 is bottom centre).

    The text is in Unicode's normal form C, without control and private-use characters; `<i>`, `</i>`,
    `<u>`, `</u>` are mark-up, all else is literal. Other tags and ASS commands are gone.
    """
    text = _drawable(raw[:_RAW_LONGEST])
    asked = _PLACE.search("".join(_OVERRIDE.findall(text)))
    text = _OVERRIDE.sub("", _DRAWN.sub(_without_drawing, text))
    text = _OTHER_TAG.sub("", _LINE_TAG.sub("\n", text))
    text = _KEPT_TAG.sub(lambda tag: _MARKS[f"<{tag[1]}{tag[2].lower()}>"], text)
    if "&" in text:
        text = unicodedata.normalize("NFC", _ENTITY.sub(_character, text))
    lines = (_SPACES.sub(" ", line).strip(" ") for line in text.split("\n"))
    text = "\n".join(line for line in lines if line)
    for command in (_OVERRIDE, _LINE_TAG, _KEPT_TAG, _OTHER_TAG):
        # What looks like a command only now was not one in the file.
        text = command.sub(lambda found: found[0][0] + _JOINER + found[0][1:], text)
    return text.translate(_TAGS), int(asked[1]) if asked else None


def is_seen(text: str) -> bool:
    """True if anything of the text may leave ink: more than spaces, mark-up and formatting characters."""
    return any(unicodedata.category(char) not in {"Zs", "Cc", "Cf"} for char in _TAG.sub("", text))


def _drawable(text: str) -> str:
    if not _CONTROL.search(text):
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if char in "\n\t" or (category not in _UNDRAWN and _is_text(char) and marks <= _MOST_MARKS):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _is_text(char: str) -> bool:
    code = ord(char)
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return not noncharacter and char not in _ANNOTATIONS


def _without_drawing(command: re.Match[str]) -> str:
    """Drop the vector graphics that follow a command to draw them: letters and numbers that are no text."""
    return command[1] if _DRAWING.search(command[1]) else command[0]


def _character(entity: re.Match[str]) -> str:
    return _drawable(html.unescape(entity[0])).replace("\n", " ")
