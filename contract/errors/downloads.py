"""The causes of a failed download: rows that refine those of the catalogue.

A cause is sent as the parameter `reason`, or is the HTTP status itself. A receiver that does not know it uses the
catalogue's row of the code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The name under which a cause is sent."""

    NO_SUCH_HOST = "no_such_host"
    LOOKUP_FAILED = "lookup_failed"
    CONNECTION_REFUSED = "connection_refused"
    CERTIFICATE = "certificate"
    NO_TLS = "no_tls"
    CONNECTION_LOST = "connection_lost"
    HEADERS_TOO_LARGE = "headers_too_large"
    NOT_HTTP = "not_http"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    REFUSED_REDIRECT = "refused_redirect"
    CONNECT_TIMEOUT = "connect_timeout"
    NO_ANSWER = "no_answer"
    STALLED = "stalled"
    TOO_SLOW = "too_slow"
    GOOGLE_DRIVE = "google_drive"
    DROPBOX = "dropbox"
    SHAREPOINT = "sharepoint"
    VIDEO_SITE = "video_site"


class Cause(NamedTuple):
    """One row: whether the same request may succeed later, and the sentence."""

    retryable: bool
    sentence: str


_FAILED = "{field} could not be downloaded: "
_PAGE = "{field} returned an HTML page, not a media file. "

UNREACHABLE: dict[str, Cause] = {
    Reason.NO_SUCH_HOST: Cause(False, _FAILED + "there is no host of that name (DNS). Check the spelling of the URL."),
    Reason.LOOKUP_FAILED: Cause(True, _FAILED + "the name of its host could not be resolved (DNS). Try again later."),
    Reason.CONNECTION_REFUSED: Cause(
        True,
        _FAILED + "its host refused the connection. Check the URL's port and that the server is running.",
    ),
    Reason.CERTIFICATE: Cause(
        False,
        _FAILED + "the TLS certificate of its host is not valid: expired, self-signed, issued for another name, "
        "or sent without its intermediate certificates. Renew it, or use another host.",
    ),
    Reason.NO_TLS: Cause(
        False,
        _FAILED + "no secure (TLS) connection to its host. Check that the server accepts https on the URL's port.",
    ),
    Reason.CONNECTION_LOST: Cause(
        True, _FAILED + "its host closed the connection before the file was complete. Try again."
    ),
    Reason.HEADERS_TOO_LARGE: Cause(
        False, _FAILED + "the headers of its host's response are too large. Use another host."
    ),
    Reason.NOT_HTTP: Cause(False, _FAILED + "the response of its host is not valid HTTP. Check the URL's port."),
    Reason.TOO_MANY_REDIRECTS: Cause(
        False,
        _FAILED + "too many redirects, or redirects in a circle. Use the URL of the file itself.",
    ),
}

TIMEOUT: dict[str, Cause] = {
    Reason.CONNECT_TIMEOUT: Cause(
        True, _FAILED + "connecting to its host timed out. Try again later, or use another host."
    ),
    Reason.NO_ANSWER: Cause(
        True, _FAILED + "its host accepted the connection, but did not respond in time. Try again later."
    ),
    Reason.STALLED: Cause(
        True,
        _FAILED + "its host stopped sending in the middle of the file, and the download timed out. Try again later.",
    ),
    Reason.TOO_SLOW: Cause(
        True, _FAILED + "its host sends too slowly to finish in time. Use a faster host or a smaller file."
    ),
}

FORBIDDEN: dict[str, Cause] = {
    Reason.REFUSED_REDIRECT: Cause(
        False,
        "{field} redirects to a URL that is not accepted. It must be a public http or https URL of at most 4096 "
        "characters, on port 80, 443, 8080 or 8443, without a user name.",
    ),
}

HTML: dict[str, Cause] = {
    Reason.GOOGLE_DRIVE: Cause(
        False,
        _PAGE + "Share the Google Drive file with anyone who has the link. If it is shared, Google refuses its "
        "download, after too many of them or for a virus: use a copy of the file, or another host.",
    ),
    Reason.DROPBOX: Cause(
        False,
        _PAGE + "Use the Dropbox link of the file itself, end it with dl=1, and let anyone who has it download.",
    ),
    Reason.SHAREPOINT: Cause(
        False,
        _PAGE + "Share the SharePoint file with anyone who has the link, and add download=1 to the query of the link.",
    ),
    Reason.VIDEO_SITE: Cause(
        False,
        _PAGE + "Pages of video sites cannot be used. Upload the file itself to a web server or storage bucket.",
    ),
}

_STATUS = _FAILED + "its host answered HTTP {http_status}."
_EXPIRED = " The URL may have expired: a presigned URL must stay valid while the job waits in the queue"
"""Added to the statuses of expired URLs: 403 from S3, Azure and CloudFront, 400 from Google, 401 or 410 from others."""
_LATER = Cause(True, _STATUS + " Try again later.")

HTTP: dict[str, Cause] = {
    "202": Cause(True, _STATUS + " The file is not ready yet: try again later."),
    "400": Cause(False, _STATUS + _EXPIRED + "."),
    "401": Cause(False, _STATUS + _EXPIRED + ". Or it needs a login, which is not supported."),
    "403": Cause(
        False,
        _STATUS + _EXPIRED + ". Or its host refuses automated downloads: use a link from another host or from "
        "your own storage.",
    ),
    "410": Cause(False, _STATUS + _EXPIRED + "."),
    **{str(status): _LATER for status in (408, 425, 429, *range(500, 600)) if status not in {501, 505}},
}
