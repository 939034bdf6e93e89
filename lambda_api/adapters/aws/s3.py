"""The private bucket: presigned URLs for others, reads and small writes for ourselves."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_api.adapters.aws.errors import error_code, unavailable
from lambda_api.domain.uploads.ports import InvalidParts, PresignedUpload
from lambda_api.domain.uploads.upload import SentPart

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WHAT = "video store"
_MAX_PRESIGN_SECONDS = 7 * 24 * 3600
"""SigV4 query signatures live seven days at most, and no longer than the credentials that made them."""
_MISSING = {"404", "NoSuchKey"}
"""Codes of a HEAD, whose response has no body, and of a GET."""
_INVALID_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}
_NO_UPLOAD = "NoSuchUpload"


class S3Objects:
    """`domain.ports.ObjectStore` on S3."""

    def __init__(self, bucket: str, client: S3Client) -> None:
        self._bucket = bucket
        self._client = client

    def presign_put(self, key: str, content_type: str, seconds: int) -> str:
        return self._presign("put_object", seconds, Key=key, ContentType=content_type, IfNoneMatch="*")

    def presign_get(self, key: str, seconds: int, *, saved_as: str | None = None) -> str:
        if saved_as is None:
            return self._presign("get_object", seconds, Key=key)
        disposition = f'attachment; filename="{saved_as}"'
        return self._presign("get_object", seconds, Key=key, ResponseContentDisposition=disposition)

    def presign_upload(
        self, key: str, content_type: str, size_bytes: int, sha256: str | None, seconds: int
    ) -> PresignedUpload:
        parameters: dict[str, Any] = {"Key": key, "ContentType": content_type, "ContentLength": size_bytes}
        headers = {"Content-Type": content_type, "Content-Length": str(size_bytes)}
        if sha256 is not None:
            parameters["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = _to_base64(sha256)
        return PresignedUpload(self._presign("put_object", seconds, **parameters), headers)

    def begin_multipart(self, key: str, content_type: str) -> str:
        with unavailable(_WHAT):
            begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
            return begun["UploadId"]

    def presign_part(self, key: str, multipart_id: str, number: int, size_bytes: int, seconds: int) -> str:
        return self._presign(
            "upload_part", seconds, Key=key, UploadId=multipart_id, PartNumber=number, ContentLength=size_bytes
        )

    def complete_multipart(self, key: str, multipart_id: str, parts: Sequence[SentPart]) -> None:
        listed: Any = {"Parts": [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]}
        with unavailable(_WHAT):
            try:
                self._client.complete_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=multipart_id, MultipartUpload=listed
                )
            except ClientError as error:
                if error_code(error) not in _INVALID_PARTS | {_NO_UPLOAD}:
                    raise
                code = error_code(error)
            else:
                return
        if code in _INVALID_PARTS:
            raise InvalidParts(code)

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        with unavailable(_WHAT):
            try:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=multipart_id)
            except ClientError as error:
                if error_code(error) != _NO_UPLOAD:
                    raise

    def _presign(self, method: str, seconds: int, **parameters: Any) -> str:
        with unavailable(_WHAT):
            return self._client.generate_presigned_url(
                method, {"Bucket": self._bucket, **parameters}, min(seconds, _MAX_PRESIGN_SECONDS)
            )

    def presign_head(self, key: str, seconds: int) -> str:
        parameters = {"Bucket": self._bucket, "Key": key}
        with unavailable(_WHAT):
            return self._client.generate_presigned_url("head_object", parameters, min(seconds, _MAX_PRESIGN_SECONDS))

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


def _to_base64(digest: str) -> str:
    """Return a digest in hex as S3's headers have it."""
    return base64.b64encode(bytes.fromhex(digest)).decode()
