"""Links to the files of jobs: redirects to the bucket, and share links that need no key.

No response is stored anywhere: each redirect leads to a URL that is signed for it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from lambda_api.domain.views.job_view import timestamp
from lambda_api.usecases.links.open_file import Visit, open_own_file, open_shared_file
from lambda_api.usecases.links.share_job import revoke_links, share_job
from lambda_api.web.routes.base import keyed_router, operation_id, problem_responses, services_of
from lambda_api.web.routes.jobs import JobIdPath
from lambda_api.web.validation.links import ShareLink, ShareOptions

ArtifactQuery = Annotated[
    str | None, Query(max_length=64, description="The `name` of a file in `artifacts`; by default the main one.")
]
DownloadQuery = Annotated[bool, Query(description="`1`: a browser saves the file under its name.", examples=[True])]
OpenDownloadQuery = Annotated[str, Query(description="`1`: a browser saves the file. Anything else is ignored.")]
TokenPath = Annotated[str, Path(description="The end of the `url` of a share link.")]

_DEFAULTS = ShareOptions()
_REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {"description": "Redirects to the file, by a URL that is signed for this request."}
}

router = keyed_router("Links")
shared = APIRouter(tags=["Links"], generate_unique_id_function=operation_id)


# Players and n8n send HEAD before they read.
@router.head("/job/{job_id}/video", include_in_schema=False)
@router.get(
    "/job/{job_id}/video", status_code=302, response_class=Response, responses=_REDIRECT | problem_responses(404, 409)
)
async def get_video(
    request: Request, job_id: JobIdPath, artifact: ArtifactQuery = None, download: DownloadQuery = False
) -> Response:
    """Redirect to a file of a job, by a URL that is signed now. 409 until the job is COMPLETED."""
    visit = _visit(request, is_download=download)
    url = open_own_file(services_of(request), request.state.owner, job_id, artifact, visit)
    return Response(status_code=302, headers={"Location": url})


@router.post("/job/{job_id}/share", status_code=201, responses=problem_responses(400, 404, 409, 415))
async def share_video(request: Request, job_id: JobIdPath, body: ShareOptions = _DEFAULTS) -> ShareLink:
    """Make a link to a file that works without a key, until it expires, is revoked, or the file is deleted."""
    link = share_job(services_of(request), request.state.owner, job_id, body.artifact, body.expires_in)
    return ShareLink(url=link.url, artifact=link.artifact, expires_at=timestamp(link.expires_at))


@router.delete("/job/{job_id}/share", status_code=204, responses=problem_responses(404))
async def revoke_shares(request: Request, job_id: JobIdPath) -> None:
    """Revoke all share links of a job."""
    revoke_links(services_of(request), request.state.owner, job_id)


@shared.head("/s/{token}", include_in_schema=False)
@shared.get("/s/{token}", status_code=302, response_class=Response, responses=_REDIRECT | problem_responses(404, 503))
async def open_share(request: Request, token: TokenPath, download: OpenDownloadQuery = "") -> Response:
    """Redirect to a shared file. Everyone who has the link may open it."""
    visit = _visit(request, is_download=download.strip().lower() in {"1", "true"})
    headers = {
        "Location": open_shared_file(services_of(request), token, visit),
        # Players on other sites may embed it; search engines must not list it.
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Robots-Tag": "noindex",
    }
    return Response(status_code=302, headers=headers)


def _visit(request: Request, *, is_download: bool) -> Visit:
    return Visit(is_download=is_download, is_head=request.method == "HEAD")
