"""Sites whose pages people paste where a file is expected, each with advice on the URL to send instead.

Only URLs that always return a page are refused; a site's direct links to files pass. `contract.direct_links` has
replaced the links of files by direct ones before, where these are certain. No library keeps such a list.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from contract.errors.downloads import Reason

_MEDIA_NAME = re.compile(
    r"\.(mp4|m4v|mov|webm|mkv|avi|mp3|m4a|aac|wav|ogg|oga|opus|flac|jpe?g|png|gif|webp|srt|vtt|ass)$", re.IGNORECASE
)


class _Site(NamedTuple):
    name: str
    hosts: tuple[str, ...]
    """Host names, which include their subdomains."""
    path: str
    """A regular expression for the start of a page's path, in lower case."""
    advice: str
    reason: Reason | None = None
    """The cause of a failed download, if the site returned a page for a URL that could have been a file."""


_DOWNLOAD = "download the file, if you are allowed to, upload it (POST /uploads), and send upload:<upload_id>"
_NEVER = r"(?!)"
"""Matches no path: any URL of the site may be a file."""

_SITES = (
    _Site("YouTube", ("youtube.com", "youtube-nocookie.com", "youtu.be"), "/", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("Vimeo", ("vimeo.com",), r"/(?!progressive_redirect/|external/)", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("TikTok", ("tiktok.com",), "/", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("Instagram", ("instagram.com",), "/", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("Facebook", ("facebook.com", "fb.watch"), "/", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("X", ("twitter.com", "x.com"), "/", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("Twitch", ("twitch.tv",), "/", _DOWNLOAD, Reason.VIDEO_SITE),
    _Site("Dailymotion", ("dailymotion.com", "dai.ly"), "/", _DOWNLOAD, Reason.VIDEO_SITE),
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
        "share the file itself with everyone who has the link, and send the link that Copy link returns",
        Reason.GOOGLE_DRIVE,
    ),
    _Site("Google Docs", ("docs.google.com",), "/(?!uc)(?!.*/export)", _DOWNLOAD, Reason.GOOGLE_DRIVE),
    _Site("Google Drive", ("drive.usercontent.google.com",), _NEVER, "", Reason.GOOGLE_DRIVE),
    _Site(
        "SharePoint", ("sharepoint.com",), "/:[fo]:/",
        "share the file itself with everyone who has the link, and send its link", Reason.SHAREPOINT,
    ),
    _Site(
        "GitHub", ("github.com",), "/[^/]+/[^/]+/blob/",
        "replace /blob/ with /raw/ in the URL, or open the file there and copy the address of the Raw button",
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

_DROPBOX_ADVICE = "send the link of the file itself, not of its folder"
_DROPBOX = _Site("Dropbox", ("dropbox.com",), "/(s|sh|scl)/", _DROPBOX_ADVICE, Reason.DROPBOX)
_SITES_WITH_FILENAMES = frozenset({"GitHub", "GitLab", "Hugging Face", "Wikimedia"})
"""Sites whose page about a file has a URL that ends with the filename."""


def is_media_name(path: str) -> bool:
    """Return True if the path ends like the name of a media file."""
    return _MEDIA_NAME.search(path) is not None


def page_advice(url: str) -> str | None:
    """Name the page that a normalized URL leads to and what to send instead. Returns None if it may be a file."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path.lower()
    site = next((site for site in (_DROPBOX, *_SITES) if _is_on(site, host) and re.match(site.path, path)), None)
    if site is None or _is_direct_link(site, path, parts.query):
        return None
    return f"the URL leads to a page of {site.name}, not to a file; {site.advice}"


def find_known_site(*hosts: str) -> Reason | None:
    """Return the known site that one of the hosts belongs to, as the cause of a download that returned a page."""
    for site in (_DROPBOX, *_SITES):
        if site.reason is not None and any(_is_on(site, host) for host in hosts):
            return site.reason
    return None


def _is_direct_link(site: _Site, path: str, query: str) -> bool:
    if site is _DROPBOX:
        options = dict(parse_qsl(query))
        return options.get("dl") == "1" or options.get("raw") == "1"
    if site.name == "GitHub" and "raw=true" in query:
        return True
    return site.name not in _SITES_WITH_FILENAMES and is_media_name(path)


def _is_on(site: _Site, host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in site.hosts)
