"""Send files: announce each, put its bytes into storage in one piece or in parts, and put the parts together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from api_gpu.core.calls import call, send
from api_gpu.core.context import Context
from api_gpu.core.effects import Block, Flow, Gather, Response, SendFile, Sleep
from api_gpu.core.files import FileSource, Place, check_places, content_of, find_files, open_source, put_references
from api_gpu.core.upload_cache import Content, Upload
from api_gpu.errors import ApiGpuError

OnUpload = Callable[[str, int, int], object]
"""Gets the name of the file, the bytes sent so far, and all of them."""

FILES_AT_ONCE = PARTS_AT_ONCE = 4
_LOOK_SECONDS = 0.1
MAX_SINGLE_BYTES = 100 * 1024 * 1024
"""Larger files are sent in parts, which have no checksum of the whole."""


class Sent:
    """The bytes of a file that have been sent, part by part. What is reported never goes backwards."""

    def __init__(self, source: FileSource, report: OnUpload | None) -> None:
        self._source, self._report = source, report
        self._lock = threading.Lock()
        self._parts: dict[int, int] = {}
        self._reported = -1

    def begin(self, part: int) -> None:
        """Start a part, again after an error."""
        with self._lock:
            self._parts[part] = 0

    def add(self, part: int, size: int) -> None:
        with self._lock:
            self._parts[part] += size
            total = sum(self._parts.values())
            if self._report is not None and total > self._reported:
                self._reported = total
                self._report(self._source.name, total, self._source.size)


def upload_files(context: Context, body: Any, url_fields: frozenset[str] | None, report: OnUpload | None) -> Flow[Any]:
    """Send the files of a request, equal ones once, and return the request with references in their place.

    `url_fields` are the fields that take URLs; None if they are not known.
    """
    found = list(find_files(body))
    if url_fields is not None:
        check_places([place for place, _ in found], url_fields)
    sources: dict[Place, FileSource] = {}
    for place, value in found:
        sources[place] = yield Block(lambda value=value: open_source(value))  # type: ignore[misc]
    contents: dict[Place, Content] = {}
    for place, source in sources.items():
        contents[place] = yield Block(lambda source=source: content_of(source))  # type: ignore[misc]
    unique = {content: sources[place] for place, content in contents.items()}
    uploads: list[Upload] = yield Gather(
        [_upload(context, source, content, report) for content, source in unique.items()], FILES_AT_ONCE
    )
    ids = dict(zip(unique, map(str, uploads), strict=True))
    return put_references(body, {place: ids[content] for place, content in contents.items()})


def upload_file(context: Context, value: object, report: OnUpload | None) -> Flow[Upload]:
    """Send a file, or return the upload of an equal one."""
    source: FileSource = yield Block(lambda: open_source(value))
    content: Content = yield Block(lambda: content_of(source))
    return (yield from _upload(context, source, content, report))


def _upload(context: Context, source: FileSource, content: Content, report: OnUpload | None) -> Flow[Upload]:
    """Send a file, unless an equal one was sent; wait while another call of this client sends it."""
    while not context.uploads.begin(content):
        yield Sleep(_LOOK_SECONDS)
    try:
        return (yield from _find_or_send(context, source, content, report))
    finally:
        context.uploads.end(content)


def _find_or_send(context: Context, source: FileSource, content: Content, report: OnUpload | None) -> Flow[Upload]:
    known = context.uploads.find(content, context.now())
    if known is not None:
        if report is not None:
            report(source.name, source.size, source.size)
        return known
    plan = yield from call(context, "POST", "/uploads", json=announcement(source.name, content))
    sent = Sent(source, report)
    parts = plan.get("parts")
    if parts:
        etags = yield Gather(_part_flows(context, source, plan, sent), PARTS_AT_ONCE)
        numbered = [{"number": part["number"], "etag": etag} for part, etag in zip(parts, etags, strict=True)]
        done = yield from call(context, "POST", f"/uploads/{plan['upload_id']}/complete", json={"parts": numbered})
    else:
        yield from _put(context, source, (0, 0, source.size), plan["url"], plan.get("headers") or {}, sent)
        done = plan
    facts = {name: value for name, value in {**plan, **done}.items() if name not in {"url", "headers", "parts"}}
    upload = Upload(str(plan["upload_id"]), source.name, content.size, content.sha256, facts)
    context.uploads.add(content, upload)
    return upload


def announcement(filename: str, content: Content) -> dict[str, Any]:
    """Return the body of `POST /uploads`."""
    is_single = content.size <= MAX_SINGLE_BYTES
    return {"filename": filename, "size_bytes": content.size} | ({"sha256": content.sha256} if is_single else {})


def _part_flows(context: Context, source: FileSource, plan: Mapping[str, Any], sent: Sent) -> list[Flow[str]]:
    sizes = [int(part["size_bytes"]) for part in plan["parts"]]
    if sum(sizes) != source.size:
        raise ApiGpuError(f"the API asked for {sum(sizes)} bytes of {source.name}, which has {source.size}")
    offsets = accumulate([0, *sizes[:-1]])
    headers = plan.get("headers") or {}
    return [
        _part(
            context, source, (index, offset, size), str(part["url"]), {**headers, **(part.get("headers") or {})}, sent
        )
        for index, (part, offset, size) in enumerate(zip(plan["parts"], offsets, sizes, strict=True))
    ]


def _part(
    context: Context, source: FileSource, part: tuple[int, int, int], url: str, headers: Mapping[str, str], sent: Sent
) -> Flow[str]:
    response = yield from _put(context, source, part, url, headers, sent)
    etag = response.headers.get("etag")
    if not etag:
        raise ApiGpuError("the storage returned no ETag for a part of the upload")
    return str(etag)


def _put(
    context: Context, source: FileSource, part: tuple[int, int, int], url: str, headers: Mapping[str, str], sent: Sent
) -> Flow[Response]:
    index, offset, size = part
    # The library would send the body in chunks of unknown number, which S3 refuses.
    exact = {name: text for name, text in headers.items() if name.lower() != "content-length"}
    request = context.storage("PUT", url, {**exact, "Content-Length": str(size)})

    def attempt() -> SendFile:
        sent.begin(index)
        return SendFile(request, source, offset, size, lambda count: sent.add(index, count))

    return (yield from send(context, request, attempt))
