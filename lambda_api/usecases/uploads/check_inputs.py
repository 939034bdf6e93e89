"""Check the uploads that a request names: before a job is stored, all their bytes are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from contract.limits import MIB
from contract.operations import Operation
from contract.options.stored import upload_id
from lambda_api.domain.errors import InvalidRequest, UploadExpired, UploadNotFound, UploadNotReady
from lambda_api.domain.uploads.upload import Upload, UploadState
from lambda_api.usecases.services import Services
from lambda_api.usecases.uploads.get_upload import check_state

_PARALLEL = 8
"""Reads of the bucket at once: a slideshow may name 200 pictures."""
_NOT_FOUND = "there is no such upload; send upload: and the upload_id that POST /uploads returned"
_EXPIRED = "the upload has expired; upload the file again and send its new id"
_NOT_READY = "the file has not arrived completely; send all its bytes, complete the upload, then submit again"
_TOO_LATE = "the file has not arrived, and the upload's URL has expired; upload the file again and send its new id"


def upload_inputs(operation: Operation) -> dict[str, str]:
    """Return the ids of the uploads that an operation reads, by the field of the input."""
    found = {given.field: upload_id(given.url) for given in operation.inputs()}
    return {field: name for field, name in found.items() if name is not None}


def find_uploads(services: Services, owner: str, fields: Mapping[str, str]) -> dict[str, Upload]:
    """Return the uploads in `fields` (from `upload_inputs`) that the owner has, by the field. Raises Unavailable."""
    found = services.uploads.find(set(fields.values())) if fields else {}
    return {field: found[name] for field, name in fields.items() if name in found and found[name].owner == owner}


def check_uploads(
    services: Services, operation: Operation, fields: Mapping[str, str], own: Mapping[str, Upload]
) -> None:
    """Check that all files that an operation names can be read.

    `fields` is what `upload_inputs` returned of the operation, `own` what `find_uploads` returned of them.

    Raises UploadNotFound (also for another owner's), UploadExpired, UploadNotReady or InvalidRequest (too large for its
    field), each naming the fields; Unavailable.
    """
    missing = tuple((field, _NOT_FOUND) for field in fields if field not in own)
    if missing:
        raise UploadNotFound.naming(missing)
    _check_sizes(services, operation, own)
    states = _states(services, {upload.upload_id: upload for upload in own.values()}.values())
    expired = tuple((f, _EXPIRED) for f, one in own.items() if states[one.upload_id] is UploadState.EXPIRED)
    if expired:
        raise UploadExpired.naming(expired)
    now = services.clock()
    waiting = tuple(
        (field, _TOO_LATE if upload.multipart_id is None and now >= upload.url_expires_at else _NOT_READY)
        for field, upload in own.items()
        if states[upload.upload_id] is not UploadState.READY
    )
    if waiting:
        raise UploadNotReady.naming(waiting)


def _check_sizes(services: Services, operation: Operation, uploads: Mapping[str, Upload]) -> None:
    """Refuse what no worker would read, before anything is paid."""
    too_large = tuple(
        (given.field, f"the file is larger than {limit // MIB} MiB, the most for this field; send a smaller file")
        for given in operation.inputs()
        if given.field in uploads
        and uploads[given.field].size_bytes > (limit := services.worker_limits.max_bytes(given.role))
    )
    if too_large:
        raise InvalidRequest.naming(too_large)


def _states(services: Services, uploads: Iterable[Upload]) -> dict[str, UploadState]:
    """Return the states by id, reading the bucket in parallel. Each thread has this invocation's deadline."""
    uploads = list(uploads)
    if not uploads:
        return {}
    if len(uploads) == 1:
        return {uploads[0].upload_id: check_state(services, uploads[0]).state}
    with ThreadPoolExecutor(min(_PARALLEL, len(uploads))) as pool:
        reading = [(one.upload_id, pool.submit(copy_context().run, check_state, services, one)) for one in uploads]
        return {name: future.result().state for name, future in reading}
