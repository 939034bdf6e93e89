"""Web pages that people paste where a file is expected, and what to send instead.

Only addresses that always answer with a page are listed. A site's own direct links to files are let through.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

_MEDIA_NAME = re.compile(
    r"\.(mp4|m4v|mov|webm|mkv|avi|mp3|m4a|aac|wav|ogg|oga|opus|flac|jpe?g|png|gif|webp|srt|vtt|ass)$", re.IGNORECASE
)


class _Site(NamedTuple):
    name: str
    hosts: tuple[str, ...]
    """The host itself or anything below it."""
    path: str
    """Expression that the start of the path matches, in lower case."""
    advice: str


_DOWNLOAD = "download the file, if you may, put it where a link leads to the file itself, and send that link"

_SITES = (
    _Site("YouTube", ("youtube.com", "youtube-nocookie.com", "youtu.be"), "/", _DOWNLOAD),
    _Site("Vimeo", ("vimeo.com",), r"/(?!progressive_redirect/|external/)", _DOWNLOAD),
    _Site("TikTok", ("tiktok.com",), "/", _DOWNLOAD),
    _Site("Instagram", ("instagram.com",), "/", _DOWNLOAD),
    _Site("Facebook", ("facebook.com", "fb.watch"), "/", _DOWNLOAD),
    _Site("X", ("twitter.com", "x.com"), "/", _DOWNLOAD),
    _Site("Twitch", ("twitch.tv",), "/", _DOWNLOAD),
    _Site("Dailymotion", ("dailymotion.com", "dai.ly"), "/", _DOWNLOAD),
    _Site("Loom", ("loom.com",), "/(share|embed)/", _DOWNLOAD),
    _Site("SoundCloud", ("soundcloud.com",), "/", _DOWNLOAD),
    _Site("Spotify", ("open.spotify.com",), "/", _DOWNLOAD),
    _Site("Canva", ("canva.com",), "/design/", _DOWNLOAD),
    _Site("Pexels", ("www.pexels.com", "pexels.com"), "/([a-z-]+/)?(photo|video)/", _DOWNLOAD),
    _Site("Pixabay", ("pixabay.com",), "/([a-z]+/)?(photos|videos|music|illustrations)/", _DOWNLOAD),
    _Site("Unsplash", ("unsplash.com",), "/photos/(?!.*/download$)", _DOWNLOAD),
    _Site("Google Photos", ("photos.google.com", "photos.app.goo.gl"), "/", _DOWNLOAD),
    _Site("iCloud", ("icloud.com",), "/", _DOWNLOAD),
    _Site("WeTransfer", ("wetransfer.com", "we.tl"), "/", _DOWNLOAD),
    _Site("MEGA", ("mega.nz", "mega.io"), "/", _DOWNLOAD),
    _Site("OneDrive", ("1drv.ms", "onedrive.live.com"), "/(?!download)", _DOWNLOAD),
    _Site("Box", ("app.box.com",), "/(s|file)/", _DOWNLOAD),
    _Site(
        "Google Drive", ("drive.google.com",), "/(file/|drive/|open)",
        "share the file with everyone who has the link and send "
        "https://drive.usercontent.google.com/download?id=FILE_ID&export=download&confirm=t",
    ),
    _Site("Google Docs", ("docs.google.com",), "/(?!uc)(?!.*/export)", _DOWNLOAD),
    _Site(
        "GitHub", ("github.com",), "/[^/]+/[^/]+/blob/",
        "replace /blob/ with /raw/ in the URL, or open the file there and copy the address behind Raw",
    ),
    _Site("GitLab", ("gitlab.com",), "/.+/-/blob/", "replace /-/blob/ with /-/raw/ in the URL"),
    _Site("Hugging Face", ("huggingface.co",), "/.+/blob/", "replace /blob/ with /resolve/ in the URL"),
    _Site(
        "Wikimedia", ("wikimedia.org", "wikipedia.org"), "/wiki/[^/]+:(?!filepath/|redirect/)",
        "choose Original file on that page and send the URL that begins with https://upload.wikimedia.org/",
    ),
    _Site(
        "the Internet Archive", ("archive.org",), "/details/",
        "replace /details/ with /download/ in the URL and end it with the name of the file",
    ),
)  # fmt: skip

_DROPBOX = "end the URL with dl=1 instead of dl=0"
_PAGES_WITH_ENDINGS = frozenset({"GitHub", "GitLab", "Hugging Face", "Wikimedia"})
"""Their pages about a file end with the name of the file."""


def is_media_name(path: str) -> bool:
    """Return True for a path that ends like the name of a media file."""
    return _MEDIA_NAME.search(path) is not None


def page_advice(url: str) -> str | None:
    """Name the page that a normalized URL leads to and what to send instead; None if it may be a file."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path.lower()
    if is_below(host, "dropbox.com") and re.match("/(s|sh|scl)/", path):
        asked = dict(parse_qsl(parts.query))
        return None if asked.get("dl") == "1" or asked.get("raw") == "1" else _sentence("Dropbox", _DROPBOX)
    for site in _SITES:
        if not any(is_below(host, name) for name in site.hosts) or not re.match(site.path, path):
            continue
        if site.name not in _PAGES_WITH_ENDINGS and is_media_name(path):
            return None
        if site.name == "GitHub" and "raw=true" in parts.query:
            return None
        return _sentence(site.name, site.advice)
    return None


def is_below(host: str, name: str) -> bool:
    """Return True if the host has this name, or is a subdomain of it."""
    return host == name or host.endswith(f".{name}")


def _sentence(name: str, advice: str) -> str:
    return f"the URL leads to a page of {name}, not to a file; {advice}"
