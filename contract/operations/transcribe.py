from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from contract.artifacts import Artifact, ArtifactKind, subtitles
from contract.operations.base import Operation, examples
from contract.options.captions.text import Language
from contract.options.fields import ChoiceList, Flag, Metavar, Trimmed, ValidUnicode
from contract.options.inputs import CLIP, NARRATION, AudioUrl, VideoUrl

TRANSCRIPT = Artifact("transcript.json", ArtifactKind.DATA, "application/json")
MAX_PROMPT = 1000


class TranscriptFormat(StrEnum):
    """The format of a transcript."""

    JSON = "json"
    """Text, language, sentences, and words with their times."""
    SRT = "srt"
    """Captions as SubRip."""
    VTT = "vtt"
    """Captions as WebVTT."""


class Transcribe(Operation):
    """Write down what is said in a sound or a video.

    Send exactly one of `url_audio` and `url_video`. The result has no video: its `artifacts` are `transcript.json`,
    `transcript.srt` and `transcript.vtt`. The JSON has the text, its language, sentences, and words with their times;
    `words` of other operations takes it as it is. Works where speech recognition is installed.
    """

    model_config = examples({"url_audio": NARRATION}, {"url_video": CLIP, "language": "en", "formats": ["json", "srt"]})

    path: ClassVar[str] = "/audio/transcribe"
    kind: Literal["transcribe"] = "transcribe"
    url_video: VideoUrl | None = None
    url_audio: AudioUrl | None = None
    language: Annotated[
        Language | None,
        Field(description="Language of the speech. By default it is recognized.", examples=["en"]),
    ] = None
    prompt: Annotated[
        Annotated[str, Field(max_length=MAX_PROMPT), Trimmed, ValidUnicode] | None,
        Field(
            description="Names and terms to expect, as they are spelled.",
            examples=["Piotr, Wrocław"],
        ),
        Metavar("TEXT"),
    ] = None
    words: Annotated[
        bool,
        Flag,
        Field(description="Whether the JSON has the times of words.", examples=[False]),
        Metavar("true|false"),
    ] = True
    formats: Annotated[
        tuple[TranscriptFormat, ...],
        Field(min_length=1),
        ChoiceList,
        Field(description="Files to make: `json`, `srt`, `vtt`.", examples=[["json", "srt"]]),
        Metavar("FORMATS"),
    ] = tuple(TranscriptFormat)

    def artifacts(self) -> tuple[Artifact, ...]:
        made = {TranscriptFormat.JSON: TRANSCRIPT}
        return tuple(
            made.get(name) or subtitles("transcript", name) for name in TranscriptFormat if name in self.formats
        )

    def needs_speech(self) -> bool:
        return True

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if (self.url_audio is None) == (self.url_video is None):
            raise ValueError("send url_audio or url_video, exactly one of the two")
        return self
