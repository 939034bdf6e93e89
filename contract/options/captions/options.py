"""Options of captions: where their text comes from, what is changed in it, and how it looks."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from contract.artifacts import Artifact, subtitles
from contract.options.captions.choices import Align, SubtitleFormat, SubtitleMode
from contract.options.captions.edits import Replacement, TimeRange
from contract.options.captions.style import CaptionStyle, StyleChoice
from contract.options.captions.text import AUTO, CaptionText, Language, inline_text
from contract.options.captions.words import Words
from contract.options.fields import AnyCase, ChoiceList, Metavar
from contract.options.group import OptionGroup
from contract.options.inputs import SubtitlesUrl
from contract.options.stored import stored_reference

SOURCES = ("url_srt", "captions", "words")
"""The fields that captions can come from."""


SubtitleModeChoice = Annotated[
    SubtitleMode,
    AnyCase,
    Field(
        description=(
            "`burn` draws the captions; `soft` adds a subtitle track that viewers can switch off, and `style` is not "
            "used; `both` does both."
        ),
        examples=[SubtitleMode.SOFT],
    ),
]
Sidecars = Annotated[
    tuple[SubtitleFormat, ...],
    ChoiceList,
    Field(
        description="Subtitle files to make in addition, with the captions as they are shown: `srt`, `vtt`, `ass`.",
        examples=[["srt"]],
    ),
    Metavar("FORMATS"),
]
AlignChoice = Annotated[
    Align,
    AnyCase,
    Field(
        description=(
            "`auto` finds the times of words in the sound, where a style needs them, the captions have none, and "
            "speech recognition is installed; `off` shares each caption's time among its words by their length."
        ),
        examples=[Align.OFF],
    ),
]


class CaptionOptions(OptionGroup):
    """Options of every operation that draws captions. Their text comes from one of `SOURCES`."""

    url_srt: SubtitlesUrl | None = None
    captions: CaptionText | None = None
    words: Words | None = None
    replace: Annotated[
        tuple[Replacement, ...],
        Field(
            max_length=100, description="Words to draw differently.", examples=[[{"find": "damn", "replace": "d***"}]]
        ),
        Metavar("JSON"),
    ] = ()
    exclude: Annotated[
        tuple[TimeRange, ...],
        Field(max_length=100, description="Times without captions, in seconds.", examples=[[{"start": 0, "end": 2.5}]]),
        Metavar("JSON"),
    ] = ()
    language: Language | None = None
    align: AlignChoice = Align.AUTO
    subtitle_mode: SubtitleModeChoice = SubtitleMode.BURN
    sidecar: Sidecars = ()
    style: StyleChoice = CaptionStyle()

    def caption_sources(self) -> list[str]:
        """Return the fields of `SOURCES` that are present."""
        return [name for name in SOURCES if getattr(self, name) is not None]

    @property
    def is_drawn(self) -> bool:
        """Return True if the captions are drawn into the picture."""
        return self.subtitle_mode is not SubtitleMode.SOFT

    def sidecars(self) -> dict[SubtitleFormat, Artifact]:
        """Return the requested subtitle files by their format."""
        return {name: subtitles("captions", name) for name in self.sidecar}

    def further_artifacts(self) -> tuple[Artifact, ...]:
        return (*super().further_artifacts(), *self.sidecars().values())

    def needs_speech(self) -> bool:
        return self.captions == AUTO or super().needs_speech()

    @model_validator(mode="after")
    def _check_sidecar(self) -> Self:
        if self.sidecar and not self.caption_sources():
            raise ValueError("`sidecar` needs captions; send `url_srt`, `captions` or `words`, or leave it out")
        return self

    def inline_captions(self) -> bytes | None:
        """Return `captions` or `words` as the file that a worker reads; None if there is neither."""
        return inline_text(self.captions, self.words)

    def extract_inline(self) -> tuple[Self, dict[str, bytes]]:
        data = self.inline_captions()
        if data is None:
            return self, {}
        field = "captions" if self.words is None else "words"
        stored = self.model_copy(update={"captions": None, "words": None, "url_srt": stored_reference(field)})
        return stored, {field: data}
