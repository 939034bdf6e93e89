"""A route that is added as CONTRIBUTING.md says comes out right without an edit of the document's code."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from lambda_api.web.app import create_documented_app
from lambda_api.web.openapi.problems import header_references
from lambda_api.web.routes.base import keyed_router, problem_responses

router = keyed_router("Shelves")


class Wood(StrEnum):
    """What a shelf is made of."""

    OAK = "oak"
    PINE = "pine"


class Board(BaseModel):
    """One board of a shelf."""

    length: Annotated[float | None, Field(description="Centimeters.", examples=[80])] = None


class NewShelf(BaseModel):
    """A shelf to build."""

    name: Annotated[str, Field(description="Its name.", examples=["books"])]
    wood: Annotated[Wood | None, Field(description="By default pine.")] = None
    boards: Annotated[list[Board], Field(description="From bottom to top.")] = []
    board: Annotated[Board, Field(description="A board of its own.")] = Board(length=3)


class Shelf(BaseModel):
    """A shelf."""

    name: Annotated[str, Field(description="Its name.")]
    wall: Annotated[Literal["left", "right"] | None, Field(description="`left`, `right`, or null.")]


@router.post(
    "/shelves",
    status_code=201,
    responses=problem_responses(409) | {201: {"model": Shelf, "headers": header_references("Location")}},
)
async def create_shelf(request: Request, body: NewShelf) -> Response:
    """Build a shelf. It takes a while.

    The boards are included.
    """
    raise NotImplementedError


@router.delete("/shelves/{shelf_id}", status_code=204)
async def delete_shelf(shelf_id: str) -> None:
    """Remove a shelf."""


@router.post("/shelves/{shelf_id}/move", responses={302: {"description": "Where it is now."}})
async def move_shelf(shelf_id: str, body: Board | None = None, wood: Annotated[Wood | None, Query()] = None) -> Shelf:
    """Move a shelf.

    And everything on it.
    """
    raise NotImplementedError


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = create_documented_app()
    app.router.routes.extend(router.routes)
    return app.openapi()


def test_tag_has_the_docstring_of_the_module(document: dict[str, Any]) -> None:
    assert document["tags"][-1] == {"name": "Shelves", "description": (__doc__ or "").strip()}


def test_summary_is_the_first_sentence(document: dict[str, Any]) -> None:
    create, move = (document["paths"][path]["post"] for path in ("/shelves", "/shelves/{shelf_id}/move"))
    assert create["summary"] == "Build a shelf"
    assert create["description"] == "Build a shelf. It takes a while.\n\nThe boards are included."
    assert (move["summary"], move["description"]) == ("Move a shelf", "And everything on it.")


def test_body_has_no_null_no_object_as_default_and_an_example(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["NewShelf"]["properties"]["wood"]["$ref"] == "#/components/schemas/Wood"
    assert schemas["Board"]["properties"]["length"]["type"] == "number"
    assert "default" not in schemas["NewShelf"]["properties"]["board"]
    media = document["paths"]["/shelves"]["post"]["requestBody"]["content"]["application/json"]
    assert media["examples"] == {"smallest": {"summary": "Required fields", "value": {"name": "books"}}}
    optional = document["paths"]["/shelves/{shelf_id}/move"]["post"]["requestBody"]["content"]["application/json"]
    assert optional["schema"] == {"$ref": "#/components/schemas/Board"}
    validator = jsonschema_rs.Draft202012Validator(schemas["NewShelf"] | {"components": document["components"]})
    assert validator.is_valid(media["examples"]["smallest"]["value"])


def test_responses_keep_what_the_route_says(document: dict[str, Any]) -> None:
    created = document["paths"]["/shelves"]["post"]["responses"]
    assert set(created) == {"201", "401", "409", "422", "503", "default"}
    assert set(created["201"]["headers"]) == {"Location", "X-Request-Id"}
    assert created["409"] == {"$ref": "#/components/responses/Problem409"}
    assert document["paths"]["/shelves/{shelf_id}"]["delete"]["responses"]["204"]["description"] == "Done."
    moved = document["paths"]["/shelves/{shelf_id}/move"]["post"]["responses"]
    assert moved["302"]["description"] == "Where it is now."
    assert set(moved["302"]["headers"]) == {"Location", "X-Request-Id"}


def test_responses_may_be_null(document: dict[str, Any]) -> None:
    wall = document["components"]["schemas"]["Shelf"]["properties"]["wall"]
    assert wall["anyOf"] == [{"type": "string", "enum": ["left", "right"]}, {"type": "null"}]
