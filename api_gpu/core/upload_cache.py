"""The uploads of a client by content, so that the same file is sent once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

_SPARE = timedelta(hours=1)
"""An upload that is deleted sooner is made again: its job must still read it."""


class Content(NamedTuple):
    """The identity of a file's content. `sha256` in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent. Its text, `upload:<id>`, is accepted wherever a URL of an input is."""

    id: str
    filename: str
    size_bytes: int
    sha256: str
    data: dict[str, Any] = field(repr=False, compare=False)
    """The API's answer without the signed URLs."""

    def __str__(self) -> str:
        return f"upload:{self.id}"


class UploadCache:
    """Uploads by content; safe in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Content, Upload] = {}
        self._on_their_way: set[Content] = set()

    def begin(self, content: Content) -> bool:
        """Reserve the upload of a content until `end`. Return False if it is on its way already."""
        with self._lock:
            if content in self._on_their_way:
                return False
            self._on_their_way.add(content)
            return True

    def end(self, content: Content) -> None:
        """Give the reservation back."""
        with self._lock:
            self._on_their_way.discard(content)

    def find(self, content: Content, now: datetime) -> Upload | None:
        """Return the upload of a content if it stays long enough."""
        with self._lock:
            upload = self._found.get(content)
        stated = upload and upload.data.get("object_expires_at")
        try:
            stays = stated is None or datetime.fromisoformat(str(stated)) - now > _SPARE
        except (ValueError, TypeError):
            stays = False
        return upload if stays else None

    def add(self, content: Content, upload: Upload) -> None:
        with self._lock:
            self._found[content] = upload
