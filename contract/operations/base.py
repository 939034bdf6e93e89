"""The base of all operations."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import ConfigDict, JsonValue

from contract.artifacts import OUTPUT_VIDEO, Artifact
from contract.base import Message
from contract.operations.inputs import ROLES, Input
from contract.operations.stored import stored_field
from contract.roles import Role

Body = dict[str, JsonValue]


class OptionGroup(Message):
    """Options that several operations share. A group adds to what the operation makes and needs."""

    def further_artifacts(self) -> tuple[Artifact, ...]:
        """Return the files that these options add to the main one. A subclass adds its own to those of `super()`."""
        return ()

    def needs_speech(self) -> bool:
        """Return True if the worker must recognize speech."""
        return False


class Operation(OptionGroup):
    """An operation that a client requests. Fields that start with `url_` are input files; all others shape the result.

    The docstring of a subclass is its public description. The first line is a summary.
    """

    path: ClassVar[str]
    """The route that submits it."""

    kind: str

    def inputs(self) -> tuple[Input, ...]:
        """Return the inputs that are present, in the order of `ROLES`."""
        present = ((name, role, getattr(self, name, None)) for name, role in ROLES.items())
        return tuple(Input(name, role, url) for name, role, url in present if url is not None)

    def artifacts(self) -> tuple[Artifact, ...]:
        """Return all files that the operation makes, the main one first."""
        return (OUTPUT_VIDEO, *self.further_artifacts())

    def extract_inline(self) -> tuple[Self, dict[str, bytes]]:
        """Return the operation with references in place of inputs that are inside the request, and these by field.

        See `contract.operations.stored`.
        """
        return self, {}

    def sent_field(self, field: str) -> str:
        """Return the name under which a client sent an input: `captions` if `url_srt` refers to the stored text."""
        url = getattr(self, field, None) if field in ROLES else None
        return (url and stored_field(url)) or field

    def keeps_own_sound(self) -> bool:
        """Return True if the result includes the sound that the input video came with."""
        return all(given.role is not Role.AUDIO for given in self.inputs())


def examples(smallest: Body, fuller: Body | None = None) -> ConfigDict:
    """Return request bodies for the documentation: one with the required fields only, one with common options."""
    return ConfigDict(json_schema_extra={"examples": [smallest, *([fuller] if fuller else [])]})
