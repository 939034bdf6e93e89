"""Mistakes in what people paste or map into a URL field, each with a sentence of advice.

Used for requests only: a stored job is read as it was accepted. URL libraries reject such text without advice.
"""

from __future__ import annotations

import re

from contract.pages import is_media_name
from contract.urls import UrlError

_PLACEHOLDER = re.compile(r"\A\{[\w .]+\}\Z|\{\{|\}\}|\{%|<%|\$\{|%7B%7B|\$json\b|\$node\b", re.IGNORECASE)
_EMPTY_VALUES = frozenset({
    "undefined", "null", "none", "nil", "nan", "n/a", "#n/a", "#ref!", "#error!", "#value!", "#name?",
    "[object object]", "[object promise]", "true", "false", "string", "-",
})  # fmt: skip
"""Texts that expressions and spreadsheets return for a missing value, in lower case."""
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_DOUBLE_SCHEME = re.compile(r"https?:/*https?(:|/)", re.IGNORECASE)
_JOINED = re.compile(r"(\s|[,;|]\s*|[A-Za-z0-9])https?://", re.IGNORECASE)
_HOST = re.compile(r"https?:/+([^/:?#]*)", re.IGNORECASE)
_SCHEME_ADVICE = {
    "file": "file:// is a path on your machine; upload the file (POST /uploads) and send upload:<upload_id>",
    "data": "a data: URL is not accepted; upload the file (POST /uploads) and send upload:<upload_id>",
    "blob": "a blob: URL exists only in one browser tab; upload the file (POST /uploads) and send upload:<upload_id>",
    "s3": "s3:// is not a web address; send a presigned https:// URL of the object",
    "gs": "gs:// is not a web address; send a signed https:// URL of the object",
    "ftp": "FTP is not supported; send an https:// URL",
    "sftp": "SFTP is not supported; send an https:// URL",
    "javascript": "send the https:// URL of the file itself",
    "mailto": "send the https:// URL of the file itself",
    "rtmp": "live streams are not supported; send the https:// URL of a file",
    "rtsp": "live streams are not supported; send the https:// URL of a file",
    "magnet": "torrents are not supported; send the https:// URL of a file",
    "ipfs": "send the https:// URL of a gateway that serves the file",
}
_PATH = re.compile(r"([A-Za-z]:[\\/]|\\\\|/(?!/)|\.{1,2}[\\/]|~[\\/])")
_BARE_HOST = re.compile(r"(//)?([a-z0-9_-]+\.)+[a-z]{2,}([:/?#]|$)", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]{200,}={0,2}")
_CUES = re.compile(r"-->|\A(WEBVTT|\[Script Info\])")


def check_pasted(text: str) -> None:
    """Raise UrlError if `text` is certainly not one URL of a file. `parse_url` checks the rest."""
    text = text.strip()
    for advice in (_check_expression(text), _check_kind(text), _check_single(text)):
        if advice is not None:
            raise UrlError(advice)


def _check_expression(text: str) -> str | None:
    if _PLACEHOLDER.search(text):
        return "a placeholder such as {{ … }} was not replaced by its value; check the expression that fills this field"
    host = _HOST.match(text)
    if (host[1] if host else text).lower() in _EMPTY_VALUES:
        return "the expression that fills this field has no value; check the name of the field that it reads"
    if text[:1] in "\"'<`([" and _SCHEME.match(text[1:]):
        return "remove the quotes or brackets around the URL"
    if text.startswith("<"):
        return "this is HTML; send the URL of the file as text"
    if text[:1] in "{[":
        return "this is JSON; send the URL of the file as text"
    return None


def _check_kind(text: str) -> str | None:
    scheme, colon, _ = text.partition(":")
    if colon and (advice := _SCHEME_ADVICE.get(scheme.lower())):
        return advice
    if _CUES.search(text):
        return "these are subtitles; send them in captions, or put them into a file and send its https:// URL"
    if _PATH.match(text) or (not {"/", ":"} & set(text) and is_media_name(text)):
        return "this is a path on your machine; upload the file (POST /uploads) and send upload:<upload_id>"
    if _BASE64.fullmatch(text):
        return "the contents of a file are not accepted; upload the file (POST /uploads) and send upload:<upload_id>"
    if _BARE_HOST.match(text):
        return "the URL must start with https://; write https:// in front of it"
    return None


def _check_single(text: str) -> str | None:
    if _DOUBLE_SCHEME.match(text):
        return "https:// appears twice at the start of the URL; remove one of them"
    starts = [found.start() for found in _SCHEME.finditer(text)]
    if len(starts) == 2 and starts[0] == 0 and text[: starts[1]].rstrip(" \t\r\n,;|") == text[starts[1] :]:
        return "the URL appears twice in the field; send it once"
    joined = _JOINED.search(text, len("https://"))
    # After a question mark it may be an argument of a service that fetches it.
    if joined and "?" not in text[: joined.start()]:
        return "the field holds more than one URL; send one, for example https://example.com/clip.mp4"
    return None
