"""Docstrings of attributes: the text below a model's field or an enum's value, as the source has it.

Python drops them, so the source is parsed, when the document is made and never at a cold start. Pydantic's
`use_attribute_docstrings` parses it for each class at its import.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

_OURS = ("contract.", "lambda_api.")


def attribute_docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings of a class's attributes, by name, with those that it inherits."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith(_OURS):
            found |= _of_module(base.__module__).get(base.__qualname__, {})
    return found


@cache
def _of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings of a module's classes; none if only its compiled form is installed."""
    try:
        nodes = ast.parse(inspect.getsource(sys.modules[name])).body
    except OSError:
        return {}
    return {node.name: dict(_of_class(node)) for node in nodes if isinstance(node, ast.ClassDef)}


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, below in zip(node.body, node.body[1:], strict=False):
        match statement, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(inspect.cleandoc(text).split())


def documented_types(routes: Iterable[object], *others: type) -> dict[str, type]:
    """Return the models and enums that routes receive and send, and others, by the names that their schemas have."""
    found: dict[str, type] = {}
    for other in others:
        _collect(other, found)
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for hint in _hints(route):
                _collect(hint, found)
    return found


def _hints(route: APIRoute) -> Iterator[Any]:
    yield route.response_model
    yield from (response.get("model") for response in route.responses.values())
    fields = [*route.dependant.query_params, *route.dependant.path_params, *route.dependant.header_params]
    yield from (field.field_info.annotation for field in [*fields, *route.dependant.body_params])


def _collect(hint: Any, found: dict[str, type]) -> None:
    for part in get_args(hint):
        _collect(part, found)
    if not isinstance(hint, type) or hint.__name__ in found or not issubclass(hint, BaseModel | Enum):
        return
    found[hint.__name__] = hint
    if issubclass(hint, BaseModel):
        for info in hint.model_fields.values():
            _collect(info.annotation, found)
