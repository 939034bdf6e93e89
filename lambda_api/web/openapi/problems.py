"""Refusals in the document: their codes, and one shared response per status.

Everything is read from the classes of errors, so that a new one is documented without a change here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_api.domain.errors import ApiError
from lambda_api.web.errors import FRAMEWORK_PROBLEMS, OTHER_PROBLEM
from lambda_api.web.openapi.values import describe_values

Json = dict[str, Any]

_TEXTS = {
    400: "The body is not JSON, or a header is not valid.",
    401: "The key is missing or not valid.",
    404: "There is no such thing, or it is not yours.",
    409: "Not possible in the present state.",
    413: "The body is too large.",
    415: "The body is not sent as `application/json`, or it is compressed.",
    422: "`detail` and `errors` name the fields that are missing, unknown or not valid, and what is expected.",
    429: "Too much at once. `Retry-After` says when to try again.",
    503: "Not available right now.",
}
_HEADERS = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}
_OTHER = "Any other refusal, or an error of ours."


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """A stable `code`, what it means, and the statuses that it comes with."""

    code: str
    title: str
    statuses: tuple[int, ...]


def problem_codes() -> list[ProblemCode]:
    """Return all codes in alphabetical order."""
    titles: dict[str, str] = {}
    statuses: dict[str, set[int]] = defaultdict(set)
    rows = [(error.code, error.status, error.title) for error in _classes() if "code" in vars(error)]
    rows += [(code, status, title) for status, (code, title) in FRAMEWORK_PROBLEMS.items()]
    for code, status, title in rows:
        titles.setdefault(code, title)
        statuses[code].add(status)
    titles.setdefault(*OTHER_PROBLEM)
    return [ProblemCode(code, titles[code], tuple(sorted(statuses[code]))) for code in sorted(titles)]


def _classes() -> list[type[ApiError]]:
    """Return our classes of errors, those of the domain first."""
    found = {error for error in _subclasses(ApiError) if error.__module__.startswith("lambda_api.")}
    return sorted(found, key=lambda error: (error.__module__, error.__qualname__))


def _subclasses(error: type[ApiError]) -> Iterator[type[ApiError]]:
    yield error
    for found in error.__subclasses__():
        yield from _subclasses(found)


def describe_problems(schemas: Json) -> None:
    """Complete the schema of problems with the list of codes."""
    codes = problem_codes()
    schema: Json = {"type": "string", "title": "ProblemCode", "enum": [found.code for found in codes]}
    schema["description"] = "The stable code of a refusal. More may be added."
    describe_values(schema, {found.code: f"{found.title} ({_list(found.statuses)})." for found in codes})
    schemas["ProblemCode"] = schema
    field = schemas["Problem"]["properties"]["code"]
    del field["type"], field["title"]
    field["$ref"] = "#/components/schemas/ProblemCode"


def _list(statuses: tuple[int, ...]) -> str:
    return " or ".join(map(str, statuses)) or "any other status"


def share_problems(responses: Json, shared: Json) -> None:
    """Refer to shared responses where an operation declares problems, and as its default."""
    for status, response in responses.items():
        if "application/problem+json" in response.get("content", ()):
            name = f"Problem{status}"
            shared.setdefault(name, _response(int(status), response["content"]))
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    responses["default"] = {"$ref": "#/components/responses/Problem"}


def default_problem() -> Json:
    """Return the shared response to everything that an operation does not declare."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": _OTHER,
        "content": {"application/problem+json": {"schema": schema}},
        "headers": header_references("X-Request-Id"),
    }


def _response(status: int, content: Mapping[str, Any]) -> Json:
    intro = _TEXTS.get(status, "Refused.")
    codes = [f"- `{found.code}`: {found.title}." for found in problem_codes() if status in found.statuses]
    return {
        "description": "\n".join([intro, *(["", *codes] if codes else [])]),
        "content": dict(content),
        "headers": header_references(*_HEADERS.get(status, ()), "X-Request-Id"),
    }


def header_references(*names: str) -> Json:
    """Return references to shared headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
