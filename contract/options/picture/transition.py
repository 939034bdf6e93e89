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
    FADE = "fade"
    FADE_BLACK = "fade_black"
    FADE_WHITE = "fade_white"
    DISSOLVE = "dissolve"
    WIPE_LEFT = "wipe_left"
    WIPE_RIGHT = "wipe_right"
    WIPE_UP = "wipe_up"
    WIPE_DOWN = "wipe_down"
    SLIDE_LEFT = "slide_left"
    SLIDE_RIGHT = "slide_right"
    SLIDE_UP = "slide_up"
    SLIDE_DOWN = "slide_down"
    SMOOTH_LEFT = "smooth_left"
    SMOOTH_RIGHT = "smooth_right"
    CIRCLE_OPEN = "circle_open"
    CIRCLE_CLOSE = "circle_close"
    ZOOM_IN = "zoom_in"
    PIXELIZE = "pixelize"


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
