"""Which characters need a second look before they are drawn, and what to call those that no font has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from gpu_worker.media.info import Cue

_PICTOGRAPH = (
    "\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202"
    "\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
    "⌚⌛⏩-⏬⏰⏳◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓-❕❗\u2795-\u2797➰➿⬛⬜⭐⭕"
)
"""Characters that Unicode has drawn as emoji unless told otherwise."""

_ONE = f"(?:[{_PICTOGRAPH}]|[©®\u203c-\u3299]\ufe0f)[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{1,2}}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d(?:{_ONE}|[\u2190-\u2bff]\ufe0f?))*"
)
"""One emoji: a flag, a keycap, or a pictograph with all that is joined to it."""

# Every character with ink in these is in the font we ship; a test draws them all.
SHIPPED = re.compile(
    "[\x00-\u02e9\u0370-\u0525\u05d0-\u05ea\u05f0-\u05f4\u0621-\u063a\u0640-\u064a\u1e00-\u1efb\u2010-\u2027\u20a0-\u20b5]"
)
_INKLESS = frozenset({"Mn", "Mc", "Me", "Cf", "Cc", "Zs"})
"""Marks are left out too: alone they are drawn in other ways than on their letter."""
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_PER_SCRIPT, _IN_ALL = 32, 256

_SCRIPT = re.compile(
    "ADLAM|ARABIC|ARMENIAN|BALINESE|BENGALI|BOPOMOFO|BUGINESE|CANADIAN|CHAM|CHEROKEE|COPTIC|CUNEIFORM|CYRILLIC|DEVANAGARI"
    "|EGYPTIAN|ETHIOPIC|GEORGIAN|GOTHIC|GREEK|GUJARATI|GURMUKHI|HANGUL|HEBREW|HIRAGANA|JAVANESE|KANNADA|KATAKANA|KHMER"
    "|LAO|LATIN|LISU|MALAYALAM|MONGOLIAN|MYANMAR|NKO|OGHAM|ORIYA|OSAGE|RUNIC|SINHALA|SUNDANESE|SYRIAC|TAGALOG|TAMIL"
    "|TANGUT|TELUGU|THAANA|THAI|TIBETAN|TIFINAGH|VAI|YI"
)
"""First words of Unicode's character names that are the name of a script."""
_EAST_ASIAN = re.compile("[\u3000-\u303f\u30fb\u30fc\ufe30-\ufe4f\uff00-\uffef]")
_LONGEST_LIST = 64


def characters_to_check(cues: Iterable[Cue]) -> tuple[str, ...]:
    """Return the cues' emoji, and characters that the shipped text font may not have; of each script, a sample."""
    texts = {cue.text for cue in cues}
    pictures = {emoji for text in texts for emoji in EMOJI.findall(text)}
    letters = set().union(*(EMOJI.sub("", text) for text in texts))
    found: dict[str, list[str]] = {}
    for char in sorted(pictures | {char for char in letters if _is_doubtful(char)}):
        found.setdefault(script_of(char), []).append(char)
    samples = (chars[:: -(-len(chars) // _PER_SCRIPT)] for chars in found.values())
    return tuple(char for sample in samples for char in sample)[:_IN_ALL]


def _is_doubtful(char: str) -> bool:
    return not (SHIPPED.match(char) or char in _BLANKS or unicodedata.category(char) in _INKLESS)


def script_of(char: str) -> str:
    """The script of a character in plain words: `Han`, `Thai`, `emoji`, `symbols`."""
    if EMOJI.fullmatch(char):
        return "emoji"
    if _EAST_ASIAN.match(char):
        return "East Asian punctuation"
    name = unicodedata.name(char, "").partition(" ")[0]
    if name == "CJK":
        return "Han"
    return name.title() if _SCRIPT.fullmatch(name) else "symbols"


def missing_glyphs_warning(undrawn: Iterable[str]) -> str | None:
    """What to tell the client about characters that no font has; None if there are none."""
    names = sorted({script_of(char) for char in undrawn}, key=lambda name: (name.islower(), name))
    if not names:
        return None
    listed = ""
    for name in names:
        if len(listed) + len(name) > _LONGEST_LIST:
            listed += " and more"
            break
        listed += f", {name}" if listed else name
    return f"Captions have characters that no font here draws: {listed}."
