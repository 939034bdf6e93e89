"""The document at /openapi.json: what FastAPI reads from the routes, completed with what it cannot know.

Those are the key, headers, links, callbacks, examples, the codes of refusals, and the docstrings of fields and values.
Generated at the first request for it. Requests are described without null and without alternatives, which code
generators turn into unusable types. Everything is derived from the routes: CONTRIBUTING.md says what a new one needs.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from contract.events import EventType
from contract.operations import OPERATIONS
from lambda_api.domain.views.dry_run_schema import DryRunView
from lambda_api.domain.views.job_schema import JobView
from lambda_api.web.openapi.callback import describe_callback
from lambda_api.web.openapi.docstrings import documented_types
from lambda_api.web.openapi.dry_run import add_dry_run
from lambda_api.web.openapi.problems import default_problem, describe_problems, header_references, share_problems
from lambda_api.web.openapi.requests import complete_body, drop_unused, plain
from lambda_api.web.openapi.values import describe_schemas

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_SECONDS: Json = {"type": "integer", "minimum": 1}

_HEADERS: dict[str, tuple[str, Json]] = {
    "Location": ("URL of what the response is about.", {"type": "string", "format": "uri-reference"}),
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
_SUBMITS = frozenset(operation.path for operation in OPERATIONS.values())

_TAGS = {
    "Videos": "Submit a job.",
    "Uploads": "Send files that jobs read.",
    "Captions": "The choices of captions' `style`.",
    "Jobs": "Read, list and cancel jobs.",
    "Webhooks": "See what was delivered, deliver again, test a receiver, set a default.",
    "RunPod": "The GPU endpoint behind the service.",
    "Service": "Open to everyone.",
}
"""Texts of tags, in the order of the document. Any other tag follows with the docstring of the module of its routes."""

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
            routes = [route for route in self.routes if isinstance(route, APIRoute) and route.include_in_schema]
            self.openapi_tags = _tags(routes)
            self.openapi_schema = _completed(super().openapi(), routes)
        return self.openapi_schema


def _tags(routes: Iterable[APIRoute]) -> list[Json]:
    modules = {str(tag): inspect.getmodule(route.endpoint) for route in routes for tag in route.tags}
    texts = {
        tag: inspect.cleandoc((module and module.__doc__) or "").partition("\n\n")[0] for tag, module in modules.items()
    }
    return [{"name": tag, "description": text} for tag, text in (_TAGS | (texts | _TAGS)).items() if tag in modules]


def _completed(document: Json, routes: Iterable[APIRoute]) -> Json:
    components = document["components"]
    components["headers"] = {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()}
    for name in _ALWAYS:
        components["headers"][name]["required"] = True
    components["links"] = _LINKS
    components["responses"] = {"Problem": default_problem()}
    components["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The key of a caller."}
    }
    components["schemas"]["JobEvent"] = _event(components["schemas"]["JobView"])
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation:
                complete_body(
                    operation, components["schemas"], f"{method.upper()} {path}", _OPTIONS if path in _SUBMITS else {}
                )
            _complete(operation, is_submit=path in _SUBMITS)
            if path in _SUBMITS:
                add_dry_run(operation["responses"]["200"], components["schemas"])
            share_problems(operation["responses"], components["responses"])
    describe_schemas(document, documented_types(routes, DryRunView) | {"JobEvent": JobView})
    describe_problems(components["schemas"])
    document["webhooks"] = {"job_ended": {"post": describe_callback()}}
    drop_unused(document)
    return document


def _complete(operation: Json, *, is_submit: bool) -> None:
    responses = operation["responses"]
    operation["summary"], operation["description"] = _summarize(operation.get("description", ""))
    operation["security"] = [{"key": []}] if "401" in responses else []
    # FastAPI adds this one even to routes whose parameters cannot be invalid.
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status, response in responses.items():
        if response.get("description", "") in {"", "Successful Response"}:
            response["description"] = "Done."
        always = ("Location", "X-Request-Id") if status.startswith("3") else ("X-Request-Id",)
        response["headers"] = header_references(*always) | response.get("headers", {})
    if is_submit:
        _complete_submit(responses)
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        # A header or a query parameter is sent or not.
        parameter["schema"] = plain(parameter["schema"])
        parameter.setdefault("description", parameter["schema"].get("description", ""))
    if operation["operationId"] == "get_job":
        responses["200"]["links"] = _links("cancel")
    if operation["operationId"] == "cancel_job":
        responses["200"]["links"] = _links("job")


def _summarize(docstring: str) -> tuple[str, str]:
    """Return the first sentence without its period, and what follows; all of it if nothing does."""
    first, _, rest = docstring.partition("\n\n")
    sentence, _, more = " ".join(first.split()).partition(". ")
    return sentence.removesuffix("."), rest if rest and not more else docstring


def _complete_submit(responses: Json) -> None:
    responses["200"]["description"] = "With `Prefer: wait`: the finished job. With `dry_run`: what a submit would do."
    responses["202"]["description"] = "The job is accepted, or already was with this Idempotency-Key."
    for status, names in {"200": _SUBMITTED, "202": (*_SUBMITTED, "Retry-After")}.items():
        responses[status]["headers"] = header_references(*names, "X-Request-Id")
        responses[status]["links"] = _links(*_LINKS)


def _links(*names: str) -> Json:
    return {name: {"$ref": f"#/components/links/{name}"} for name in names}


def _event(job: Json) -> Json:
    """Return the schema of a callback's body: a job, without the state of the callback itself."""
    kind = {"type": "string", "enum": list(EventType), "description": "What happened."}
    properties = copy.deepcopy({"type": kind} | job["properties"])
    del properties["callback"]
    return job | {
        "title": "JobEvent",
        "description": (
            "A job that has finished or, in `job.progress`, still runs. The links are absolute; all URLs of files are "
            "new in each delivery."
        ),
        "properties": properties,
        "required": ["type", *(name for name in job["required"] if name != "callback")],
    }
