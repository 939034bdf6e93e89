"""The private bucket: signed URLs for others, reads for ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from lambda_api.adapters.aws.client import Aws
from lambda_api.adapters.aws.errors import TOO_LONG, AwsError, unavailable
from lambda_api.adapters.http import Answer

_WHAT = "video store"
_MAX_PRESIGN_SECONDS = 7 * 24 * 3600
"""SigV4 query signatures live seven days at most, and no longer than the credentials that made them."""

_MAX_ERROR_BYTES = 4096
"""S3's error documents have a few hundred."""


class S3Objects:
    """`domain.ports.ObjectStore` on S3."""

    def __init__(self, bucket: str, aws: Aws) -> None:
        self._bucket = bucket
        self._aws = aws

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        return self._presign("PUT", key, {"Content-Type": content_type, "If-None-Match": "*"}, seconds)

    def presign_get(self, key: str, seconds: int) -> str:
        return self._presign("GET", key, {}, seconds)

    def _presign(self, method: str, key: str, headers: Mapping[str, str], seconds: int) -> str:
        with unavailable(_WHAT):
            return self._aws.presign(method, self._bucket, _path(key), headers, min(seconds, _MAX_PRESIGN_SECONDS))

    def size(self, key: str) -> int | None:
        answer = self._fetch("HEAD", key)
        return None if answer is None else int(answer.headers["content-length"])

    def read(self, key: str, max_bytes: int) -> bytes | None:
        answer = self._fetch("GET", key, max_bytes)
        return None if answer is None or len(answer.body) > max_bytes else answer.body

    def _fetch(self, method: str, key: str, max_bytes: int = 0) -> Answer | None:
        with unavailable(_WHAT):
            try:
                answer = self._aws.fetch(method, self._bucket, _path(key), max(max_bytes, _MAX_ERROR_BYTES))
            except AwsError as error:
                if error.code == TOO_LONG:
                    return None
                raise
            if answer.status == 404 and (method == "HEAD" or b"<Code>NoSuchKey</Code>" in answer.body):
                return None
            if answer.status != 200:
                raise AwsError(method, f"http_{answer.status}", answer.status)
        return answer


def _path(key: str) -> str:
    return quote(key, safe="/~")
