"""Bodies and responses of uploads."""

from __future__ import annotations

import re
from mimetypes import MimeTypes
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contract.limits import MAX_UPLOAD_BYTES, MIB, UPLOAD_PART_BYTES, UPLOAD_SINGLE_BYTES
from contract.options.fields import Number, Trimmed
from lambda_api.domain.uploads.upload import UploadState, is_multipart
from lambda_api.domain.views.job_schema import Link, Timestamp
from lambda_api.web.validation import leniency

_MAX_FILENAME, _MAX_PARTS = 255, MAX_UPLOAD_BYTES // UPLOAD_PART_BYTES
_UNKNOWN_TYPE = "application/octet-stream"
_KINDS = ("video/", "audio/", "image/", "text/")
_APPLICATIONS = {
    _UNKNOWN_TYPE, "application/mp4", "application/mxf", "application/ogg", "application/x-matroska",
    "application/x-subrip", "application/x-ass", "application/x-ssa", "application/vnd.apple.mpegurl",
}  # fmt: skip
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ETAG = re.compile(r"[!#-~]{1,128}")

_TYPES = MimeTypes()
"""Python's own table: the files of the operating system differ from one machine to the next."""
for _ending, _type in {
    ".srt": "application/x-subrip", ".vtt": "text/vtt", ".ass": "text/x-ssa", ".ssa": "text/x-ssa",
    ".heic": "image/heic", ".heif": "image/heif", ".avif": "image/avif", ".webp": "image/webp",
    ".mkv": "video/x-matroska", ".m4v": "video/mp4", ".ts": "video/mp2t", ".flac": "audio/flac", ".m4a": "audio/mp4",
    ".ogg": "audio/ogg", ".opus": "audio/ogg",
}.items():  # fmt: skip
    _TYPES.add_type(_type, _ending)


def _read_filename(value: str) -> str:
    """Return the name without its folder and without control characters. Browsers and scripts send paths, too."""
    return _CONTROLS.sub("", re.split(r"[/\\]", value)[-1]).strip() or "file"


def _read_content_type(value: str) -> str:
    media_type = value.partition(";")[0].strip().lower()
    is_allowed = media_type.startswith(_KINDS) or media_type in _APPLICATIONS
    if not is_allowed or _MEDIA_TYPE.fullmatch(media_type) is None:
        raise ValueError("must be the type of a video, a sound, a picture or subtitles; leave it out if it is unknown")
    return media_type


def _read_sha256(value: str) -> str:
    if _SHA256.fullmatch(value.lower()) is None:
        raise ValueError("must be a SHA-256 in hex; send 64 digits from 0 to f")
    return value.lower()


def _read_etag(value: str) -> str:
    etag = value.removeprefix("W/").strip('"')
    if _ETAG.fullmatch(etag) is None:
        raise ValueError("must be the ETag header of the response to the part's PUT; send it as it came")
    return etag


def guess_content_type(filename: str) -> str:
    """Return the type that a file's name stands for. The worker finds out what the file really is."""
    guessed = _TYPES.guess_type(filename)[0] or _UNKNOWN_TYPE
    return guessed if guessed.startswith(_KINDS) or guessed in _APPLICATIONS else _UNKNOWN_TYPE


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=False)

    @model_validator(mode="before")
    @classmethod
    def _drop_blank(cls, body: Any) -> dict[str, Any]:
        return leniency.drop_blank_fields(body)


class NewUpload(_Body):
    """A file that will be uploaded."""

    filename: Annotated[
        str,
        Trimmed,
        Field(max_length=_MAX_FILENAME, description="Name of the file, for you.", examples=["clip.mp4"]),
        AfterValidator(_read_filename),
    ]
    content_type: Annotated[
        Annotated[str, Trimmed, AfterValidator(_read_content_type)] | None,
        Field(
            description="Type of a video, a sound, a picture or subtitles; by default that of the file's name.",
            examples=["video/mp4"],
        ),
    ] = None
    size_bytes: Annotated[
        int,
        Field(ge=1, le=MAX_UPLOAD_BYTES, description="Exact size of the file in bytes.", examples=[1048576]),
        Number,
    ]
    sha256: Annotated[
        Annotated[str, Trimmed, AfterValidator(_read_sha256)] | None,
        Field(
            description=(
                f"SHA-256 of the file in hex: other bytes are refused. Up to {UPLOAD_SINGLE_BYTES // MIB} MiB only."
            ),
            examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
            json_schema_extra={"pattern": "^[0-9A-Fa-f]{64}$"},
        ),
    ] = None

    @model_validator(mode="after")
    def _check_sha256(self) -> Self:
        if self.sha256 is not None and is_multipart(self.size_bytes):
            raise ValueError(
                f"`sha256` is for files of at most {UPLOAD_SINGLE_BYTES} bytes; leave it out: a larger file is sent in "
                "parts, for which the store has no SHA-256"
            )
        return self


class UploadedPart(BaseModel):
    """A part that was sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[int, Field(ge=1, le=_MAX_PARTS, description="Number of the part.", examples=[1]), Number]
    etag: Annotated[
        str,
        Trimmed,
        Field(
            max_length=132,
            description="The `ETag` header of the response to the part's PUT.",
            examples=['"b54357faf0632cce46e942fa68356b38"'],
            json_schema_extra={"pattern": '^(W/)?"?[!#-~]{1,128}"?$'},
        ),
        AfterValidator(_read_etag),
    ]


class CompletedUpload(_Body):
    """The parts of an upload. A file that was sent at once has none."""

    parts: Annotated[
        tuple[UploadedPart, ...],
        Field(max_length=_MAX_PARTS, description="All parts, in any order. Leave it out if the file was sent at once."),
        BeforeValidator(leniency.refuse_json_text),
    ] = ()


class PartView(BaseModel):
    """A part to send."""

    number: int
    """From 1."""
    url: str
    """Where to PUT it."""
    size_bytes: int
    """Send exactly so many bytes of the file: the parts follow each other."""


class UploadLinks(BaseModel):
    """Where to read and to complete an upload."""

    self: Link
    """The upload."""
    complete: Link
    """Where to complete it, with POST."""


class UploadView(BaseModel):
    """An upload. It is `ready` once all its bytes are there."""

    upload_id: str
    """Its id: send `upload:<upload_id>` as the URL of an input."""
    state: UploadState
    """Whether jobs can read it."""
    filename: str
    """Its name, without a folder."""
    content_type: str
    """Its media type, as announced or as the name says."""
    size_bytes: int
    """Its size in bytes, as announced."""
    expires_at: Timestamp
    """Until then, bytes are accepted."""
    object_expires_at: Timestamp
    """Until then, jobs may be submitted with the upload."""
    links: UploadLinks
    """Paths of the upload."""


class NewUploadView(UploadView):
    """An upload, with the URLs that take its bytes."""

    method: Literal["PUT"]
    """`PUT`, to each URL."""
    url: str | None
    """For a file that is sent at once; null for one that is sent in parts."""
    headers: dict[str, str]
    """Send exactly these with the PUT to `url`: they are signed."""
    part_size: int | None
    """Bytes of each part but the last; null for a file that is sent at once."""
    parts: list[PartView] | None
    """For a file that is sent in parts: one PUT each, without further headers, in any order and in parallel."""
