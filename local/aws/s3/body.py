"""Receive a body into a file, and check it against what the request says of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.aws.s3.errors import S3Error
from local.aws.s3.signature import UNSIGNED


@dataclass(frozen=True, slots=True)
class Received:
    """A body that is complete and as announced."""

    size: int
    md5: str
    """In hex."""


async def receive(
    chunks: AsyncIterator[bytes], headers: Mapping[str, str], payload_sha256: str, path: Path
) -> Received:
    """Write the body to `path`. Raises S3Error; then the file must be deleted.

    `payload_sha256`: as the signature states it, in hex or `UNSIGNED`.
    """
    if payload_sha256.startswith("STREAMING-") or "aws-chunked" in headers.get("content-encoding", ""):
        raise S3Error("NotImplemented", "Chunked signatures are not implemented here.")
    announced = headers.get("content-length", "")
    if not announced.isdecimal():
        raise S3Error("MissingContentLength")
    stated = headers.get("x-amz-checksum-sha256")
    md5, size = hashlib.md5(usedforsecurity=False), 0
    sha256 = hashlib.sha256() if stated is not None or payload_sha256 != UNSIGNED else None
    with path.open("wb") as file:
        async for chunk in chunks:
            file.write(chunk)
            size += len(chunk)
            md5.update(chunk)
            if sha256 is not None:
                sha256.update(chunk)
    if size != int(announced):
        raise S3Error("IncompleteBody")
    if sha256 is not None and payload_sha256 not in {UNSIGNED, sha256.hexdigest()}:
        raise S3Error("XAmzContentSHA256Mismatch")
    if sha256 is not None and stated is not None and base64.b64encode(sha256.digest()).decode() != stated:
        raise S3Error("BadDigest")
    content_md5 = headers.get("content-md5")
    if content_md5 is not None and base64.b64encode(md5.digest()).decode() != content_md5:
        raise S3Error("BadDigest")
    return Received(size, md5.hexdigest())
