"""Decode the bytes of a subtitle file. Files older than UTF-8 do not state which of two dozen encodings they use."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from gpu_worker.subtitles.encoding.detection import NAMES, guess_encoding

_BOMS = (
    # Before UTF-16: its little-endian mark begins like this one.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD_BYTES = 4096
_SAMPLE_BYTES = 6000
"""Bytes of the lines from which the encoding is detected."""
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_PLAIN = re.compile(r"[\n\r -~]")


class DecodedText(NamedTuple):
    """The text, and the encoding's name if it was guessed; `is_certain` if no other is nearly as likely."""

    text: str
    guessed_encoding: str | None = None
    is_certain: bool = True


def decode_subtitles(data: bytes) -> DecodedText:
    """Decode a subtitle file. Never fails: undecodable bytes become U+FFFD."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return DecodedText(data[len(bom) :].decode(encoding, "replace"))
    if wide := _detect_wide_encoding(data[:_HEAD_BYTES]):
        return DecodedText(data.decode(wide, "replace"))
    # Some editors put UTF-8's byte order mark in front of text in other encodings.
    data = data.removeprefix(codecs.BOM_UTF8)
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    # A damaged byte or a truncated end does not rule out UTF-8: text in other encodings has hardly a valid letter.
    if broken * 10 <= len(_FOREIGN.findall(text)) - broken:
        return DecodedText(text)
    encoding, is_certain = guess_encoding(_pick_sample(data))
    return DecodedText(data.decode(encoding, "replace"), NAMES[encoding], is_certain)


def _detect_wide_encoding(head: bytes) -> str | None:
    """Detect UTF-16 or UTF-32 without a byte order mark: only one of the four decodes digits and line ends to ASCII."""
    if head.count(0) * 10 < len(head):
        return None
    plain = {
        encoding: len(_PLAIN.findall(head.decode(encoding, "replace")))
        for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
    }
    best = max(plain, key=lambda encoding: plain[encoding])
    return best if plain[best] * 10 > len(head) // 4 else None


def _pick_sample(data: bytes) -> bytes:
    """Return lines from the whole file, non-ASCII ones first; the others help to identify the language."""
    lines = [line for line in dict.fromkeys(data.splitlines()) if b"-->" not in line]
    foreign = [line[:_SAMPLE_BYTES] for line in lines if not line.isascii()]
    others = [line[:_SAMPLE_BYTES] for line in lines if line.isascii() and not line.strip().isdigit()]
    return b"\n".join(_pick_evenly(foreign, _SAMPLE_BYTES) + _pick_evenly(others, _SAMPLE_BYTES // 4))


def _pick_evenly(lines: list[bytes], size: int) -> list[bytes]:
    step = 1 + sum(map(len, lines)) // size
    return lines[::step]
