"""`POST` of each operation, derived from `contract.operations.OPERATIONS`."""

from __future__ import annotations

from inspect import cleandoc
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.responses import JSONResponse

from contract.operations import OPERATIONS, Operation
from lambda_api.domain.job import Job
from lambda_api.domain.views.job_schema import JobView
from lambda_api.usecases.dry_run.dry_run import dry_run
from lambda_api.usecases.get_job import wait_for_job
from lambda_api.usecases.job_record.represent_job import represent_or_partial
from lambda_api.usecases.submit_job import Submission, submit_job
from lambda_api.web.headers import MAX_WAIT_SECONDS, idempotency_key, wait_deadline
from lambda_api.web.routes.base import keyed_router, problem_responses, services_of, with_base_path
from lambda_api.web.validation.schemas import SubmitOptions, request_model

IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 visible ASCII characters. The same key and body return the same job for one day.",
        json_schema_extra={"pattern": "^[!-~]{1,255}$"},
    ),
]
PreferHeader = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description=(f"`wait=N`: respond when the job has finished, or after N seconds (at most {MAX_WAIT_SECONDS})."),
    ),
]

router = keyed_router("Videos")


def _add_route(operation: type[Operation]) -> None:
    async def endpoint(
        request: Request,
        body: SubmitOptions,
        idempotency: IdempotencyKeyHeader = None,
        prefer: PreferHeader = None,
    ) -> Response:
        services = services_of(request)
        received_at = services.clock()
        submission = Submission(
            owner=request.state.owner,
            # The body has the operation's fields, already checked by the same rules.
            operation=operation.model_construct(**{name: getattr(body, name) for name in operation.model_fields}),
            webhook_url=body.webhook_url,
            webhook_events=body.webhook_events,
            metadata=body.metadata,
            idempotency_key=idempotency_key(idempotency),
        )
        if body.dry_run:
            return JSONResponse(dry_run(services, submission).model_dump(mode="json"))
        submitted = submit_job(services, submission)
        until = wait_deadline(prefer, received_at, services.clock(), request.scope.get("aws.context"))
        job = submitted.job if until is None else wait_for_job(services, submitted.job, until)
        return _respond(request, job, replayed=submitted.replayed, waited=until is not None)

    endpoint.__annotations__["body"] = request_model(operation)
    router.add_api_route(
        operation.path,
        endpoint,
        methods=["POST"],
        name=operation.__name__.lower(),
        summary=(operation.__doc__ or "").strip().splitlines()[0],
        description=cleandoc(operation.__doc__ or ""),
        status_code=202,
        responses=problem_responses(400, 413, 415, 422, 429) | {200: {"model": JobView}, 202: {"model": JobView}},
    )


def _respond(request: Request, job: Job, *, replayed: bool, waited: bool) -> Response:
    view, is_complete = represent_or_partial(services_of(request), job)
    view = with_base_path(request, view)
    has_finished = job.is_terminal and is_complete
    headers = {"Location": view.links.self}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if waited:
        headers["Preference-Applied"] = "wait"
    if not has_finished:
        headers["Retry-After"] = "5"
    return JSONResponse(view.model_dump(mode="json"), 200 if waited and has_finished else 202, headers)


for _operation in OPERATIONS.values():
    _add_route(_operation)
