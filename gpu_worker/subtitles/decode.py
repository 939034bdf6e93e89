"""Bytes of a subtitle file to text. Files older than UTF-8 do not say which of a dozen encodings they use."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: its little-endian mark begins like this one.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
_SAMPLE = 64 * 1024
_WESTERN = "cp1252"
_LEGACY = {
    _WESTERN: "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "koi8_r": "KOI8-R",
    "cp874": "Windows-874",
    "cp932": "Shift_JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "EUC-KR",
}
"""Encodings that subtitles are met in, and the names their users know."""

_FOREIGN = re.compile(r"[^\x00-\x7f]")
_LETTER = re.compile(r"[^\W\d_]")
_ACCENTED = re.compile(r"[À-ÖØ-ÜßŠŒŽŸà-öø-üšœžÿ]")
_NORDIC = re.compile(r"[ÝÞýþ]")
"""Turkish files have these bytes too, for other letters; but none of the vowels with an acute accent."""
_ACUTE = re.compile(r"[áéíóúæ]")
_TYPOGRAPHIC = re.compile(r"[\xa0€£§©®™°ªº«»¡¿·\xb4\u2013\u2014\u2018-\u201a“”„…•]")
_IN_A_WORD = re.compile(r"[^\W\d_][\xa1-\xa3\xa5\xa6\xaa\xac\xae\xb1-\xb3\xb5\xb6\xb8-\xbf]+[^\W\d_]|[a-zß-ÿ][À-ÞŠŒŽ]")


def decoded(data: bytes) -> tuple[str, str | None]:
    """Return the text, and the encoding's name where it was guessed. Never fails: what cannot be read is U+FFFD."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace"), None
    for encoding, width in _WIDE:
        at = data.find("->".encode(encoding))
        if at >= 0 and at % width == 0:
            return data.decode(encoding, "replace"), None
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    # A damaged byte or a cut-off end does not make UTF-8 anything else: by chance, hardly a letter reads as it.
    if broken * 10 <= len(_FOREIGN.findall(text)) - broken:
        return text, None
    encoding = _legacy(data)
    return data.decode(encoding, "replace"), _LEGACY[encoding]


def _legacy(data: bytes) -> str:
    lines = (line for line in data.splitlines() if not line.isascii())
    sample = b"\n".join(lines)[:_SAMPLE]
    if _reads_western(sample.decode(_WESTERN, "replace")):
        return _WESTERN
    from charset_normalizer import from_bytes  # noqa: PLC0415 - few files need it

    best = from_bytes(sample, cp_isolation=list(_LEGACY)).best()
    return best.encoding if best is not None and best.encoding in _LEGACY else _WESTERN


def _reads_western(text: str) -> bool:
    """True for text of which Windows-1252 makes words. Detectors take French for Polish; this does not."""
    foreign, letters = len(_FOREIGN.findall(text)), len(_LETTER.findall(text))
    accented = len(_ACCENTED.findall(text))
    if _ACUTE.search(text):
        accented += len(_NORDIC.findall(text))
    usual = accented + len(_TYPOGRAPHIC.findall(text))
    return foreign == usual and accented * 2 <= letters and not _IN_A_WORD.search(text)
