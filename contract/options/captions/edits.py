"""Changes to the text of captions: words that are drawn differently, and times without captions."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from contract.base import Message
from contract.limits import MAX_CAPTION_SECONDS
from contract.options.fields import Number, Trimmed, ValidUnicode

_UNDRAWN = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that are not drawn."""
_MAX_REPLACEMENT = 100

RangeTime = Annotated[float, Field(ge=0, le=MAX_CAPTION_SECONDS, allow_inf_nan=False), Number]


def _clean(text: str) -> str:
    """Return text on one line, without control characters and without what the worker takes for markup."""
    drawn = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNDRAWN)
    text = re.sub(r"<(?=/?[iu]>)", "<\u2060", " ".join("".join(drawn).split()))
    # Checked again, because a message is: a row that could be written must be readable.
    if len(text) > _MAX_REPLACEMENT:
        raise ValueError(f"must not have more than {_MAX_REPLACEMENT} characters, without markup")
    return text


class Replacement(Message):
    """A word, or several, and what is drawn in their place."""

    find: Annotated[
        str,
        Field(min_length=1, max_length=_MAX_REPLACEMENT, description="Whole words, in any case.", examples=["damn"]),
        Trimmed,
        ValidUnicode,
    ]
    replace: Annotated[
        str,
        Field(max_length=_MAX_REPLACEMENT, description="What is drawn; empty to leave them out.", examples=["d***"]),
        AfterValidator(_clean),
        ValidUnicode,
    ]


class TimeRange(Message):
    """A range in seconds."""

    start: Annotated[RangeTime, Field(description="Start in seconds.", examples=[0])]
    end: Annotated[RangeTime, Field(description="End in seconds, after the start.", examples=[2.5])]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("must end after it starts")
        return self
