"""The requests of a collection, independent of the client that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

NAME = "api-gpu"
URL, KEY = "http://127.0.0.1:8000", "local-key"
"""Those of `make up`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path, the query or the header."""

    name: str
    value: str
    description: str
    is_sent: bool = True
    """False if it is only prepared, for people to switch on."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Texts may contain variables in double braces."""

    key: str
    """Its name within the collection, stable: the `operationId`."""
    name: str
    folder: str
    description: str
    method: str
    path: str
    """With parameters in braces, as in the document."""
    needs_key: bool
    path_parameters: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    body: Any = None


def read_requests(document: Json) -> list[Request]:
    """Return one request for each operation of an OpenAPI document, in its order."""
    return [
        _request(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def folders(document: Json) -> dict[str, str]:
    """Return the folders of a collection with their descriptions: one per tag."""
    return {tag["name"]: tag["description"] for tag in document["tags"]}


def variables(requests: list[Request]) -> dict[str, str]:
    """Return the variables of a collection with their first values."""
    ids = {variable_name(p.name): "" for request in requests for p in request.path_parameters}
    return {"baseUrl": URL, "apiKey": KEY, "photoUrl": "{{baseUrl}}/samples/photo.jpg", **ids}


def variable_name(parameter: str) -> str:
    """Return the variable that holds a parameter of the path: `jobId` for `job_id`."""
    first, *others = parameter.split("_")
    return first + "".join(map(str.capitalize, others))


def _request(path: str, method: str, operation: Json) -> Request:
    parameters: dict[str, list[Parameter]] = {"path": [], "query": [], "header": []}
    for found in operation.get("parameters", ()):
        is_in_path = found["in"] == "path"
        value = f"{{{{{variable_name(found['name'])}}}}}" if is_in_path else _example(found)
        parameters[found["in"]].append(Parameter(found["name"], value, found["description"], found["required"]))
    return Request(
        key=operation["operationId"],
        name=operation["summary"],
        folder=operation["tags"][0],
        description=operation["description"],
        method=method.upper(),
        path=path,
        needs_key=bool(operation["security"]),
        path_parameters=tuple(parameters["path"]),
        query=tuple(parameters["query"]),
        headers=tuple(parameters["header"]),
        body=_body(operation),
    )


def _example(parameter: Json) -> str:
    schema = parameter["schema"]
    values = [*parameter.get("examples", ()), *schema.get("examples", ()), schema.get("default", "")]
    return str(values[0])


def _body(operation: Json) -> Any:
    """Return the example with options, else the one with the required fields; None without a body."""
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples: Json = media.get("examples", {})
    return next((examples[name]["value"] for name in ("options", "smallest") if name in examples), None)


def path_parts(path: str) -> Iterator[str]:
    """Yield the parts of a path, with parameters as Postman and Bruno write them: `:job_id`."""
    for part in path.strip("/").split("/"):
        yield re.sub(r"^\{(\w+)\}$", r":\1", part)
