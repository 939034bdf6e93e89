"""Upload files, for jobs to read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response
from fastapi.responses import JSONResponse

from contract.limits import UPLOAD_PART_BYTES
from contract.options.stored import UPLOAD_ID
from lambda_api.domain.uploads.upload import SentPart, Upload, UploadState
from lambda_api.domain.views.job_view import timestamp
from lambda_api.usecases.uploads import complete_upload as completing
from lambda_api.usecases.uploads import create_upload as creating
from lambda_api.usecases.uploads import get_upload as reading
from lambda_api.web.openapi.problems import header_references
from lambda_api.web.routes.base import keyed_router, problem_responses, services_of
from lambda_api.web.validation.uploads import (
    CompletedUpload,
    NewUpload,
    NewUploadView,
    PartView,
    UploadLinks,
    UploadView,
    guess_content_type,
)

UploadIdPath = Annotated[
    str,
    Path(description="The `upload_id` that POST /uploads returned.", json_schema_extra={"pattern": f"^{UPLOAD_ID}$"}),
]
_NO_PARTS = CompletedUpload()

router = keyed_router("Uploads")


@router.post(
    "/uploads",
    status_code=201,
    response_model=NewUploadView,
    responses=problem_responses(400, 413, 415, 422, 429) | {201: {"headers": header_references("Location")}},
)
async def create_upload(request: Request, body: NewUpload) -> Response:
    """Announce a file; returns the URLs to send it to.

    Send a file of up to 100 MiB with one PUT to `url` and exactly the `headers`. Send a larger one in `parts`, each
    with a PUT to its URL, keep the `ETag` of each response, and complete the upload. Then send `upload:<upload_id>` as
    the URL of an input.
    """
    announced = creating.Announcement(
        owner=request.state.owner,
        filename=body.filename,
        content_type=body.content_type or guess_content_type(body.filename),
        size_bytes=body.size_bytes,
        sha256=body.sha256,
    )
    signed = creating.create_upload(services_of(request), announced)
    parts = [PartView(number=part.number, url=url, size_bytes=part.size_bytes) for part, url in signed.parts]
    view = NewUploadView(
        **_facts(request, signed.upload, UploadState.WAITING),
        method="PUT",
        url=signed.url,
        headers=dict(signed.headers),
        part_size=UPLOAD_PART_BYTES if parts else None,
        parts=parts or None,
    )
    return JSONResponse(view.model_dump(mode="json"), 201, {"Location": view.links.self})


@router.get("/uploads/{upload_id}", responses=problem_responses(404))
async def get_upload(request: Request, upload_id: UploadIdPath) -> UploadView:
    """Read an upload, without its URLs."""
    found = reading.get_upload(services_of(request), request.state.owner, upload_id)
    return UploadView(**_facts(request, found.upload, found.state))


@router.post("/uploads/{upload_id}/complete", responses=problem_responses(400, 404, 413, 415, 422))
async def complete_upload(request: Request, upload_id: UploadIdPath, body: CompletedUpload = _NO_PARTS) -> UploadView:
    """Put the parts of an upload together; for a file that was sent at once, confirm that it is there.

    May be repeated: an upload that is ready stays as it is.
    """
    parts = [SentPart(part.number, part.etag) for part in body.parts]
    done = completing.complete_upload(services_of(request), request.state.owner, upload_id, parts)
    return UploadView(**_facts(request, done.upload, done.state))


def _facts(request: Request, upload: Upload, state: UploadState) -> dict[str, Any]:
    """Return what every view of an upload has."""
    link = f"{request.scope['root_path']}/uploads/{upload.upload_id}"
    return {
        "upload_id": upload.upload_id,
        "state": state,
        "filename": upload.filename,
        "content_type": upload.content_type,
        "size_bytes": upload.size_bytes,
        "expires_at": timestamp(upload.url_expires_at),
        "object_expires_at": timestamp(upload.object_expires_at),
        "links": UploadLinks(self=link, complete=f"{link}/complete"),
    }
