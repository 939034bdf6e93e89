"""Complete an upload: put the parts together, or confirm that the bytes of a file sent at once are there."""

from __future__ import annotations

from collections.abc import Sequence

from lambda_api.domain.errors import InvalidRequest, Unavailable, UploadExpired, UploadNotReady
from lambda_api.domain.keys import upload_key
from lambda_api.domain.uploads.ports import InvalidParts
from lambda_api.domain.uploads.upload import SentPart, Upload, UploadState
from lambda_api.usecases.services import Services
from lambda_api.usecases.uploads.get_upload import CheckedUpload, check_state, find_owned_upload

_EXPIRED = "The upload has expired. Create a new one with POST /uploads and send the file again."
_NOT_SENT = "The file has not arrived. Send all its bytes to the upload's URL, then complete it."
_WRONG_PARTS = "a number or an etag is not that of a part that was sent; send the ETag header of each PUT's response"


def complete_upload(services: Services, owner: str, upload_id: str, parts: Sequence[SentPart]) -> CheckedUpload:
    """Return the upload once it is ready. May be repeated; `parts` are ignored if it is ready or was sent at once.

    Raises NotFound, UploadExpired, UploadNotReady, InvalidRequest for parts that are missing or wrong, Unavailable.
    """
    upload = find_owned_upload(services, owner, upload_id)
    checked = check_state(services, upload)
    if checked.state is UploadState.EXPIRED:
        raise UploadExpired(_EXPIRED)
    if checked.state is UploadState.WAITING and upload.multipart_id is not None:
        _join(services, upload, upload.multipart_id, parts)
        checked = check_state(services, upload)
        if checked.state is not UploadState.READY:
            # S3 keeps the parts until the upload has expired: another request is putting them together.
            raise Unavailable("The parts are still being put together. Complete the upload again.", retry_after=2)
    if checked.state is not UploadState.READY:
        raise UploadNotReady(_NOT_SENT)
    return checked


def _join(services: Services, upload: Upload, multipart_id: str, parts: Sequence[SentPart]) -> None:
    wanted = [part.number for part in upload.parts]
    if sorted(part.number for part in parts) != wanted:
        message = (
            f"must name each of the {len(wanted)} parts once, by its number from 1 to {len(wanted)}, with its etag"
        )
        raise InvalidRequest.naming((("parts", message),))
    try:
        services.objects.complete_multipart(upload_key(upload.owner, upload.upload_id), multipart_id, sorted(parts))
    except InvalidParts:
        raise InvalidRequest.naming((("parts", _WRONG_PARTS),)) from None
