"""Motion of the view over a still picture."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from contract.base import Message
from contract.options.fields import AnyCase, KindName, Metavar, Number, OrText, number_field

MAX_SEED = 2**31 - 1


class MotionKind(StrEnum):
    """Motions of the camera. `pan_left` moves it to the left, so the picture moves to the right."""

    ZOOM_IN = "zoom_in"
    """Closer."""
    ZOOM_OUT = "zoom_out"
    """Farther away."""
    PAN_LEFT = "pan_left"
    """To the left."""
    PAN_RIGHT = "pan_right"
    """To the right."""
    PAN_UP = "pan_up"
    """Up."""
    PAN_DOWN = "pan_down"
    """Down."""
    KEN_BURNS = "ken_burns"
    """A zoom and a pan, in directions that `seed` chooses."""
    STATIC = "static"
    """None."""


class Easing(StrEnum):
    """Speed of a motion over its time."""

    LINEAR = "linear"
    """The same all the time."""
    EASE_IN_OUT = "ease_in_out"
    """Slow at the start and at the end."""
    EASE_OUT = "ease_out"
    """Slow at the end."""


class Focus(Message):
    """A point of the frame: 0, 0 is its upper left corner, 1, 1 the lower right one."""

    x: Annotated[float, number_field(0, 1, "From the left edge, 0, to the right one, 1.", 0.5), Number] = 0.5
    y: Annotated[float, number_field(0, 1, "From the upper edge, 0, to the lower one, 1.", 0.33), Number] = 0.5


class Motion(Message):
    """Motion of the camera over a picture."""

    kind: Annotated[
        MotionKind,
        AnyCase,
        Field(
            description="The motion of the camera: `pan_left` moves it to the left. `ken_burns` zooms and pans.",
            examples=[MotionKind.KEN_BURNS],
        ),
    ] = MotionKind.ZOOM_IN
    amount: Annotated[
        float | None,
        number_field(0, 1, "Zoom, or way of a pan in parts of the frame: 0.3 zooms to 1.3.", 0.12),
        Number,
    ] = None
    focus: Annotated[Focus, Field(description="The point that a zoom goes to or comes from.")] = Focus()
    easing: Annotated[Easing, AnyCase, Field(description="Speed over time.", examples=[Easing.EASE_IN_OUT])] = (
        Easing.LINEAR
    )
    seed: Annotated[
        int | None,
        Field(ge=0, le=MAX_SEED, description="Chooses the directions of `ken_burns`.", examples=[7]),
        Number,
    ] = None


def motion_choice(default: MotionKind) -> Any:
    """Return the field type of a motion: the name of a kind, or an object. `default` is what the documentation says."""
    return Annotated[
        Motion,
        KindName,
        OrText({"type": "string", "enum": list(MotionKind)}),
        Field(
            description="Motion over the picture: the name of a kind, or an object with `kind` and what differs.",
            examples=["ken_burns"],
            json_schema_extra={"default": default},
        ),
        Metavar("NAME|JSON"),
    ]


MotionChoice = motion_choice(MotionKind.ZOOM_IN)
