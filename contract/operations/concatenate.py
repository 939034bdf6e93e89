from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.base import Message
from contract.limits import MAX_VIDEOS
from contract.operations.base import Operation, examples
from contract.options.fields import Metavar
from contract.options.inputs import CLIP, SECOND_CLIP, OrUrl, VideoUrl
from contract.options.picture import PictureOptions
from contract.options.picture.moments import Moment
from contract.options.picture.timing import FrameRate
from contract.options.picture.transition import Transition, TransitionKind, transition_choice
from contract.options.sound.loudness import LoudnessOptions

if TYPE_CHECKING:
    _TransitionChoice = Transition
else:
    _TransitionChoice = transition_choice(TransitionKind.CUT)

MIN_VIDEOS = 2


class VideoPart(Message):
    """One of the videos, or a part of it."""

    url_video: VideoUrl
    start: Annotated[float, Moment("Where it begins.", 1.5)] | None = None
    end: Annotated[float, Moment("Where it ends.", "0:08")] | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.end is not None and self.end <= (self.start or 0):
            raise ValueError("`end` must be later than `start`; send a later `end`, or leave it out")
        return self

    @property
    def stated_seconds(self) -> float | None:
        """The most seconds that it can last; None if only the file tells."""
        return None if self.end is None else self.end - (self.start or 0)


class Concatenate(PictureOptions, LoudnessOptions, Operation):
    """Join videos one after the other.

    `videos` has from 2 to 100 URLs, or objects with `url_video` and, for a part of a video, `start` and `end`. The same
    URL may appear several times.
    Videos of the same kind, as one encoder makes them with the same settings, are joined without a change of their
    picture; all others are encoded once. The result has the size and the frame rate of the first video unless the
    request states others. A video without sound is silent; a sound ends with its picture.
    With a `transition` neighbors overlap: the result is shorter by its duration for each join, and the sounds are
    crossfaded. Each part must last at least twice as long as the transition. An `overlay` lies over the joined picture.
    """

    model_config = examples(
        {"videos": [CLIP, SECOND_CLIP]},
        {
            "videos": [CLIP, {"url_video": SECOND_CLIP, "start": 1.5, "end": 8}],
            "size": "1080x1920",
            "fit": "blur",
            "transition": "fade",
        },
    )

    path: ClassVar[str] = "/video/concatenate"
    kind: Literal["concatenate"] = "concatenate"
    videos: Annotated[
        tuple[Annotated[VideoPart, OrUrl("url_video", CLIP)], ...],
        Field(
            json_schema_extra={"minItems": MIN_VIDEOS, "maxItems": MAX_VIDEOS},
            description="Videos in their order: URLs, or objects with `url_video`, `start` and `end`.",
            examples=[[CLIP, SECOND_CLIP]],
        ),
        Metavar("FILE|JSON"),
    ]
    transition: _TransitionChoice = Transition(kind=TransitionKind.CUT)
    frame_rate: Annotated[
        FrameRate | None,
        Field(description="Frames per second, by default those of the first video.", examples=[30]),
        Metavar("RATE"),
    ] = None

    @model_validator(mode="after")
    def _check_number(self) -> Self:
        # Here, because pydantic would count the entries that it could read, and report their number, too.
        if not MIN_VIDEOS <= len(self.videos) <= MAX_VIDEOS:
            raise ValueError(f"`videos` must have from {MIN_VIDEOS} to {MAX_VIDEOS} entries; send as many URLs")
        return self

    @model_validator(mode="after")
    def _check_transition(self) -> Self:
        for index, part in enumerate(self.videos):
            seconds = part.stated_seconds
            if seconds is not None and seconds < 2 * self.transition.seconds:
                raise ValueError(
                    f"`videos.{index}` lasts {seconds:g} s, which is less than two transitions; "
                    f"send a `transition` with a `duration` of at most {seconds / 2:g}"
                )
        return self
