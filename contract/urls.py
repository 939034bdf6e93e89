"""URLs of callers: normalized, then checked, before anything connects to them.

Normalizing encodes what RFC 3986 does not allow (spaces, pipes, accents) and leaves every legal character alone, so a
signature in a query stays valid and nothing is encoded twice. URL libraries do not: they decode and encode again.
Accents stay composed or decomposed as they were sent, because a server stores a file under one of the two spellings.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from contract.addresses import is_allowed
from contract.limits import MAX_URL_LENGTH

_SUB_DELIMS = "!$&'()*+,;="
_PATH_SAFE = "/:@%" + _SUB_DELIMS + "-._~"
_QUERY_SAFE = _PATH_SAFE + "?[]"
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]]*)(:[0-9]*)?")
"""Brackets contain an IPv6 address without a zone, and nothing else is next to them (RFC 3986 §3.2.2)."""
_AMBIGUOUS = re.compile(r"[\u00df\u1e9e\u03c2\u200c\u200d]")
"""Characters that IDNA 2003 and 2008 map differently (UTS 46 §7): parsers disagree on the host, so it is refused."""
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
ALLOWED_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports of media and webhooks. Any other is more likely a probe of another service."""


class UrlError(ValueError):
    """The URL cannot be used. The message is for its sender and does not quote it."""


_TOO_LONG = f"the URL is longer than {MAX_URL_LENGTH} characters; send a shorter one"
_NO_SCHEME = "the URL must start with https:// or http://, for example https://example.com/clip.mp4"
_BAD_HOST = "the host in the URL is not valid; check the part between https:// and the next slash"
_BAD_PORT = "the URL's port is not allowed; use 443, 80, 8443 or 8080, or leave the port out"
_NOT_PUBLIC = (
    "the URL leads to an address that is not public; upload the file (POST /uploads) and send upload:<upload_id>, or "
    "put it where the internet can reach it, such as object storage or a web server"
)


@dataclass(frozen=True, slots=True)
class Target:
    """The endpoint to connect to, and the normalized URL."""

    scheme: str
    host: str
    port: int
    url: str


def normalize_url(text: str) -> str:
    """Return the URL with illegal characters encoded, the host in lower-case ASCII, and no fragment.

    Idempotent. Raises UrlError if it is not an absolute http or https URL.
    """
    return parse_url(text).url


# The same few URLs of a job are parsed in each step of a request and at each poll.
@lru_cache(maxsize=64)
def parse_url(text: str) -> Target:
    """Split and normalize one URL without network access. Raises UrlError."""
    parts = _split(text)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise UrlError(_NO_SCHEME)
    if parts.username is not None or parts.password is not None:
        raise UrlError(
            "the URL must not contain a user name or password; use a presigned or other public link to the file"
        )
    if not parts.hostname:
        raise UrlError("the URL has no host; write https:// and then the host, with two slashes")
    host = _normalize_host(parts.hostname)
    port = _DEFAULT_PORTS[scheme] if parts.port is None else parts.port
    if port == 0:
        raise UrlError(_BAD_PORT)
    netloc = f"[{host}]" if ":" in host else host
    if port != _DEFAULT_PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    url = urlunsplit((scheme, netloc, _encode(parts.path or "/", _PATH_SAFE), _encode(parts.query, _QUERY_SAFE), ""))
    if len(url) > MAX_URL_LENGTH:
        raise UrlError(_TOO_LONG)
    return Target(scheme, host, port, url)


def resolve_redirect(url: str, location: str) -> str:
    """Return the URL that a `Location` header of `url` leads to, unchecked. Raises UrlError."""
    # Check first: joining would remove forbidden characters, and with them the reason to refuse.
    text = _checked_text(location)
    try:
        return urljoin(url, text)
    except ValueError:
        raise UrlError("the URL cannot be read") from None


def check_target(
    target: Target, *, allow_loopback: bool, https_only: bool = False, ports: frozenset[int] = ALLOWED_PORTS
) -> None:
    """Check what can be checked before DNS: the scheme, the port, and an address written as the host.

    A host name must still be resolved, and each of its addresses classified, when connecting. Raises UrlError.
    """
    address = _as_address(target.host)
    is_localhost = target.host == "localhost" or target.host.endswith(".localhost")
    is_local = allow_loopback and (is_localhost or (address is not None and address.is_loopback))
    if is_localhost and not is_local:
        raise UrlError(_NOT_PUBLIC)
    if address is not None and not is_allowed(address, allow_loopback=allow_loopback):
        raise UrlError(_NOT_PUBLIC)
    if is_local:
        return
    if https_only and target.scheme != "https":
        raise UrlError("the URL must start with https://: callbacks are sent over TLS only")
    if target.port not in ports:
        raise UrlError(_BAD_PORT)


def _checked_text(text: str) -> str:
    text = text.strip(" \r\n\t")
    if not text:
        raise UrlError("the URL is empty")
    if len(text) > MAX_URL_LENGTH:
        raise UrlError(_TOO_LONG)
    if _FORBIDDEN.search(text):
        raise UrlError("the URL contains a line break, another control character or a backslash; remove it")
    return text


def _split(text: str) -> SplitResult:
    text = _checked_text(text)
    try:
        parts = urlsplit(text)
        # urlsplit checks the port only on access.
        _ = parts.port, parts.hostname
    except ValueError:
        raise UrlError("the URL cannot be read; check its host and port") from None
    if not _NETLOC.fullmatch(parts.netloc.rpartition("@")[2]):
        raise UrlError(_BAD_HOST)
    return parts


def _as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _normalize_host(hostname: str) -> str:
    if ":" in hostname:
        try:
            return str(ipaddress.IPv6Address(hostname))
        except ValueError:
            raise UrlError(_BAD_HOST) from None
    if _AMBIGUOUS.search(hostname):
        raise UrlError("the URL's host can be read in two ways; write it in its ASCII form (xn--)")
    try:
        host = unicodedata.normalize("NFKC", hostname).encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        raise UrlError(_BAD_HOST) from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlError(_BAD_HOST)
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        # Every resolver reads a host that ends in a number as an IPv4 address (WHATWG URL §3.5), also in spellings
        # such as 127.1 or 0x7f.1. Only the standard one is accepted.
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise UrlError(_BAD_HOST) from None
    return host


def _encode(text: str, safe: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=safe)
