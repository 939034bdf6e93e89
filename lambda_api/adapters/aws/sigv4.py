"""AWS Signature Version 4, in headers and in queries. Pure: the time is passed in.

Source: IAM User Guide, "AWS Signature Version 4 for API requests"; S3 API Reference, "Authenticating Requests".
Paths are signed as they are sent, encoded once, which is S3's rule. The other services would have them encoded
twice; they are called at `/` only, where it makes no difference.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at: float = math.inf
    """Seconds since the epoch; infinite if nobody said."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one service in one region. `service` is its signing name: dynamodb, s3, …"""

    credentials: Credentials
    region: str
    service: str

    def headers(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: float) -> dict[str, str]:
        """The headers to send, all of them signed. `now`: seconds since the epoch."""
        stamp, digest = _stamp(now), hashlib.sha256(body).hexdigest()
        sent = {**headers, "Host": _host(url), "X-Amz-Date": stamp}
        if self.service == "s3":
            sent["X-Amz-Content-Sha256"] = digest
        if self.credentials.token:
            sent["X-Amz-Security-Token"] = self.credentials.token
        signature = self._signature(stamp, [method, _path(url), "", *_canonical(sent), digest])
        named = f"Credential={self._credential(stamp)}, SignedHeaders={_names(sent)}"
        return {**sent, "Authorization": f"{_ALGORITHM} {named}, Signature={signature}"}

    def url(self, method: str, url: str, headers: Mapping[str, str], seconds: int, now: float) -> str:
        """`url` for whoever sends exactly these headers, whatever the body, within `seconds` of `now`."""
        stamp, sent = _stamp(now), {**headers, "Host": _host(url)}
        query = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": self._credential(stamp),
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": _names(sent),
        }
        if self.credentials.token:
            query["X-Amz-Security-Token"] = self.credentials.token
        text = "&".join(f"{name}={_quoted(value)}" for name, value in sorted(query.items()))
        signature = self._signature(stamp, [method, _path(url), text, *_canonical(sent), "UNSIGNED-PAYLOAD"])
        return f"{url}?{text}&X-Amz-Signature={signature}"

    def _credential(self, stamp: str) -> str:
        return f"{self.credentials.access_key}/{self._scope(stamp)}"

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"

    def _signature(self, stamp: str, request: list[str]) -> str:
        digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
        key = _key(self.credentials.secret_key, stamp[:8], self.region, self.service)
        text = "\n".join([_ALGORITHM, stamp, self._scope(stamp), digest])
        return hmac.digest(key, text.encode(), "sha256").hex()


# One a day for each service; a job's submit signs five times.
@lru_cache(maxsize=8)
def _key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


# All but the date is the same from one URL to the next, and a session token takes longer than the rest of the URL.
@lru_cache(maxsize=32)
def _quoted(value: str) -> str:
    return quote(value, safe="~")


def _stamp(now: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


def _host(url: str) -> str:
    """As HTTP clients send it: without a port that goes without saying."""
    parts = urlsplit(url)
    return parts.netloc.removesuffix(f":{_DEFAULT_PORTS[parts.scheme]}")


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(name.lower() for name in headers))


def _canonical(headers: Mapping[str, str]) -> list[str]:
    """The lines between the query and the body's digest: each header, an empty line, their names."""
    # By name alone: `-` comes before the colon.
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    return [*(f"{name}:{value}" for name, value in lines), "", _names(headers)]
