"""Transitions from one scene to the next."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from contract.base import Message
from contract.options.fields import AnyCase, KindName, Metavar, Number, OrText, number_field

MAX_TRANSITION = 5.0


class TransitionKind(StrEnum):
    """The look of a transition. `wipe_left` and `slide_left` move to the left."""

    CUT = "cut"
    """At once, without a transition."""
    FADE = "fade"
    """One scene fades into the other."""
    FADE_BLACK = "fade_black"
    """Through black."""
    FADE_WHITE = "fade_white"
    """Through white."""
    DISSOLVE = "dissolve"
    """Pixel by pixel, in random order."""
    WIPE_LEFT = "wipe_left"
    """An edge moves to the left and uncovers the later scene."""
    WIPE_RIGHT = "wipe_right"
    """An edge moves to the right and uncovers the later scene."""
    WIPE_UP = "wipe_up"
    """An edge moves up and uncovers the later scene."""
    WIPE_DOWN = "wipe_down"
    """An edge moves down and uncovers the later scene."""
    SLIDE_LEFT = "slide_left"
    """The later scene pushes the earlier one to the left."""
    SLIDE_RIGHT = "slide_right"
    """The later scene pushes the earlier one to the right."""
    SLIDE_UP = "slide_up"
    """The later scene pushes the earlier one up."""
    SLIDE_DOWN = "slide_down"
    """The later scene pushes the earlier one down."""
    SMOOTH_LEFT = "smooth_left"
    """A soft edge moves to the left."""
    SMOOTH_RIGHT = "smooth_right"
    """A soft edge moves to the right."""
    CIRCLE_OPEN = "circle_open"
    """A circle grows and uncovers the later scene."""
    CIRCLE_CLOSE = "circle_close"
    """A circle of the earlier scene shrinks."""
    ZOOM_IN = "zoom_in"
    """The earlier scene grows into the later one."""
    PIXELIZE = "pixelize"
    """Through large pixels."""


class Transition(Message):
    """The transition between scenes. It lies at the start of the later scene."""

    kind: Annotated[TransitionKind, AnyCase, Field(description="Its look.", examples=[TransitionKind.SLIDE_LEFT])] = (
        TransitionKind.FADE
    )
    duration: Annotated[float, number_field(0.05, MAX_TRANSITION, "Length in seconds.", 0.5), Number] = 0.5

    @property
    def seconds(self) -> float:
        """The length in seconds; 0 for a cut."""
        return 0.0 if self.kind is TransitionKind.CUT else self.duration


def transition_choice(default: TransitionKind) -> Any:
    """Return the field type of a transition: the name of a kind, or an object."""
    return Annotated[
        Transition,
        KindName,
        OrText({"type": "string", "enum": list(TransitionKind)}),
        Field(
            description="Transition between scenes: the name of a kind, or an object with `kind` and `duration`.",
            examples=["slide_left"],
            json_schema_extra={"default": default},
        ),
        Metavar("NAME|JSON"),
    ]
