"""Uploads in the world of fakes."""

from __future__ import annotations

from typing import Any

from lambda_api.domain.keys import upload_key
from lambda_api.domain.uploads.upload import Upload
from lambda_api.usecases.uploads.create_upload import Announcement, SignedUpload, create_upload
from tests.support.fakes import START, World


def announced(**changes: Any) -> Announcement:
    base = {"owner": "ada", "filename": "photo.jpg", "content_type": "image/jpeg", "size_bytes": 5}
    return Announcement(**(base | changes))


def upload(**changes: Any) -> Upload:
    base: dict[str, Any] = {
        "upload_id": "upload-1", "owner": "ada", "filename": "photo.jpg", "content_type": "image/jpeg", "size_bytes": 5,
        "sha256": None, "created_at": START,
    }  # fmt: skip
    return Upload(**(base | changes))


def add_upload(world: World, data: bytes | None = b"12345", **changes: Any) -> str:
    """Announce a file and store its bytes, unless `data` is None; return the id."""
    signed: SignedUpload = create_upload(world.services, announced(**changes))
    if data is not None:
        world.objects.objects[upload_key(signed.upload.owner, signed.upload.upload_id)] = data
    return signed.upload.upload_id
