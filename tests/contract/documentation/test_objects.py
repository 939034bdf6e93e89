"""Descriptions of objects inside requests."""

from __future__ import annotations

from typing import Annotated

from contract.base import Message
from contract.documentation.describe import describe
from contract.documentation.objects import describe_objects
from contract.operations import OPERATIONS
from contract.operations.compose import Compose
from contract.operations.slideshow import Slideshow
from contract.operations.trim import Trim
from contract.options.fields import number_field

_OBJECTS = describe_objects(OPERATIONS)


def test_every_object_has_a_title_a_summary_and_described_fields() -> None:
    titles = [found.title for found in _OBJECTS.values()]
    assert titles == sorted(set(titles))
    assert {"style", "colors", "motion", "focus", "transition", "music", "ducking", "overlay", "poster"} < set(titles)
    for found in _OBJECTS.values():
        assert found.summary
        assert found.users
        for field in found.properties:
            assert field.description, (found.title, field.field)


def test_objects_are_found_in_lists_and_in_other_objects() -> None:
    objects = describe_objects({"slideshow": Slideshow, "trim": Trim})
    assert (objects["SlideshowImage"].is_entry, objects["SlideshowImage"].users) == (True, ("slideshow",))
    assert (objects["Focus"].is_entry, objects["Focus"].users) == (False, ("motion",))
    assert objects["Motion"].users == ("slideshow", "images")
    assert objects["Part"].title == "keep"


def test_a_field_names_the_objects_that_it_takes() -> None:
    options = {option.field: option for option in describe(Slideshow).options}
    assert options["images"].objects == ("SlideshowImage",)
    assert options["style"].objects == ("CaptionStyle",)
    assert options["frame_rate"].objects == ()
    focus = next(field for field in _OBJECTS["Motion"].properties if field.field == "focus")
    assert (focus.objects, focus.default) == (("Focus",), '{"x": 0.5, "y": 0.5}')


def test_fields_of_objects_have_ranges_defaults_and_choices() -> None:
    fields = {field.field: field for field in describe_objects({"compose": Compose})["Motion"].properties}
    assert (fields["amount"].range, fields["amount"].default, fields["amount"].required) == ("0 to 1", None, False)
    assert fields["seed"].range == "0 to 2147483647"
    assert (fields["easing"].choices[0], fields["easing"].default) == ("linear", "linear")
    music = {field.field: field for field in _OBJECTS["Music"].properties}
    assert music["url_audio"].required
    assert music["loop"].default == "true"


class _Span(Message):
    """A span of time."""

    begin: Annotated[float, number_field(0, 9, "Its start.", 1)]


class _Other(Trim):
    keep: tuple[_Span, ...] = ()  # type: ignore[assignment]


def test_objects_of_fields_with_one_name_have_different_titles() -> None:
    objects = describe_objects({"trim": Trim, "other": _Other})
    titles = [found.title for found in objects.values() if found.title.startswith("keep")]
    assert titles == ["keep of other", "keep of trim"]
