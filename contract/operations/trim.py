from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from contract.artifacts import VideoFormat
from contract.base import Message
from contract.limits import MIN_DURATION
from contract.operations.base import Operation, examples
from contract.options.fields import AnyCase, Flag, Metavar, Number, number_field
from contract.options.inputs import CLIP, VideoUrl
from contract.options.picture import PictureOptions
from contract.options.picture.moments import MAX_MOMENT, Moment

MAX_PARTS = 100


class Accuracy(StrEnum):
    """The first frame of the result."""

    EXACT = "exact"
    """The frame at `start`."""
    FAST = "fast"
    """The keyframe before `start`, with nothing hidden."""


class Range(NamedTuple):
    """A range to keep: the field of its start, its start and its end in seconds. None is the end of the video."""

    field: str
    start: float
    end: float | None


def _check_length(start: float, end: float) -> None:
    if round(end - start, 6) < MIN_DURATION:
        raise ValueError(f"`end` must be at least {MIN_DURATION:g} s after `start`; send a later `end`")


class Part(Message):
    """A part of the video."""

    start: Annotated[float, Moment("Start of the part.", 12.5)]
    end: Annotated[float, Moment("End of the part.", "0:20")]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        _check_length(self.start, self.end)
        return self


class Trim(PictureOptions, Operation):
    """Keep one or several parts of a video.

    Send `start`, `end` or both, or a list of parts in `keep`. A part has the frames that begin within it, each for its
    full time, and their sound to the sample. One part is copied without any loss where players can show it: the file
    then begins with the keyframe before, and its edit list hides the frames up to `start`; `reencode` leaves no hidden
    frames. Several parts become one video, which is encoded once, as is one of another size or `format`, or with an
    `overlay`. An `end` after the end of the video is its end.
    """

    model_config = examples(
        {"url_video": CLIP, "start": 0.5, "end": 1.5},
        {"url_video": CLIP, "start": "0:00.5", "end": 1.5, "reencode": True},
    )

    path: ClassVar[str] = "/video/trim"
    kind: Literal["trim"] = "trim"
    url_video: VideoUrl
    start: Annotated[
        Annotated[float, Moment("Start of the result in the video. By default that of the video.", 12.5)] | None,
        Metavar("TIME"),
    ] = None
    end: Annotated[
        Annotated[float, Moment("End of the result in the video. By default that of the video.", 20)] | None,
        Metavar("TIME"),
    ] = None
    duration: Annotated[
        Annotated[float, number_field(MIN_DURATION, MAX_MOMENT, "Length in seconds, in place of `end`.", 7.5), Number]
        | None,
        Metavar("SECONDS"),
    ] = None
    keep: Annotated[
        tuple[Part, ...],
        Field(
            max_length=MAX_PARTS,
            description="Parts to join, in rising order: objects with `start` and `end`.",
            examples=[[{"start": 0, "end": 4.5}, {"start": "1:02.5", "end": "1:10"}]],
        ),
        Metavar("JSON"),
    ] = ()
    accuracy: Annotated[
        Accuracy,
        AnyCase,
        Field(
            description="First frame: `exact`, or `fast`, the keyframe before `start` with nothing hidden.",
            examples=[Accuracy.FAST],
        ),
    ] = Accuracy.EXACT
    reencode: Annotated[
        bool,
        Flag,
        Field(description="Whether the picture is always encoded, so that no frames are hidden.", examples=[True]),
        Metavar("true|false"),
    ] = False

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        times = (self.start, self.end, self.duration)
        if bool(self.keep) == any(time is not None for time in times):
            raise ValueError("send `keep`, or `start`, `end` or both; leave out the others")
        if self.end is not None and self.duration is not None:
            raise ValueError("send `end` or `duration`; leave out one of the two")
        if self.end is not None:
            _check_length(self.start or 0, self.end)
        for number, (before, after) in enumerate(pairwise(self.keep), 1):
            if after.start < before.end:
                raise ValueError(
                    f"`keep.{number}.start` must not be before the end of the part before; "
                    "send the parts in rising order without overlaps"
                )
        return self

    @model_validator(mode="after")
    def _check_accuracy(self) -> Self:
        if self.accuracy is not Accuracy.FAST:
            return self
        if self.reencode or len(self.keep) > 1:
            raise ValueError("`accuracy` `fast` only copies one part; send `exact`, or one part without `reencode`")
        if self.has_size or self.overlay is not None or self.format is not VideoFormat.MP4:
            raise ValueError(
                "`accuracy` `fast` only copies the picture; send `exact`, or leave out the size, `overlay` and `format`"
            )
        return self

    def window_of(self, _field: str) -> tuple[float, float | None]:
        ranges = self.ranges()
        return ranges[0].start, ranges[-1].end

    def ranges(self) -> tuple[Range, ...]:
        """Return the ranges to keep, in rising order."""
        if self.keep:
            return tuple(Range(f"keep.{at}.start", part.start, part.end) for at, part in enumerate(self.keep))
        start = self.start or 0.0
        return (Range("start", start, self.end if self.duration is None else start + self.duration),)
