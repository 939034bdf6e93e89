"""Extract text from RTF, the format in which TextEdit and WordPad save subtitles by default."""

from __future__ import annotations

import re

# Groups of fonts, colors and pictures, and those that a reader may skip.
_HIDDEN = re.compile(r"\\(?:\*|fonttbl|colortbl|stylesheet|info|pict|header|footer|listtable|rsidtbl)(?![a-z])")
_TOKEN = re.compile(
    r"\\u(?P<unicode>-?\d{1,6}) ?(?:\\'[0-9a-fA-F]{2}|\?)?|(?P<bytes>(?:\\'[0-9a-fA-F]{2})+)"
    r"|\\(?P<word>[a-zA-Z]{1,32})-?\d{0,9} ?|\\(?P<sign>[^a-zA-Z])|(?P<brace>[{}])|(?P<text>[^\\{}]+)",
    re.DOTALL,
)
_CODE_PAGE = re.compile(r"\\ansicpg(\d{3,5})")
_WORDS = {"par": "\n", "line": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022"}
_WORDS |= {"lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d", "row": "\n"}
_SIGNS = {"\\": "\\", "{": "{", "}": "}", "~": "\u00a0", "_": "-", "\n": "\n", "\r": "\n"}


def is_rtf(text: str) -> bool:
    """Detect RTF by its first characters."""
    return text.lstrip("\ufeff \t\r\n").startswith("{\\rtf")


def extract_rtf_text(text: str) -> str:
    """Return the text of an RTF document. Never fails: unknown commands are left out."""
    found = _CODE_PAGE.search(text[:2000])
    code_page = f"cp{found[1]}" if found else "cp1252"
    plain: list[str] = []
    depth = 0
    hidden_from: int | None = None
    for token in _TOKEN.finditer(text):
        if token["brace"]:
            depth += 1 if token["brace"] == "{" else -1
            if hidden_from is not None and depth < hidden_from:
                hidden_from = None
        elif hidden_from is None:
            if _HIDDEN.match(token[0]):
                hidden_from = depth
            else:
                plain.append(_render_token(token, code_page))
    return "".join(plain)


def _render_token(token: re.Match[str], code_page: str) -> str:
    if token["unicode"]:
        return chr(int(token["unicode"]) % 0x10000)
    if token["bytes"]:
        data = bytes.fromhex(token["bytes"].replace("\\'", ""))
        try:
            return data.decode(code_page, "replace")
        except LookupError:
            return data.decode("cp1252", "replace")
    if token["word"]:
        return _WORDS.get(token["word"], "")
    if token["sign"]:
        return _SIGNS.get(token["sign"], "")
    # Line ends of the file itself are not part of the text.
    return token["text"].replace("\r", "").replace("\n", "")
