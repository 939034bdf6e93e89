"""Read an upload. Its state comes from the bucket, so that none is stored that could be wrong."""

from __future__ import annotations

import re
from typing import NamedTuple

from contract.options.stored import UPLOAD_ID
from lambda_api.domain.errors import NotFound
from lambda_api.domain.keys import upload_key
from lambda_api.domain.uploads.upload import Upload, UploadState
from lambda_api.usecases.services import Services

_UPLOAD_ID = re.compile(UPLOAD_ID)


class CheckedUpload(NamedTuple):
    upload: Upload
    state: UploadState


def get_upload(services: Services, owner: str, upload_id: str) -> CheckedUpload:
    """Return one upload of its owner. Raises NotFound, Unavailable."""
    return check_state(services, find_owned_upload(services, owner, upload_id))


def find_owned_upload(services: Services, owner: str, upload_id: str) -> Upload:
    """Return this owner's upload. Raises NotFound, the same for another owner's upload as for none; Unavailable."""
    upload_id = upload_id.lower()
    found = services.uploads.find((upload_id,)) if _UPLOAD_ID.fullmatch(upload_id) else {}
    upload = found.get(upload_id)
    if upload is None or upload.owner != owner:
        raise NotFound("There is no such upload.")
    return upload


def check_state(services: Services, upload: Upload) -> CheckedUpload:
    """Return the upload with its state. Reads the bucket unless it has expired. Raises Unavailable."""
    now = services.clock()
    stored = None
    if now < upload.object_expires_at:
        stored = services.objects.size(upload_key(upload.owner, upload.upload_id))
    return CheckedUpload(upload, upload.state(stored, now))
