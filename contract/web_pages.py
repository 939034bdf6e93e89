"""Detect web pages sent in place of a file."""

from __future__ import annotations

SNIFFED_BYTES = 1024
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--", b"<title", b"<meta")


def looks_like_html(head: bytes, content_type: str = "") -> bool:
    """Return True for the first bytes of a web page, which file-sharing sites and login walls send in place of a file.

    The content type alone is not enough: many servers send text/html for files of unknown type.
    """
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0").replace(b"\0", b"").lower()
    if content_type == "text/html" and text.startswith(b"<"):
        return True
    return text.startswith(_HTML) or (text.startswith(b"<?xml") and b"<html" in text)
