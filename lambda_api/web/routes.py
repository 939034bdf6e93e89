"""The routes. Handlers are thin: a request becomes a use case, its result a response.

They are `async def` so that no thread pool is started, and call blocking code on purpose: an execution
environment of Lambda handles one request at a time.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from contract.messages import JOB_ID
from contract.operations import OPERATIONS, Operation
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.job import Job
from lambda_api.domain.job_view import JobView, LinksView
from lambda_api.domain.ports import ProviderError
from lambda_api.usecases.cancel_job import cancel
from lambda_api.usecases.get_job import list_jobs, represent, represent_anyway, show, wait_for
from lambda_api.usecases.services import Services
from lambda_api.usecases.submit_job import Submission, submit
from lambda_api.web.auth import KeyedRoute
from lambda_api.web.headers import MAX_WAIT_SECONDS, idempotency_key, wait_until
from lambda_api.web.media_type import JsonRoute
from lambda_api.web.schemas import JobPage, Problem, ProviderHealth, SubmitOptions, request_model

# Shown, not enforced: what cannot be an id is a job that is not there.
JobIdPath = Annotated[str, Path(description="The id that the submit answered.", json_schema_extra={"pattern": JOB_ID})]
IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 visible ASCII characters. The same key and body again: the same job, for a day.",
        json_schema_extra={"pattern": "^[!-~]{1,255}$"},
    ),
]
PreferHeader = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description=f"`wait=N`: answer when the job is over, or after N seconds (at most {MAX_WAIT_SECONDS}).",
    ),
]
CursorQuery = Annotated[
    str | None,
    Query(max_length=256, description="`next_cursor` of the page before.", json_schema_extra={"format": "cursor"}),
]

_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
"""By reference: FastAPI would compile a model anew for each status of each route, at every start."""


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return dict.fromkeys(statuses, _PROBLEM)


class _Route(KeyedRoute, JsonRoute):
    """The key is looked at first, then how the body is sent."""


def operation_id(route: APIRoute) -> str:
    """What the document calls it."""
    return route.name


router = APIRouter(route_class=_Route, responses=_problems(401, 422, 503), generate_unique_id_function=operation_id)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _below_base_path(request: Request, job: JobView) -> JobView:
    """The job with links that resolve where the request came from."""
    base: str = request.scope["root_path"]
    links = {name: base + link for name, link in job.links.model_dump().items()}
    return job.model_copy(update={"links": LinksView(**links)}) if base else job


def _add_submit_route(operation: type[Operation]) -> None:
    async def endpoint(
        request: Request,
        body: SubmitOptions,
        idempotency: IdempotencyKeyHeader = None,
        prefer: PreferHeader = None,
    ) -> Response:
        services = _services(request)
        began = services.clock()
        submission = Submission(
            owner=request.state.owner,
            # The body's fields are the operation's, checked by the same rules.
            operation=operation.model_construct(**{name: getattr(body, name) for name in operation.model_fields}),
            webhook_url=body.webhook_url,
            metadata=body.metadata,
            idempotency_key=idempotency_key(idempotency),
        )
        submitted = submit(services, submission)
        until = wait_until(prefer, began, services.clock(), request.scope.get("aws.context"))
        job = submitted.job if until is None else wait_for(services, submitted.job, until)
        return _submitted(request, job, replayed=submitted.replayed, waited=until is not None)

    endpoint.__annotations__["body"] = request_model(operation)
    router.add_api_route(
        operation.path,
        endpoint,
        methods=["POST"],
        name=operation.__name__.lower(),
        summary=(operation.__doc__ or "").strip().splitlines()[0],
        description=cleandoc(operation.__doc__ or ""),
        status_code=202,
        tags=["Videos"],
        responses=_problems(400, 413, 415, 422, 429) | {200: {"model": JobView}, 202: {"model": JobView}},
    )


def _submitted(request: Request, job: Job, *, replayed: bool, waited: bool) -> Response:
    shown, whole = represent_anyway(_services(request), job)
    shown = _below_base_path(request, shown)
    over = job.terminal and whole
    headers = {"Location": shown.links.self}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if waited:
        headers["Preference-Applied"] = "wait"
    if not over:
        headers["Retry-After"] = "5"
    return JSONResponse(shown.model_dump(mode="json"), 200 if waited and over else 202, headers)


for _operation in OPERATIONS.values():
    _add_submit_route(_operation)


@router.get("/job/{job_id}", tags=["Jobs"], responses=_problems(404))
async def get_job(request: Request, job_id: JobIdPath) -> JobView:
    """One job."""
    return _below_base_path(request, show(_services(request), request.state.owner, job_id))


@router.post("/job/{job_id}/cancel", tags=["Jobs"], responses=_problems(404, 409))
async def cancel_job(request: Request, job_id: JobIdPath) -> JobView:
    """Stop a job. 409 with `job_status` if it was over."""
    services = _services(request)
    return _below_base_path(request, represent(services, cancel(services, request.state.owner, job_id)))


# Once as a model, for the references to lead somewhere.
@router.get("/jobs", name="list_jobs", tags=["Jobs"], responses={422: {"model": Problem, **_PROBLEM}})
async def get_jobs(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, examples=[20])] = 20,
    cursor: CursorQuery = None,
) -> JobPage:
    """Your jobs, newest first."""
    page = list_jobs(_services(request), request.state.owner, limit, cursor)
    return JobPage(jobs=[_below_base_path(request, job) for job in page.jobs], next_cursor=page.cursor)


@router.get("/runpod/health", tags=["RunPod"])
async def runpod_health(request: Request) -> ProviderHealth:
    """RunPod's queue and workers."""
    services = _services(request)
    try:
        health = services.provider.health(services.endpoint_id)
    except ProviderError as error:
        raise _provider_down(error) from None
    return ProviderHealth(endpoint_id=services.endpoint_id, jobs=health["jobs"], workers=health["workers"])


@router.get("/runpod/config", tags=["RunPod"])
async def runpod_config(request: Request) -> dict[str, Any]:
    """The endpoint's settings at RunPod, never its environment."""
    services = _services(request)
    try:
        return dict(services.provider.config(services.endpoint_id))
    except ProviderError as error:
        raise _provider_down(error) from None


def _provider_down(error: ProviderError) -> Unavailable:
    detail = "RunPod did not answer. Jobs are kept and run when it is back."
    return Unavailable(detail, retry_after=10, reason=f"RunPod: {error.reason}")
