"""A picture over the video, such as a logo."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contract.base import Message
from contract.options.captions.choices import Position
from contract.options.fields import AnyCase, Metavar, Number, number_field
from contract.options.group import OptionGroup
from contract.options.inputs import LOGO, ImageUrl, OrUrl

DEFAULT_SIZE, DEFAULT_MARGIN = 15.0, 4.0
WATERMARK = "overlay.url_image"
"""The field of its file."""


class Watermark(Message):
    """A picture over the video, under its captions. Transparency is kept, and nothing of it is outside the frame."""

    url_image: ImageUrl
    position: Annotated[Position, AnyCase, Field(description="Its place in the frame.", examples=["bottom_right"])] = (
        Position.TOP_RIGHT
    )
    size: Annotated[
        float,
        number_field(
            1, 100, "Its width in percent of the frame's short side; less if it would not fit between the margins.", 20
        ),
        Number,
    ] = DEFAULT_SIZE
    opacity: Annotated[float, number_field(0, 1, "Opacity: 1 changes nothing, 0 hides it.", 0.6), Number] = 1.0
    margin: Annotated[
        float, number_field(0, 25, "Distance from the frame's edges, in percent of its short side.", 3), Number
    ] = DEFAULT_MARGIN


class WatermarkOptions(OptionGroup):
    """A picture over the video."""

    overlay: Annotated[
        Annotated[Watermark, OrUrl("url_image", LOGO)] | None,
        Field(
            description="A picture over the video, such as a logo: its URL, or an object with `url_image`.",
            examples=[LOGO],
        ),
        Metavar("FILE|JSON"),
    ] = None
