"""A client's file on its way into the bucket: what was announced, and how it is sent.

No state is stored. An upload is ready if the bucket has an object of the announced size, and expires with time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from contract.limits import UPLOAD_PART_BYTES, UPLOAD_SINGLE_BYTES
from lambda_api.domain.policy import HOUR

URL_MS = HOUR
"""Lifetime of the URLs that the bytes are sent to."""
OBJECT_MS = 24 * HOUR
"""Time from the announcement within which jobs may be submitted with the file."""
ROW_MS = 7 * 24 * HOUR
"""For which an upload is known, so that its owner learns that it has expired."""


class UploadState(StrEnum):
    """The state of an upload."""

    WAITING = "waiting"
    """Not all bytes are there."""
    READY = "ready"
    """Jobs can read it."""
    EXPIRED = "expired"
    """Jobs can no longer be submitted with it."""


class Part(NamedTuple):
    """A part of a file, to be sent in a request of its own. Numbers start at 1."""

    number: int
    size_bytes: int


class SentPart(NamedTuple):
    """A part that was sent, with the `ETag` of the response."""

    number: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file that its owner announced. Times in milliseconds since the epoch."""

    upload_id: str
    owner: str
    filename: str
    """As the owner calls it: never part of a key or a path."""
    content_type: str
    size_bytes: int
    sha256: str | None
    """In hex. Only for a file that is sent at once: S3 has no SHA-256 of a file that is sent in parts."""
    created_at: int
    multipart_id: str | None = None
    """S3's id of an upload in parts."""

    @property
    def url_expires_at(self) -> int:
        return self.created_at + URL_MS

    @property
    def object_expires_at(self) -> int:
        return self.created_at + OBJECT_MS

    @property
    def row_expires_at(self) -> int:
        return self.created_at + ROW_MS

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts in which it is sent; none if it is sent at once."""
        return split_into_parts(self.size_bytes) if is_multipart(self.size_bytes) else ()

    def state(self, stored_bytes: int | None, now: int) -> UploadState:
        """Return its state. `stored_bytes`: the size of the object; None if there is none."""
        if now >= self.object_expires_at:
            return UploadState.EXPIRED
        return UploadState.READY if stored_bytes == self.size_bytes else UploadState.WAITING


def is_multipart(size_bytes: int) -> bool:
    return size_bytes > UPLOAD_SINGLE_BYTES


def split_into_parts(size_bytes: int) -> tuple[Part, ...]:
    """Return parts of `UPLOAD_PART_BYTES`, the last one shorter. S3 takes 5 MiB to 5 GiB, the last of any size."""
    starts = range(0, size_bytes, UPLOAD_PART_BYTES)
    return tuple(Part(n, min(UPLOAD_PART_BYTES, size_bytes - at)) for n, at in enumerate(starts, start=1))
