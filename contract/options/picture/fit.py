"""Placement of a picture whose shape differs from the frame's."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contract.options.colors import OpaqueColor
from contract.options.fields import AnyCase, Metavar


class Fit(StrEnum):
    """Placement of a picture whose shape differs from the frame's. Nothing is stretched."""

    COVER = "cover"
    """Fills the frame and crops the rest."""
    CONTAIN = "contain"
    """Shows the whole picture on `background`."""
    BLUR = "blur"
    """Shows the whole picture on a blurred copy of itself."""


FitChoice = Annotated[
    Fit,
    AnyCase,
    Field(
        description=(
            "`cover` fills the frame and crops the rest, `contain` shows the whole picture on `background`, `blur` "
            "shows it on a blurred copy of itself."
        ),
        examples=[Fit.BLUR],
    ),
]
BackgroundColor = Annotated[
    OpaqueColor,
    Field(description="Color around the picture with `contain`.", examples=["#1E1E1E"]),
    Metavar("COLOR"),
]
