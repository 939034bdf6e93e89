"""The document at /openapi.json: what FastAPI reads from the routes, and what it cannot know.

That is the key, the headers, links, callbacks and examples. Generated at the first request for it. Requests are
described without null and without alternatives, which code generators turn into unusable types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from lambda_api.domain.job import TERMINAL, State
from lambda_api.domain.job_view import event_type
from lambda_api.web.openapi_callback import callback

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_SECONDS: Json = {"type": "integer", "minimum": 1}

_HEADERS: dict[str, tuple[str, Json]] = {
    "Location": ("Where the job is.", {"type": "string", "format": "uri-reference"}),
    "Retry-After": ("Seconds after which to ask again.", _SECONDS),
    "Idempotent-Replayed": ("An earlier request with this Idempotency-Key made the job.", {"const": "true"}),
    "Preference-Applied": ("`wait` was understood.", {"const": "wait"}),
    "RateLimit": ("What is left of the quota that is used up, and when something is back.", _TEXT),
    "RateLimit-Policy": ("The quota that is used up.", _TEXT),
    "WWW-Authenticate": ("Which header the key belongs in.", _TEXT),
    "X-Request-Id": ("What to tell us if something is wrong.", _TEXT),
}
_SUBMITTED = ("Location", "Idempotent-Replayed", "Preference-Applied")
_ALWAYS = frozenset({"Location", "WWW-Authenticate", "X-Request-Id"})

TAGS = [
    {"name": "Videos", "description": "Submit a job."},
    {"name": "Jobs", "description": "Read, list and cancel jobs."},
    {"name": "RunPod", "description": "The GPU endpoint behind the service."},
    {"name": "Service", "description": "Open to everyone."},
]

_STATUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "400": ("The body is not JSON, or a header is not valid.", ()),
    "401": ("No key, or not a valid one.", ("WWW-Authenticate",)),
    "404": ("There is no such job, or it is not yours.", ()),
    "409": ("The job had ended; `job_status` says how it ended.", ()),
    "413": ("The body is too large.", ()),
    "415": ("The body is not sent as `application/json`, or it is compressed.", ()),
    "422": ("`detail` and `errors` say which fields are missing, unknown or not valid, and what is expected.", ()),
    "429": ("Too many requests, or too many jobs at once.", ("Retry-After", "RateLimit", "RateLimit-Policy")),
    "503": ("Not available right now.", ("Retry-After",)),
}
"""Status → what it means, and its headers."""

_LINKS: Json = {
    "job": {
        "operationId": "get_job",
        "parameters": {"job_id": "$response.body#/job_id"},
        "description": "How the job is.",
    },
    "cancel": {
        "operationId": "cancel_job",
        "parameters": {"job_id": "$response.body#/job_id"},
        "description": "Stop the job.",
    },
}
_OPTIONS: Json = {"webhook_url": "https://hooks.example.com/videos", "metadata": {"scene": "7"}}


class Api(FastAPI):
    def openapi(self) -> Json:
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def _completed(document: Json) -> Json:
    components = document["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["headers"] = {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()}
    for name in _ALWAYS:
        components["headers"][name]["required"] = True
    components["links"] = _LINKS
    components["responses"] = {}
    components["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
    for operation in _operations(document):
        _complete(operation)
        if "requestBody" in operation:
            _complete_submit(operation, components["schemas"])
        _share_problems(operation["responses"], components["responses"])
    components["schemas"]["JobEvent"] = _event(components["schemas"]["JobView"])
    document["webhooks"] = {"job_ended": {"post": callback()}}
    return document


def _operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _complete(operation: Json) -> None:
    responses = operation["responses"]
    operation["security"] = [{"key": []}] if "401" in responses else []
    # FastAPI's own, where a route has parameters that cannot be wrong.
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status, response in responses.items():
        text, names = _STATUSES.get(status, ("Done.", ()))
        response["description"] = text
        response["headers"] = _headers(*names, "X-Request-Id")
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        _without_null(parameter)
    if operation["operationId"] == "get_job":
        responses["200"]["links"] = _links("cancel")
    if operation["operationId"] == "cancel_job":
        responses["200"]["links"] = _links("job")


def _complete_submit(operation: Json, schemas: Json) -> None:
    responses = operation["responses"]
    responses["200"]["description"] = "With `Prefer: wait`: the job, which ended in time."
    responses["202"]["description"] = "The job was taken, or had been with this Idempotency-Key."
    for status, names in {"200": _SUBMITTED, "202": (*_SUBMITTED, "Retry-After")}.items():
        responses[status]["headers"] = _headers(*names, "X-Request-Id")
        responses[status]["links"] = _links(*_LINKS)
    media = operation["requestBody"]["content"]["application/json"]
    schema = schemas[media["schema"]["$ref"].rpartition("/")[2]]
    del schema["properties"]["kind"]
    schema["properties"] = {name: _plain(field) for name, field in schema["properties"].items()}
    smallest = schema.pop("examples")[0]
    media["examples"] = {
        "smallest": {"summary": "What it needs", "value": smallest},
        "told": {"summary": "With a callback", "value": smallest | _OPTIONS},
    }


def _share_problems(responses: Json, shared: Json) -> None:
    """A refusal is the same whatever it refuses: said once, and pointed at."""
    for status, response in responses.items():
        if status in _STATUSES:
            shared[f"Problem{status}"] = response
            responses[status] = {"$ref": f"#/components/responses/Problem{status}"}


def _links(*names: str) -> Json:
    return {name: {"$ref": f"#/components/links/{name}"} for name in names}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _without_null(parameter: Json) -> None:
    """A header or a query parameter is sent or not: it is never null."""
    parameter["schema"] = _plain(parameter["schema"])


def _plain(schema: Json) -> Json:
    """A schema without null. Null is accepted for an optional field, and means the same as leaving it out."""
    if "anyOf" not in schema:
        return schema
    [found] = [option for option in schema["anyOf"] if option != {"type": "null"}]
    kept = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    return {**found, **kept}


def _event(job: Json) -> Json:
    """The body of a callback: a job that has ended, without the state of the callback itself."""
    kinds = [event_type(state) for state in State if state in TERMINAL]
    properties = {"type": {"type": "string", "enum": kinds}} | job["properties"]
    del properties["callback"]
    return job | {
        "title": "JobEvent",
        "description": "A job that has ended. The links are absolute, `video_url` is new at each delivery.",
        "properties": properties,
        "required": ["type", *(name for name in job["required"] if name != "callback")],
    }
