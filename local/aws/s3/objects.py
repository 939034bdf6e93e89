"""Objects of one bucket: bytes in a folder, facts about them in memory. One event loop, so no locks."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from local.aws.s3.errors import S3Error

MIN_PART_BYTES = 5 * 1024 * 1024
_MAX_PART_NUMBER = 10_000
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object, or a part of one."""

    paths: tuple[Path, ...]
    """Files whose bytes follow each other: an object that was sent in parts is never copied."""
    size: int
    etag: str
    """Without quotes."""
    content_type: str
    modified: float
    """Seconds since the epoch."""

    def delete_files(self) -> None:
        """Delete its bytes. Readers that have opened them keep them."""
        for path in self.paths:
            path.unlink(missing_ok=True)

    def open(self) -> ObjectReader:
        return ObjectReader(self.paths)


class ObjectReader:
    """The bytes of an object, one file after the other. All files are open, so that none can be deleted meanwhile."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files: list[BinaryIO] = [path.open("rb") for path in paths]
        self._sizes = [path.stat().st_size for path in paths]

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes of a range in chunks."""
        begin = 0
        for file, size in zip(self._files, self._sizes, strict=True):
            file.seek(max(0, start - begin))
            left = min(stop - begin, size) - max(0, start - begin)
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                yield chunk
                left -= len(chunk)
            begin += size

    def close(self) -> None:
        for file in self._files:
            file.close()


@dataclass(slots=True)
class _Multipart:
    key: str
    content_type: str
    parts: dict[int, StoredObject] = field(default_factory=dict)


class Bucket:
    """The objects in a folder, which is empty at first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._objects: dict[str, StoredObject] = {}
        self._multiparts: dict[str, _Multipart] = {}

    def new_path(self) -> Path:
        """Return a path for bytes on their way."""
        return self._folder / uuid.uuid4().hex

    def find(self, key: str) -> StoredObject:
        """Return an object. Raises NoSuchKey."""
        if key not in self._objects:
            raise S3Error("NoSuchKey")
        return self._objects[key]

    def put(self, key: str, stored: StoredObject, *, only_first: bool = False) -> None:
        """Store an object, whose bytes are complete. Raises PreconditionFailed if only the first one may be stored."""
        earlier = self._objects.get(key)
        if earlier is not None and only_first:
            raise S3Error("PreconditionFailed")
        self._objects[key] = stored
        if earlier is not None:
            earlier.delete_files()

    def delete(self, key: str) -> None:
        if (stored := self._objects.pop(key, None)) is not None:
            stored.delete_files()

    def begin(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; return its id."""
        upload_id = uuid.uuid4().hex
        self._multiparts[upload_id] = _Multipart(key, content_type)
        return upload_id

    def check_part(self, key: str, upload_id: str, number: int) -> None:
        """Raise NoSuchUpload, or InvalidArgument for a number that no part can have."""
        self._multipart(key, upload_id)
        if not 1 <= number <= _MAX_PART_NUMBER:
            raise S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")

    def put_part(self, key: str, upload_id: str, number: int, part: StoredObject) -> None:
        """Store a part; a later one of the same number replaces it. Raises NoSuchUpload."""
        parts = self._multipart(key, upload_id).parts
        if (earlier := parts.get(number)) is not None:
            earlier.delete_files()
        parts[number] = part

    def complete(self, key: str, upload_id: str, listed: Sequence[tuple[int, str]], now: float) -> StoredObject:
        """Make the object of its parts, each with its ETag. Raises S3Error, and then changes nothing."""
        upload = self._multipart(key, upload_id)
        numbers = [number for number, _ in listed]
        if not listed:
            raise S3Error("MalformedXML")
        if numbers != sorted(set(numbers)):
            raise S3Error("InvalidPartOrder")
        if any(number not in upload.parts or upload.parts[number].etag != etag for number, etag in listed):
            raise S3Error("InvalidPart")
        chosen = [upload.parts[number] for number in numbers]
        if any(part.size < MIN_PART_BYTES for part in chosen[:-1]):
            raise S3Error("EntityTooSmall")
        del self._multiparts[upload_id]
        for number in upload.parts.keys() - set(numbers):
            upload.parts[number].delete_files()
        digests = b"".join(bytes.fromhex(part.etag) for part in chosen)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(chosen)}"
        paths = tuple(path for part in chosen for path in part.paths)
        stored = StoredObject(paths, sum(part.size for part in chosen), etag, upload.content_type, now)
        self.put(key, stored)
        return stored

    def abort(self, key: str, upload_id: str) -> None:
        """Delete the parts. Raises NoSuchUpload."""
        self._drop(self._multipart(key, upload_id))
        del self._multiparts[upload_id]

    def _multipart(self, key: str, upload_id: str) -> _Multipart:
        upload = self._multiparts.get(upload_id)
        if upload is None or upload.key != key:
            raise S3Error("NoSuchUpload")
        return upload

    def _drop(self, upload: _Multipart) -> None:
        for part in upload.parts.values():
            part.delete_files()
