"""The base of all operations."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, JsonValue

from contract.base import Message
from contract.operations.inputs import ROLES, Input
from contract.roles import Role

Body = dict[str, JsonValue]


class Operation(Message):
    """An operation that a client requests. Fields that start with `url_` are input files; all others shape the result.

    The docstring of a subclass is its public description. The first line is a summary.
    """

    path: ClassVar[str]
    """The route that submits it."""

    kind: str

    def inputs(self) -> tuple[Input, ...]:
        """Return the inputs that are present, in the order in which the fields are declared."""
        present = ((name, getattr(self, name)) for name in type(self).model_fields if name in ROLES)
        return tuple(Input(name, ROLES[name], url) for name, url in present if url is not None)

    def keeps_own_sound(self) -> bool:
        """Return True if the result includes the sound that the input video came with."""
        return all(given.role is not Role.AUDIO for given in self.inputs())


def examples(smallest: Body, fuller: Body | None = None) -> ConfigDict:
    """Return request bodies for the documentation: one with the required fields only, one with common options."""
    return ConfigDict(json_schema_extra={"examples": [smallest, *([fuller] if fuller else [])]})
