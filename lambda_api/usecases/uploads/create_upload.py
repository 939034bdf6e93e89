"""Announce a file: store what it will be, and sign the URLs that take its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from lambda_api.domain.errors import ApiError, Unavailable
from lambda_api.domain.keys import upload_key
from lambda_api.domain.policy import SECOND
from lambda_api.domain.uploads.upload import URL_MS, Part, Upload, is_multipart
from lambda_api.usecases.services import Services

_URL_SECONDS = URL_MS // SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A file that an owner is about to send. `sha256` in hex, only for a file that is sent at once."""

    owner: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUpload:
    """An upload with its URLs: one and its headers, or one for each part, which has no headers of its own."""

    upload: Upload
    url: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[tuple[Part, str], ...] = field(default=(), repr=False)


def create_upload(services: Services, announced: Announcement) -> SignedUpload:
    """Store the upload and count it; return its URLs.

    Raises TooManyUploads or UploadBytesExceeded if the owner's quota is exhausted, Unavailable.
    """
    now = services.clock()
    upload_id = services.new_id()
    key = upload_key(announced.owner, upload_id)
    multipart_id = None
    if is_multipart(announced.size_bytes):
        multipart_id = services.objects.begin_multipart(key, announced.content_type)
    upload = Upload(
        upload_id=upload_id,
        owner=announced.owner,
        filename=announced.filename,
        content_type=announced.content_type,
        size_bytes=announced.size_bytes,
        sha256=announced.sha256,
        created_at=now,
        multipart_id=multipart_id,
    )
    try:
        services.uploads.create(upload, now, services.upload_allowance)
    except ApiError:
        if multipart_id is not None:
            # S3 deletes it in a day, too (template.yaml).
            with suppress(Unavailable):
                services.objects.abort_multipart(key, multipart_id)
        raise
    return _sign(services, upload, key)


def _sign(services: Services, upload: Upload, key: str) -> SignedUpload:
    objects = services.objects
    if upload.multipart_id is None:
        signed = objects.presign_upload(key, upload.content_type, upload.size_bytes, upload.sha256, _URL_SECONDS)
        return SignedUpload(upload=upload, url=signed.url, headers=signed.headers)
    urls = [
        (part, objects.presign_part(key, upload.multipart_id, part.number, part.size_bytes, _URL_SECONDS))
        for part in upload.parts
    ]
    return SignedUpload(upload=upload, parts=tuple(urls))
