from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.limits import MAX_IMAGES, MAX_SLIDESHOW_SECONDS
from contract.operations.base import Operation, examples
from contract.options.captions import CaptionOptions
from contract.options.fields import Metavar
from contract.options.inputs import CAPTIONS, MUSIC, NARRATION, PHOTO, SECOND_PHOTO, AudioUrl, OrUrl
from contract.options.picture import SceneLook, StillOptions
from contract.options.picture.motion import Motion, MotionKind, motion_choice
from contract.options.picture.options import SLIDE_AMOUNT
from contract.options.picture.scene import SceneImage
from contract.options.picture.timing import Duration, FrameRate
from contract.options.picture.transition import Transition, TransitionKind, transition_choice
from contract.options.sound.loudness import LoudnessOptions
from contract.options.sound.music import MusicOptions


class SlideshowImage(SceneImage):
    """One picture of a slideshow. What is left out is as the slideshow states it."""

    duration: Annotated[
        Duration | None,
        Field(description="Seconds from its start to that of the next picture.", examples=[4]),
    ] = None


class Slideshow(CaptionOptions, StillOptions, MusicOptions, LoudnessOptions, Operation):
    """Turn pictures, a narration, music and captions into one video, in one encode.

    A picture's `duration` is the time from its start to that of the next one; the transition lies at its start.
    Pictures without a duration share the length of the narration, else that of the captions, and change where a
    sentence ends; without either, each is shown for 4 s. The last picture stays until the narration ends.
    """

    model_config = examples(
        {"images": [PHOTO, SECOND_PHOTO]},
        {
            "images": [PHOTO, {"url_image": SECOND_PHOTO, "duration": 3, "motion": "pan_left"}],
            "url_audio": NARRATION,
            "url_srt": CAPTIONS,
            "style": "karaoke",
            "music": MUSIC,
            "aspect_ratio": "9:16",
        },
    )

    path: ClassVar[str] = "/video/slideshow"
    kind: Literal["slideshow"] = "slideshow"
    images: Annotated[
        tuple[Annotated[SlideshowImage, OrUrl("url_image", PHOTO)], ...],
        Field(
            min_length=1,
            max_length=MAX_IMAGES,
            description="The pictures in their order: URLs, or objects with `url_image` and what differs.",
            examples=[[PHOTO, SECOND_PHOTO]],
        ),
        Metavar("FILE|JSON"),
    ]
    url_audio: AudioUrl | None = None
    frame_rate: FrameRate = 30.0
    motion: motion_choice(MotionKind.KEN_BURNS) = Motion(kind=MotionKind.KEN_BURNS)  # type: ignore[valid-type]
    transition: transition_choice(TransitionKind.FADE) = Transition()  # type: ignore[valid-type]

    def scene_looks(self) -> Mapping[str, SceneLook]:
        return self.looks_of(self.images, SLIDE_AMOUNT)

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        if len(self.caption_sources()) > 1:
            raise ValueError("send only one of `url_srt`, `captions` and `words`; leave out the others")
        if self.needs_speech() and self.url_audio is None:
            raise ValueError("captions `auto` need speech; also send `url_audio`")
        return self

    @model_validator(mode="after")
    def _check_durations(self) -> Self:
        stated = [image.duration for image in self.images if image.duration is not None]
        if sum(stated) > MAX_SLIDESHOW_SECONDS:
            raise ValueError(f"`images` last longer than {MAX_SLIDESHOW_SECONDS:g} s together; send shorter durations")
        later = [image.duration for image in self.images[1:] if image.duration is not None]
        if later and min(later) < self.transition.seconds:
            raise ValueError(
                f"`transition` is longer than a picture's duration; send at most {min(later):g} s, or longer durations"
            )
        return self
