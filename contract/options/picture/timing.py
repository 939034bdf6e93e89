"""Frame rate and duration of clips that are made from pictures."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from contract.limits import MAX_DURATION, MAX_FRAME_RATE, MIN_DURATION, MIN_FRAME_RATE
from contract.options.fields import BROADCAST_RATES, Metavar, Number, number_field

FrameRate = Annotated[
    float, number_field(MIN_FRAME_RATE, MAX_FRAME_RATE, "Frames per second.", 24), Number, Metavar("RATE")
]
Duration = Annotated[
    float, number_field(MIN_DURATION, MAX_DURATION, "Length of the clip in seconds.", 5), Number, Metavar("SECONDS")
]


def exact_rate(frame_rate: float) -> Fraction:
    """Return the rational frame rate that a decimal stands for: 29.97 is 30000/1001 (SMPTE ST 170), 12.5 is 25/2."""
    rate = BROADCAST_RATES.get(f"{frame_rate:g}")
    return Fraction(rate * 1000, 1001) if rate else Fraction(frame_rate).limit_denominator(1001)


def frame_count(duration: float, frame_rate: float) -> int:
    """Return the number of frames in a clip from a picture: `round(duration * frame_rate)`, at least one."""
    return max(1, round(duration * frame_rate))
