"""The document at /openapi.json: what FastAPI reads from the routes, completed with what it cannot know.

Those are the key, headers, links, callbacks and examples. Generated at the first request for it. Requests are described
without null and without alternatives, which code generators turn into unusable types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from contract.options.inputs import inputs_first
from lambda_api.domain.job import TERMINAL, State
from lambda_api.domain.views.job_view import event_type
from lambda_api.web.openapi.callback import describe_callback
from lambda_api.web.openapi.dry_run import add_dry_run
from lambda_api.web.openapi.requests import drop_unused, plain, remove_null

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_SECONDS: Json = {"type": "integer", "minimum": 1}

_HEADERS: dict[str, tuple[str, Json]] = {
    "Location": ("URL of the job or the upload.", {"type": "string", "format": "uri-reference"}),
    "Retry-After": ("Seconds to wait before the next request.", _SECONDS),
    "Idempotent-Replayed": ("An earlier request with this Idempotency-Key made the job.", {"const": "true"}),
    "Preference-Applied": ("`wait` was applied.", {"const": "wait"}),
    "RateLimit": ("What is left of the exhausted quota, and when part of it is refilled.", _TEXT),
    "RateLimit-Policy": ("The exhausted quota.", _TEXT),
    "WWW-Authenticate": ("The header for the key.", _TEXT),
    "X-Request-Id": ("The request's id, for support.", _TEXT),
}
_SUBMITTED = ("Location", "Idempotent-Replayed", "Preference-Applied")
_ALWAYS = frozenset({"Location", "WWW-Authenticate", "X-Request-Id"})

TAGS = [
    {"name": "Videos", "description": "Submit a job."},
    {"name": "Uploads", "description": "Send files that jobs read."},
    {"name": "Captions", "description": "The choices of captions' `style`."},
    {"name": "Jobs", "description": "Read, list and cancel jobs."},
    {"name": "RunPod", "description": "The GPU endpoint behind the service."},
    {"name": "Service", "description": "Open to everyone."},
]

_STATUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "400": ("The body is not JSON, or a header is not valid.", ()),
    "401": ("The key is missing or not valid.", ("WWW-Authenticate",)),
    "404": ("There is no such job or upload, or it is not yours.", ()),
    "409": ("The job has already finished; `job_status` is its state.", ()),
    "413": ("The body is too large.", ()),
    "415": ("The body is not sent as `application/json`, or it is compressed.", ()),
    "422": (
        (
            "`detail` and `errors` name the fields that are missing, unknown or not valid, and what is expected. "
            "`speech_not_available`: the request needs speech recognition, which is not installed. `upload_not_found`, "
            "`upload_not_ready`, `upload_expired`: a file that the request names is not there."
        ),
        (),
    ),
    "429": (
        "Too many requests, jobs at once, or uploads.",
        ("Retry-After", "RateLimit", "RateLimit-Policy"),
    ),
    "503": ("Not available right now.", ("Retry-After",)),
}
"""Status → its meaning and its headers."""

_LINKS: Json = {
    "job": {
        "operationId": "get_job",
        "parameters": {"job_id": "$response.body#/job_id"},
        "description": "Read the job.",
    },
    "cancel": {
        "operationId": "cancel_job",
        "parameters": {"job_id": "$response.body#/job_id"},
        "description": "Cancel the job.",
    },
}
_OPTIONS: Json = {"webhook_url": "https://hooks.example.com/videos", "metadata": {"scene": "7"}}


class DocumentedApi(FastAPI):
    """FastAPI with the completed document."""

    def openapi(self) -> Json:
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def _completed(document: Json) -> Json:
    components = document["components"]
    components["headers"] = {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()}
    for name in _ALWAYS:
        components["headers"][name]["required"] = True
    components["links"] = _LINKS
    components["responses"] = {}
    components["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
    for operation in _operations(document):
        _complete(operation)
        if "requestBody" in operation:
            if "202" in operation["responses"]:
                _complete_submit(operation, components["schemas"])
            else:
                remove_null(_body_schema(operation, components["schemas"]), components["schemas"])
        _share_problems(operation["responses"], components["responses"])
    components["schemas"]["JobEvent"] = _event(components["schemas"]["JobView"])
    document["webhooks"] = {"job_ended": {"post": describe_callback()}}
    drop_unused(document)
    return document


def _operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _complete(operation: Json) -> None:
    responses = operation["responses"]
    operation["security"] = [{"key": []}] if "401" in responses else []
    # FastAPI adds this one even to routes whose parameters cannot be invalid.
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status, response in responses.items():
        text, names = _STATUSES.get(status, ("Done.", ()))
        response["description"] = text
        response["headers"] = _headers(*names, "X-Request-Id")
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        _without_null(parameter)
    if operation["operationId"] == "create_upload":
        responses["201"]["headers"] = _headers("Location", "X-Request-Id")
    if operation["operationId"] == "get_job":
        responses["200"]["links"] = _links("cancel")
    if operation["operationId"] == "cancel_job":
        responses["200"]["links"] = _links("job")


def _complete_submit(operation: Json, schemas: Json) -> None:
    responses = operation["responses"]
    responses["200"]["description"] = "With `Prefer: wait`: the finished job. With `dry_run`: what a submit would do."
    responses["202"]["description"] = "The job is accepted, or already was with this Idempotency-Key."
    for status, names in {"200": _SUBMITTED, "202": (*_SUBMITTED, "Retry-After")}.items():
        responses[status]["headers"] = _headers(*names, "X-Request-Id")
        responses[status]["links"] = _links(*_LINKS)
    add_dry_run(responses["200"], schemas)
    media, schema = operation["requestBody"]["content"]["application/json"], _body_schema(operation, schemas)
    del schema["properties"]["kind"]
    schema["properties"] = {name: schema["properties"][name] for name in inputs_first(schema["properties"])}
    remove_null(schema, schemas)
    smallest, *fuller = (
        {name: body[name] for name in schema["properties"] if name in body} for body in schema.pop("examples")
    )
    media["examples"] = {
        "smallest": {"summary": "Required fields", "value": smallest},
        "callback": {"summary": "With a callback", "value": smallest | _OPTIONS},
    }
    if fuller:
        media["examples"]["options"] = {"summary": "With options", "value": fuller[0]}


def _body_schema(operation: Json, schemas: Json) -> Json:
    reference: str = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: Json = schemas[reference.rpartition("/")[2]]
    return schema


def _share_problems(responses: Json, shared: Json) -> None:
    """Move refusals, which are the same everywhere, to the shared components."""
    for status, response in responses.items():
        if status in _STATUSES:
            shared[f"Problem{status}"] = response
            responses[status] = {"$ref": f"#/components/responses/Problem{status}"}


def _links(*names: str) -> Json:
    return {name: {"$ref": f"#/components/links/{name}"} for name in names}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _without_null(parameter: Json) -> None:
    """Remove null from a parameter: a header or a query parameter is sent or not."""
    parameter["schema"] = plain(parameter["schema"])


def _event(job: Json) -> Json:
    """Return the schema of a callback's body: a finished job, without the state of the callback itself."""
    kinds = [event_type(state) for state in State if state in TERMINAL]
    properties = {"type": {"type": "string", "enum": kinds}} | job["properties"]
    del properties["callback"]
    return job | {
        "title": "JobEvent",
        "description": "A finished job. The links are absolute; all URLs of files are new in each delivery.",
        "properties": properties,
        "required": ["type", *(name for name in job["required"] if name != "callback")],
    }
