"""The private bucket: signed URLs for others, reads for ourselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lambda_api.adapters.aws import s3, unavailable
from lambda_api.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WHAT = "video store"
_MAX_PRESIGN_SECONDS = 7 * 24 * 3600
"""SigV4 query signatures live seven days at most, and no longer than the credentials that made them."""


class S3Objects:
    """`domain.ports.ObjectStore` on S3."""

    def __init__(self, bucket: str, client: Callable[[], S3Client] = s3) -> None:
        self._bucket = bucket
        self._client = client

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        return self._presign("put_object", seconds, Key=key, ContentType=content_type, IfNoneMatch="*")

    def presign_get(self, key: str, seconds: int) -> str:
        return self._presign("get_object", seconds, Key=key)

    def _presign(self, method: str, seconds: int, **params: str) -> str:
        with unavailable(_WHAT):
            return self._client().generate_presigned_url(
                method, Params={"Bucket": self._bucket, **params}, ExpiresIn=min(seconds, _MAX_PRESIGN_SECONDS)
            )

    def size(self, key: str) -> int | None:
        client = self._client()
        answer = self._unless_missing(lambda: client.head_object(Bucket=self._bucket, Key=key))
        return None if answer is None else int(answer["ContentLength"])

    def read(self, key: str, max_bytes: int) -> bytes | None:
        client = self._client()
        answer = self._unless_missing(lambda: client.get_object(Bucket=self._bucket, Key=key))
        if answer is None or answer["ContentLength"] > max_bytes:
            return None
        with unavailable(_WHAT):
            return bytes(answer["Body"].read())

    @staticmethod
    def _unless_missing(call: Callable[[], Any]) -> Any:
        try:
            with unavailable(_WHAT):
                return call()
        except Unavailable as error:
            code = getattr(error.__cause__, "response", {}).get("Error", {}).get("Code")
            if code in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise
