from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.artifacts import Artifact, ArtifactKind
from contract.operations.base import Operation, examples
from contract.options.fields import ChoiceList, Metavar
from contract.options.inputs import CLIP, NARRATION, AudioUrl, VideoUrl

FACTS = Artifact("probe.json", ArtifactKind.DATA, "application/json")


class Measurement(StrEnum):
    """A property that is measured by decoding the whole file."""

    LOUDNESS = "loudness"
    """Loudness and peaks of the sound."""
    SILENCE = "silence"
    """The times without sound."""
    BLACK = "black"
    """The times with a black picture."""


class Probe(Operation):
    """Describe a video or a sound.

    Send exactly one of `url_video` and `url_audio`. The result has no video: its artifact is `probe.json`, with the
    container, the exact length, the picture as players show it, every sound, and whether the picture is `copyable`, as
    `addaudio` and `trim` copy it. Videos with the same `copyable_with` are joined by `concatenate` without encoding.
    Lengths and frames are counted from the packets of the file, not read from its header. `measure` also decodes the
    file. No part of it uses the GPU.
    """

    model_config = examples({"url_video": CLIP}, {"url_audio": NARRATION, "measure": ["loudness", "silence"]})

    path: ClassVar[str] = "/media/probe"
    kind: Literal["probe"] = "probe"
    url_video: VideoUrl | None = None
    url_audio: AudioUrl | None = None
    measure: Annotated[
        tuple[Measurement, ...],
        ChoiceList,
        Field(
            description="What to measure by decoding the file: `loudness`, `silence`, `black`.",
            examples=[["loudness", "silence"]],
        ),
        Metavar("NAMES"),
    ] = ()

    def artifacts(self) -> tuple[Artifact, ...]:
        return (FACTS,)

    def measurements(self) -> tuple[str, ...]:
        return self.measure

    def keeps_sound_of(self, _field: str) -> bool:
        return True

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if (self.url_audio is None) == (self.url_video is None):
            raise ValueError("send `url_audio` or `url_video`, exactly one of the two")
        if Measurement.BLACK in self.measure and self.url_video is None:
            raise ValueError("`measure` `black` needs a picture; send `url_video`, or leave out `black`")
        return self
