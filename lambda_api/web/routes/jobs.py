"""Read, list and cancel jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import JsonValue

from contract.messages import JOB_ID
from contract.operations import OPERATIONS
from lambda_api.domain.job import State
from lambda_api.domain.views.job_schema import JobView
from lambda_api.usecases import cancel_job as cancelling
from lambda_api.usecases import get_job as reading
from lambda_api.usecases.job_record.represent_job import represent_job
from lambda_api.web.routes.base import PROBLEM, keyed_router, problem_responses, services_of, with_base_path
from lambda_api.web.validation.job_filters import read_query
from lambda_api.web.validation.schemas import JobPage, Problem

# Documented, not enforced: anything that cannot be an id is a job that does not exist.
JobIdPath = Annotated[
    str, Path(description="The `job_id` that the submit returned.", json_schema_extra={"pattern": JOB_ID})
]
CursorQuery = Annotated[
    str | None,
    Query(max_length=256, description="`next_cursor` of the previous page.", json_schema_extra={"format": "cursor"}),
]

_STATE = "Only jobs in these states. Repeat it, or separate them by commas."
_STATES: dict[str, JsonValue] = {"items": {"type": "string", "enum": list(State)}}
_OPERATIONS: dict[str, JsonValue] = {"enum": list(OPERATIONS)}
_AFTER = "Only jobs created at this time or later: a date (UTC), or a time with its zone."
_BEFORE = "Only jobs created before this time."
_PAIRS: dict[str, JsonValue] = {"items": {"type": "string", "pattern": r"^[^:\s][^:]*:"}}
_MOMENT: dict[str, JsonValue] = {"format": "date-time"}

router = keyed_router("Jobs")


@router.get("/job/{job_id}", responses=problem_responses(404))
async def get_job(request: Request, job_id: JobIdPath) -> JobView:
    """Read one job."""
    return with_base_path(request, reading.get_job(services_of(request), request.state.owner, job_id))


@router.post("/job/{job_id}/cancel", responses=problem_responses(404, 409))
async def cancel_job(request: Request, job_id: JobIdPath) -> JobView:
    """Cancel a job. 409 with `job_status` if it has already finished."""
    services = services_of(request)
    job = cancelling.cancel_job(services, request.state.owner, job_id)
    return with_base_path(request, represent_job(services, job))


# The one 422 with a model: it puts the schema that all problems refer to into the document.
@router.get("/jobs", responses={422: {"model": Problem, **PROBLEM}})
async def list_jobs(  # noqa: PLR0913, PLR0917 - each is a parameter of the query
    request: Request,
    state: Annotated[list[str] | None, Query(description=_STATE, json_schema_extra=_STATES)] = None,
    operation: Annotated[str | None, Query(description="Only this operation.", json_schema_extra=_OPERATIONS)] = None,
    metadata: Annotated[
        list[str] | None,
        Query(
            description="`key:value`; repeat it to require several.",
            examples=[["scene:7"]],
            json_schema_extra=_PAIRS,
        ),
    ] = None,
    created_after: Annotated[str | None, Query(description=_AFTER, json_schema_extra=_MOMENT)] = None,
    created_before: Annotated[str | None, Query(description=_BEFORE, json_schema_extra=_MOMENT)] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Jobs per page.", examples=[20])] = 20,
    cursor: CursorQuery = None,
) -> JobPage:
    """List your jobs, newest first.

    A request examines at most 500 jobs: with filters, `jobs` may be shorter than `limit`, or empty, while `next_cursor`
    leads on. Repeat the filters with it.
    """
    query = read_query(state or (), operation, metadata or (), created_after, created_before)
    page = reading.list_jobs(services_of(request), request.state.owner, limit, cursor, query)
    return JobPage(jobs=[with_base_path(request, job) for job in page.jobs], next_cursor=page.cursor)
