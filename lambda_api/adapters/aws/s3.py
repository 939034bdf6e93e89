"""The private bucket: presigned URLs for others, reads and small writes for ourselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambda_api.adapters.aws.errors import error_code, unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WHAT = "video store"
_MAX_PRESIGN_SECONDS = 7 * 24 * 3600
"""SigV4 query signatures live seven days at most, and no longer than the credentials that made them."""
_MISSING = {"404", "NoSuchKey"}
"""Codes of a HEAD, whose response has no body, and of a GET."""


class S3Objects:
    """`domain.ports.ObjectStore` on S3."""

    def __init__(self, bucket: str, client: S3Client) -> None:
        self._bucket = bucket
        self._client = client

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        parameters = {"Bucket": self._bucket, "Key": key, "ContentType": content_type, "IfNoneMatch": "*"}
        with unavailable(_WHAT):
            return self._client.generate_presigned_url("put_object", parameters, min(seconds, _MAX_PRESIGN_SECONDS))

    def presign_get(self, key: str, seconds: int, *, saved_as: str | None = None) -> str:
        parameters = {"Bucket": self._bucket, "Key": key}
        if saved_as is not None:
            parameters["ResponseContentDisposition"] = f'attachment; filename="{saved_as}"'
        with unavailable(_WHAT):
            return self._client.generate_presigned_url("get_object", parameters, min(seconds, _MAX_PRESIGN_SECONDS))

    def size(self, key: str) -> int | None:
        with unavailable(_WHAT):
            try:
                return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
            except ClientError as error:
                if error_code(error) not in _MISSING:
                    raise
        return None

    def write(self, key: str, data: bytes) -> None:
        with unavailable(_WHAT):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType="application/octet-stream")

    def read(self, key: str, max_bytes: int) -> bytes | None:
        with unavailable(_WHAT):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error_code(error) not in _MISSING:
                    raise
                return None
            with found["Body"] as body:
                return body.read() if found["ContentLength"] <= max_bytes else None
