"""Decode the bytes of a subtitle file. Files older than UTF-8 do not say which of two dozen encodings they use."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from gpu_worker.subtitles.encodings import NAMES, guess_encoding

_BOMS = (
    # Before UTF-16: its little-endian mark begins like this one.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = 4096
_SAMPLE = 6000
"""Bytes of lines that are looked at to find an encoding."""
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_PLAIN = re.compile(r"[\n\r -~]")


class Decoded(NamedTuple):
    """The text, and the encoding's name if it was guessed; `sure` if no other is nearly as likely."""

    text: str
    guessed: str | None = None
    sure: bool = True


def decoded(data: bytes) -> Decoded:
    """Decode a subtitle file. Never fails: what cannot be read is U+FFFD."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return Decoded(data[len(bom) :].decode(encoding, "replace"))
    if wide := _wide(data[:_HEAD]):
        return Decoded(data.decode(wide, "replace"))
    # Editors put the mark of UTF-8 in front of text that is none.
    data = data.removeprefix(codecs.BOM_UTF8)
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    # A damaged byte or a cut-off end does not make UTF-8 anything else: by chance, hardly a letter reads as it.
    if broken * 10 <= len(_FOREIGN.findall(text)) - broken:
        return Decoded(text)
    encoding, sure = guess_encoding(_sample(data))
    return Decoded(data.decode(encoding, "replace"), NAMES[encoding], sure)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: digits and line ends have zeros, and only in one of the four are they plain."""
    if head.count(0) * 10 < len(head):
        return None
    plain = {
        encoding: len(_PLAIN.findall(head.decode(encoding, "replace")))
        for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
    }
    best = max(plain, key=lambda encoding: plain[encoding])
    return best if plain[best] * 10 > len(head) // 4 else None


def _sample(data: bytes) -> bytes:
    """Return lines from all over the file, first those that are not ASCII: the others tell the language, too."""
    lines = [line for line in dict.fromkeys(data.splitlines()) if b"-->" not in line]
    foreign = [line[:_SAMPLE] for line in lines if not line.isascii()]
    others = [line[:_SAMPLE] for line in lines if line.isascii() and not line.strip().isdigit()]
    return b"\n".join(_spread(foreign, _SAMPLE) + _spread(others, _SAMPLE // 4))


def _spread(lines: list[bytes], size: int) -> list[bytes]:
    step = 1 + sum(map(len, lines)) // size
    return lines[::step]
