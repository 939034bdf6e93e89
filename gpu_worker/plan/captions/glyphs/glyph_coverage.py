"""Select the characters that fonts may lack, and name the scripts of those that they do lack."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

_PICTOGRAPH = (
    "\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202"
    "\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
    "⌚⌛⏩-⏬⏰⏳◽◾☔☕♈-♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓-❕❗\u2795-\u2797➰➿⬛⬜⭐⭕"
)
"""Characters with default emoji presentation (Unicode, emoji-data.txt)."""

_ONE = f"(?:[{_PICTOGRAPH}]|[©®\u203c-\u3299]\ufe0f)[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{1,2}}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d(?:{_ONE}|[\u2190-\u2bff]\ufe0f?))*"
)
"""One emoji: a flag, a keycap, or a pictograph with everything joined to it."""

# The shipped font has every visible character of these ranges; a test draws them all.
SHIPPED = re.compile(
    "[\x00-\u02e9\u0370-\u0525\u05d0-\u05ea\u05f0-\u05f4\u0621-\u063a\u0640-\u064a\u1e00-\u1efb\u2010-\u2027\u20a0-\u20b5]"
)
_INVISIBLE = frozenset({"Mn", "Mc", "Me", "Cf", "Cc", "Zs"})
"""Categories that draw nothing. Marks are skipped too: alone they look different than on their letter."""
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_MAX_PER_SCRIPT, _MAX_CHARACTERS = 32, 256

_SCRIPT = re.compile(
    "ADLAM|ARABIC|ARMENIAN|BALINESE|BENGALI|BOPOMOFO|BUGINESE|CANADIAN|CHAM|CHEROKEE|COPTIC|CUNEIFORM|CYRILLIC|DEVANAGARI"
    "|EGYPTIAN|ETHIOPIC|GEORGIAN|GOTHIC|GREEK|GUJARATI|GURMUKHI|HANGUL|HEBREW|HIRAGANA|JAVANESE|KANNADA|KATAKANA|KHMER"
    "|LAO|LATIN|LISU|MALAYALAM|MONGOLIAN|MYANMAR|NKO|OGHAM|ORIYA|OSAGE|RUNIC|SINHALA|SUNDANESE|SYRIAC|TAGALOG|TAMIL"
    "|TANGUT|TELUGU|THAANA|THAI|TIBETAN|TIFINAGH|VAI|YI"
)
"""First words of Unicode character names that name a script."""
_EAST_ASIAN = re.compile("[\u3000-\u303f\u30fb\u30fc\ufe30-\ufe4f\uff00-\uffef]")
_MAX_LIST_LENGTH = 64


def characters_to_check(texts: Collection[str]) -> tuple[str, ...]:
    """Return the texts' emoji and the characters that the shipped text font may lack: a sample of each script."""
    pictures = {emoji for text in texts for emoji in EMOJI.findall(text)}
    letters = set().union(*(EMOJI.sub("", text) for text in texts))
    found: dict[str, list[str]] = {}
    for char in sorted(pictures | {char for char in letters if _needs_glyph_check(char)}):
        found.setdefault(script_of(char), []).append(char)
    samples = (chars[:: -(-len(chars) // _MAX_PER_SCRIPT)] for chars in found.values())
    return tuple(char for sample in samples for char in sample)[:_MAX_CHARACTERS]


def _needs_glyph_check(char: str) -> bool:
    return not (SHIPPED.match(char) or char in _BLANKS or unicodedata.category(char) in _INVISIBLE)


def script_of(char: str) -> str:
    """Return the script of a character in plain words: `Han`, `Thai`, `emoji`, `symbols`."""
    if EMOJI.fullmatch(char):
        return "emoji"
    if _EAST_ASIAN.match(char):
        return "East Asian punctuation"
    name = unicodedata.name(char, "").partition(" ")[0]
    if name == "CJK":
        return "Han"
    return name.title() if _SCRIPT.fullmatch(name) else "symbols"


def missing_glyphs_warning(missing: Iterable[str]) -> str | None:
    """Return the warning for the client about characters that no font has; None if there are none."""
    names = sorted({script_of(char) for char in missing}, key=lambda name: (name.islower(), name))
    if not names:
        return None
    listed = ""
    for name in names:
        if len(listed) + len(name) > _MAX_LIST_LENGTH:
            listed += " and more"
            break
        listed += f", {name}" if listed else name
    return f"Captions have characters that no font here draws: {listed}."
