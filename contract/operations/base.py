"""The base of all operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import ConfigDict, JsonValue

from contract.artifacts import Artifact
from contract.options.group import OptionGroup
from contract.options.inputs import Input, find_inputs, replace_urls
from contract.options.stored import stored_field

Body = dict[str, JsonValue]


class Operation(OptionGroup):
    """An operation that a client requests. Fields that start with `url_` are input files; all others shape the result.

    The docstring of a subclass is its public description. The first line is a summary.
    """

    path: ClassVar[str]
    """The route that submits it."""

    kind: str

    def inputs(self) -> tuple[Input, ...]:
        """Return the inputs that are present: first its own, in the order of `ROLES`, then those of objects in it."""
        return tuple(find_inputs(self))

    def with_urls(self, urls: Mapping[str, str]) -> Self:
        """Return the operation with other URLs of its inputs, by their fields."""
        return replace_urls(self, urls)

    def artifacts(self) -> tuple[Artifact, ...]:
        """Return all files that the operation makes, the main one first."""
        return (self.main_artifact(), *self.further_artifacts())

    def extract_inline(self) -> tuple[Self, dict[str, bytes]]:
        """Return the operation with references in place of inputs that are inside the request, and these by field.

        See `contract.options.stored`.
        """
        return self, {}

    def sent_field(self, field: str) -> str:
        """Return the name under which a client sent an input: `captions` if `url_srt` refers to the stored text."""
        url = next((given.url for given in self.inputs() if given.field == field), None)
        return (url and stored_field(url)) or field

    def keeps_sound_of(self, _field: str) -> bool:
        """Return True if the result includes the sound that an input video came with."""
        return "url_audio" not in {given.field for given in self.inputs()}

    def window_of(self, _field: str) -> tuple[float, float | None] | None:
        """Return the part of an input video that the result shows, in seconds; None for all of it.

        The part without an end lasts until that of the video.
        """
        return None

    def needs_typical_frame(self) -> bool:
        """Return True if the worker must choose a frame that stands for the input video."""
        return False

    def measurements(self) -> tuple[str, ...] | None:
        """Return what the worker must measure in the input besides facts about the file; None if it needs neither."""
        return None

    def stated_seconds(self) -> float | None:
        """Return the length of the result in seconds if the request states it."""
        return None


def examples(smallest: Body, fuller: Body | None = None) -> ConfigDict:
    """Return request bodies for the documentation: one with the required fields only, one with common options."""
    return ConfigDict(json_schema_extra={"examples": [smallest, *([fuller] if fuller else [])]})
