"""Files in a request: where they are, what is sent of them, and references in their place."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from io import TextIOBase
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from api_gpu.core.upload_cache import Content, Upload
from api_gpu.errors import ApiGpuError

PIECE = 256 * 1024
"""Bytes that are read at once."""

Place = tuple[str | int, ...]


class PathSource:
    """A file on disk, opened anew for each range, so that several can be sent at once."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ApiGpuError(f"{path} is not a file")
        self._path = path
        self.name, self.size = path.name, path.stat().st_size

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        """Yield a range of the file in pieces."""
        with self._path.open("rb") as file:
            file.seek(offset)
            while size > 0 and (chunk := file.read(min(PIECE, size))):
                size -= len(chunk)
                yield chunk


class OpenSource:
    """An open binary file, from its start to its end."""

    def __init__(self, file: BinaryIO) -> None:
        if isinstance(file, TextIOBase) or not (file.readable() and file.seekable()):
            raise ApiGpuError("open the file with mode 'rb', or pass a Path; what cannot seek cannot be sent again")
        self._file, self._lock = file, threading.Lock()
        name = getattr(file, "name", None)
        self.name = PurePath(name).name if isinstance(name, str) else "upload"
        with self._lock:
            self.size = file.seek(0, 2)

    def chunks(self, offset: int, size: int) -> Iterator[bytes]:
        """Yield a range of the file in pieces."""
        while size > 0:
            with self._lock:
                self._file.seek(offset)
                chunk = self._file.read(min(PIECE, size))
            if not chunk:
                return
            offset += len(chunk)
            size -= len(chunk)
            yield chunk


FileSource = PathSource | OpenSource


def open_source(value: object) -> FileSource:
    """Return the source of a path or an open file. Raises ApiGpuError."""
    if isinstance(value, str | Path):
        return PathSource(Path(value))
    if isinstance(value, TextIOBase) or is_file(value):
        return OpenSource(value)  # type: ignore[arg-type]
    raise ApiGpuError(f"{type(value).__name__} is no file; pass a path, or a file opened with mode 'rb'")


def is_file(value: object) -> bool:
    """Return True for a path and an open file, also one in text mode."""
    return isinstance(value, Path) or (hasattr(value, "read") and hasattr(value, "seek"))


def content_of(source: FileSource) -> Content:
    """Read a file and return what identifies it. Raises ApiGpuError."""
    digest = hashlib.sha256()
    for chunk in source.chunks(0, source.size):
        digest.update(chunk)
    if source.size == 0:
        raise ApiGpuError(f"{source.name} is empty")
    return Content(source.size, digest.hexdigest())


def find_files(body: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Yield the files in a request with their places."""
    if is_file(body):
        yield place, body
    elif isinstance(body, Mapping):
        for name, value in body.items():
            yield from find_files(value, (*place, str(name)))
    elif isinstance(body, list | tuple):
        for index, value in enumerate(body):
            yield from find_files(value, (*place, index))


def check_places(places: list[Place], url_fields: frozenset[str]) -> None:
    """Raise ApiGpuError for a file where the API expects no URL: its address would be taken for a text."""
    for place in places:
        names = [part for part in place if isinstance(part, str)]
        if names and names[-1] not in url_fields:
            shown = ".".join(map(str, place))
            raise ApiGpuError(f"{shown} takes no file; send its content, such as path.read_text(encoding='utf-8')")


def put_references(body: Any, references: Mapping[Place, str], place: Place = ()) -> Any:
    """Return the request as JSON with references in place of files and uploads, and without fields that are None."""
    if place in references:
        return references[place]
    if isinstance(body, Upload):
        return str(body)
    if isinstance(body, Mapping):
        given = {str(name): value for name, value in body.items() if value is not None}
        return {name: put_references(value, references, (*place, name)) for name, value in given.items()}
    if isinstance(body, list | tuple):
        return [put_references(value, references, (*place, index)) for index, value in enumerate(body)]
    return body
