"""Share links of hosting sites whose direct link is certain: requests that name a page of a file get the file.

Only forms that the sites document, or redirect to themselves, are listed; `contract.pages` refuses the others with
advice. OneDrive for persons (1drv.ms, onedrive.live.com) has no public direct form since its files moved to another
service, so its links stay as they are. No library keeps such a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from contract.pages import is_media_name

_DRIVE_ID = r"[A-Za-z0-9_-]{10,128}"
_DRIVE_FILE = re.compile(rf"(?:/a/[^/]+)?/file/(?:u/\d+/)?d/({_DRIVE_ID})(?:/[a-z]*)?/?")
_DRIVE_QUERY = re.compile(r"(?:/a/[^/]+)?(?:/u/\d+)?/(?:open|uc)/?")
_DRIVE_DOWNLOAD = re.compile(r"/(?:download|uc)/?")
_DROPBOX_FILE = re.compile(r"/(?:s|scl/fi)/[^/]+(?:/[^/]+)?/?")
_DROPBOX_IN_FOLDER = re.compile(r"/(?:sh|scl/fo)/.+/[^/]+")
_SHAREPOINT_FILE = re.compile(r"/:[a-np-z]:/[a-z]/.+", re.IGNORECASE)
"""`:f:` is a folder, `:o:` a notebook; each other letter is a kind of file."""
_SHAREPOINT_FOLDER = "/:f:/"
_GITHUB_FILE = re.compile(r"(/[^/]+/[^/]+)/blob/(.+/.+)")
_GITLAB_FILE = re.compile(r"(/.+/-)/blob/(.+/.+)")
_HUGGING_FACE_FILE = re.compile(r"((?:/datasets|/spaces)?/[^/]+/[^/]+)/blob/(.+/.+)")
_GIST = re.compile(r"(/[^/]+/[0-9a-f]{20,40})/?")


def direct_link(url: str) -> str:
    """Return the direct link of the file whose share link `url` is, or `url` itself. Idempotent.

    `url` is normalized (`contract.urls`). Parameters that grant access (resourcekey, rlkey) are kept. A link to
    something else than a file that anyone may read leads to a page all the same: the worker recognizes it.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    convert = _SITES.get(host) or (_sharepoint if host.endswith(".sharepoint.com") else None)
    return (convert(parts) if convert is not None else None) or url


def _google_drive(parts: SplitResult) -> str | None:
    query = dict(parse_qsl(parts.query))
    file = _DRIVE_FILE.fullmatch(parts.path)
    if file is not None and parts.hostname == "drive.google.com":
        return _drive_download(file[1], query)
    return _drive_download(query.get("id", ""), query) if _DRIVE_QUERY.fullmatch(parts.path) else None


def _google_drive_download(parts: SplitResult) -> str | None:
    """A download without `confirm` asks people about viruses in large files."""
    query = dict(parse_qsl(parts.query))
    if "confirm" in query or not _DRIVE_DOWNLOAD.fullmatch(parts.path):
        return None
    return _drive_download(query.get("id", ""), query)


def _drive_download(file_id: str, query: dict[str, str]) -> str | None:
    if not re.fullmatch(_DRIVE_ID, file_id):
        return None
    key = {"resourcekey": query["resourcekey"]} if query.get("resourcekey") else {}
    kept = urlencode({"id": file_id, "export": "download", "confirm": "t", **key})
    return f"https://drive.usercontent.google.com/download?{kept}"


def _dropbox(parts: SplitResult) -> str | None:
    in_folder = _DROPBOX_IN_FOLDER.fullmatch(parts.path) and is_media_name(parts.path)
    if not in_folder and not _DROPBOX_FILE.fullmatch(parts.path):
        return None
    if {"dl=1", "raw=1"} & set(parts.query.split("&")):
        return None
    return _with_parameter(parts, "dl", "1")


def _sharepoint(parts: SplitResult) -> str | None:
    if not _SHAREPOINT_FILE.fullmatch(parts.path) or parts.path.lower().startswith(_SHAREPOINT_FOLDER):
        return None
    return None if "download=1" in parts.query.split("&") else _with_parameter(parts, "download", "1")


def _github(parts: SplitResult) -> str | None:
    """GitHub's own redirect, which also finds files in Git LFS; raw.githubusercontent.com returns their pointers."""
    file = _GITHUB_FILE.fullmatch(parts.path)
    return urlunsplit(parts._replace(path=f"{file[1]}/raw/{file[2]}", query="")) if file else None


def _gitlab(parts: SplitResult) -> str | None:
    file = _GITLAB_FILE.fullmatch(parts.path)
    return urlunsplit(parts._replace(path=f"{file[1]}/raw/{file[2]}")) if file else None


def _hugging_face(parts: SplitResult) -> str | None:
    file = _HUGGING_FACE_FILE.fullmatch(parts.path)
    return urlunsplit(parts._replace(path=f"{file[1]}/resolve/{file[2]}")) if file else None


def _gist(parts: SplitResult) -> str | None:
    """The first file of a gist."""
    gist = _GIST.fullmatch(parts.path)
    return urlunsplit(parts._replace(path=f"{gist[1]}/raw", query="")) if gist else None


def _with_parameter(parts: SplitResult, name: str, value: str) -> str:
    """Set a parameter and leave the others as they are, byte for byte: they may be signed."""
    others = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != name]
    return urlunsplit(parts._replace(query="&".join([*others, f"{name}={value}"])))


_SITES: dict[str, Callable[[SplitResult], str | None]] = {
    "drive.google.com": _google_drive,
    "docs.google.com": _google_drive,
    "drive.usercontent.google.com": _google_drive_download,
    "dropbox.com": _dropbox,
    "github.com": _github,
    "gist.github.com": _gist,
    "gitlab.com": _gitlab,
    "huggingface.co": _hugging_face,
}
