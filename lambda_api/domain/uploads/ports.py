"""Interfaces that the use cases of uploads need, besides `domain.ports.ObjectStore`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.domain.uploads.upload import Upload


@dataclass(frozen=True, slots=True)
class PresignedUpload:
    """A URL and the headers that a client must send with its PUT, exactly these."""

    url: str = field(repr=False)
    headers: Mapping[str, str]


class InvalidParts(Exception):
    """The parts that a client names are not those that it sent."""


class UploadStore(Protocol):
    """The table of uploads. Raises `domain.errors.Unavailable` if it does not answer."""

    def create(self, upload: Upload, now: int, allowance: UploadAllowance) -> None:
        """Write the upload and its owner's usage in one transaction.

        Raises `TooManyUploads` or `UploadBytesExceeded` if the owner's allowance is exhausted.
        """

    def find(self, upload_ids: Collection[str]) -> Mapping[str, Upload]:
        """Return the uploads with these ids, those that there are, until their rows expire."""
