"""Detect web pages sent in place of a file, and the sites that send them."""

from __future__ import annotations

from contract.download_errors import Reason
from contract.pages import is_below

SNIFFED_BYTES = 1024
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--", b"<title", b"<meta")
_SITES = {
    Reason.GOOGLE_DRIVE: ("drive.google.com", "docs.google.com", "drive.usercontent.google.com"),
    Reason.DROPBOX: ("dropbox.com",),
    Reason.SHAREPOINT: ("sharepoint.com",),
    Reason.VIDEO_SITE: (
        "youtube.com", "youtu.be", "vimeo.com", "tiktok.com", "instagram.com", "facebook.com", "x.com", "twitter.com",
        "twitch.tv", "dailymotion.com",
    ),
}  # fmt: skip


def looks_like_html(head: bytes, content_type: str = "") -> bool:
    """Return True for the first bytes of a web page, which file-sharing sites and login walls send in place of a file.

    The content type alone is not enough: many servers send text/html for files of unknown type.
    """
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0").replace(b"\0", b"").lower()
    if content_type == "text/html" and text.startswith(b"<"):
        return True
    return text.startswith(_HTML) or (text.startswith(b"<?xml") and b"<html" in text)


def find_known_site(*hosts: str) -> Reason | None:
    """Return the known site that one of the hosts belongs to; its users get specific advice."""
    for reason, names in _SITES.items():
        if any(is_below(host, name) for host in hosts for name in names):
            return reason
    return None
