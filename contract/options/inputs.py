"""Input files: the field of each kind of file, the same in every operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from contract.limits import MAX_URL_LENGTH
from contract.options.fields import FileUrl, url_schema
from contract.roles import Role

_M = TypeVar("_M", bound=BaseModel)

ROLES = {
    "url_image": Role.IMAGE,
    "url_video": Role.VIDEO,
    "url_audio": Role.AUDIO,
    "url_srt": Role.SUBTITLES,
}
"""Roles by field name, in the order in which inputs are listed everywhere."""

CLIP, NARRATION = "https://media.example.com/clip.mp4", "https://media.example.com/narration.mp3"
MUSIC, SECOND_PHOTO = "https://media.example.com/music.mp3", "https://media.example.com/second.jpg"
LOGO, SECOND_CLIP = "https://media.example.com/logo.png", "https://media.example.com/second.mp4"
PHOTO, CAPTIONS = "https://media.example.com/photo.jpg", "https://media.example.com/captions.srt"

VideoUrl = Annotated[FileUrl, url_schema("A video: MP4, MOV, MKV, WebM, AVI, MPEG, GIF and others.", CLIP)]
AudioUrl = Annotated[
    FileUrl, url_schema("A sound: MP3, M4A, WAV, FLAC, Ogg and others, or the sound of a video.", NARRATION)
]
ImageUrl = Annotated[
    FileUrl,
    url_schema("A picture: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP and others, any color profile.", PHOTO),
]
SubtitlesUrl = Annotated[FileUrl, url_schema("Subtitles: SRT, WebVTT or ASS, in any encoding.", CAPTIONS)]


def inputs_first(names: Iterable[str]) -> list[str]:
    """Return the names of fields with those of input files first, in an order that is the same everywhere."""
    picture, *others = ROLES
    order = [picture, "images", "videos", *others, "music", "overlay"]
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


class Input(NamedTuple):
    """One file to download: the field that names it, its role, and its URL.

    The field is a path, such as `url_video` or `images.2.url_image`.
    """

    field: str
    role: Role
    url: str


def role_of(field: str) -> Role:
    """Return the role of an input, by its field."""
    return ROLES[field.rpartition(".")[2]]


def find_inputs(message: BaseModel, prefix: str = "") -> Iterator[Input]:
    """Yield the inputs of a message: first its own, in the order of `ROLES`, then those of objects in it."""
    # Not by getattr, which is slow for names that a model lacks: each submit looks several times.
    values = vars(message)
    for name, role in ROLES.items():
        url = values.get(name)
        if url is not None:
            yield Input(prefix + name, role, url)
    for name in type(message).model_fields:
        value = values.get(name)
        if isinstance(value, BaseModel):
            yield from find_inputs(value, f"{prefix}{name}.")
        elif isinstance(value, tuple):
            for index, entry in enumerate(value):
                if isinstance(entry, BaseModel):
                    yield from find_inputs(entry, f"{prefix}{name}.{index}.")


def replace_urls(message: _M, urls: Mapping[str, str], prefix: str = "") -> _M:
    """Return a message with other URLs of its inputs, by their fields as `find_inputs` names them."""
    changed: dict[str, object] = {}
    for name in type(message).model_fields:
        value, path = getattr(message, name), prefix + name
        if path in urls:
            changed[name] = urls[path]
        elif isinstance(value, BaseModel):
            changed[name] = replace_urls(value, urls, f"{path}.")
        elif isinstance(value, tuple):
            changed[name] = tuple(
                replace_urls(entry, urls, f"{path}.{index}.") if isinstance(entry, BaseModel) else entry
                for index, entry in enumerate(value)
            )
    return message.model_copy(update=changed)


class OrUrl(NamedTuple):
    """Accepts a URL or an upload in place of an object; it becomes the object's `field`."""

    field: str
    example: str

    def _read(self, value: Any) -> Any:
        return {self.field: value} if isinstance(value, str) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        text = {"type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH, "examples": [self.example]}
        return {"anyOf": [text, handler(schema)]}
