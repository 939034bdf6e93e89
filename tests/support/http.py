"""One HTTP request, whatever its status."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.error import HTTPError


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


def send(method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Response:
    request = urllib.request.Request(url, data=data, headers=dict(headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Response(answer.status, answer.headers, answer.read())
    except HTTPError as error:
        with error:
            return Response(error.code, error.headers, error.read())
