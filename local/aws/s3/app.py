"""S3's HTTP interface for one bucket, path-style."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from urllib.parse import unquote
from xml.etree.ElementTree import ParseError
from xml.etree.ElementTree import fromstring as parse_xml
from xml.sax.saxutils import escape

from aiohttp import web

from local.aws.s3.body import Received, receive
from local.aws.s3.cors import preflight, response_headers
from local.aws.s3.errors import S3Error
from local.aws.s3.objects import Bucket, StoredObject
from local.aws.s3.signature import Request, verify

_CHUNK = 256 * 1024
_BINARY = "binary/octet-stream"
_XML = "application/xml"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class S3App:
    """The bucket `name`, open to the access keys in `secrets` and to nobody else."""

    def __init__(
        self,
        name: str,
        bucket: Bucket,
        secrets: Mapping[str, str],
        region: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._bucket = bucket
        self._secrets = secrets
        self._region = region
        self._clock = clock
        self.app = web.Application()
        self.app.router.add_route("*", "/{path:.*}", self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            if request.method == "OPTIONS":
                return web.Response(headers=preflight(headers))
            return await self._respond(request, headers)
        except ConnectionError:
            # The client has gone; nobody reads this.
            return web.Response(status=400)
        except S3Error as error:
            body = "" if request.method == "HEAD" else error.to_xml()
            shared = response_headers(headers.get("origin"), request.method)
            return web.Response(status=error.status, text=body, content_type=_XML, headers=shared)

    async def _respond(self, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
        payload_sha256 = verify(
            Request(request.method, request.raw_path, headers), self._secrets, self._region, self._clock()
        )
        bucket, _, key = unquote(request.raw_path.partition("?")[0]).removeprefix("/").partition("/")
        if bucket != self._name:
            raise S3Error("NoSuchBucket")
        if not key:
            raise S3Error("MethodNotAllowed")
        call = _Call(request, headers, key, payload_sha256)
        handlers: dict[tuple[str, bool, bool], Callable[[_Call], Awaitable[web.StreamResponse]]] = {
            ("GET", False, False): self._get,
            ("HEAD", False, False): self._get,
            ("PUT", False, False): self._put,
            ("DELETE", False, False): self._delete,
            ("POST", True, False): self._begin,
            ("PUT", False, True): self._put_part,
            ("POST", False, True): self._complete,
            ("DELETE", False, True): self._abort,
        }
        handler = handlers.get((request.method, "uploads" in request.query, "uploadId" in request.query))
        if handler is None:
            raise S3Error("MethodNotAllowed")
        return await handler(call)

    async def _get(self, call: _Call) -> web.StreamResponse:
        stored = self._bucket.find(call.key)
        start, stop, status = _range(call.headers.get("range"), stored.size)
        query = call.request.query
        response = web.StreamResponse(status=status, headers=call.shared_headers())
        response.content_type = query.get("response-content-type", stored.content_type).partition(";")[0]
        response.headers["Content-Type"] = query.get("response-content-type", stored.content_type)
        response.headers["ETag"] = f'"{stored.etag}"'
        response.headers["Accept-Ranges"] = "bytes"
        response.headers["Last-Modified"] = formatdate(stored.modified, usegmt=True)
        if status == 206:
            response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
        if "response-content-disposition" in query:
            response.headers["Content-Disposition"] = query["response-content-disposition"]
        response.content_length = stop - start
        if call.request.method == "HEAD":
            return response
        # Opened first: a new object of this key deletes the files, but not for those who have opened them.
        # Players stop reading whenever they like.
        with contextlib.closing(stored.open()) as reader, contextlib.suppress(ConnectionError):
            await response.prepare(call.request)
            for chunk in reader.read(start, stop):
                await response.write(chunk)
        return response

    async def _put(self, call: _Call) -> web.StreamResponse:
        only_first = call.headers.get("if-none-match") == "*"
        return await self._store(call, lambda stored: self._bucket.put(call.key, stored, only_first=only_first))

    async def _delete(self, call: _Call) -> web.StreamResponse:
        self._bucket.delete(call.key)
        return web.Response(status=204, headers=call.shared_headers())

    async def _begin(self, call: _Call) -> web.StreamResponse:
        upload_id = self._bucket.begin(call.key, call.headers.get("content-type", _BINARY))
        text = f"<Bucket>{self._name}</Bucket><Key>{escape(call.key)}</Key><UploadId>{upload_id}</UploadId>"
        return _xml("InitiateMultipartUploadResult", text)

    async def _put_part(self, call: _Call) -> web.StreamResponse:
        number = call.request.query.get("partNumber", "")
        if not number.isdecimal():
            raise S3Error("InvalidArgument")
        upload_id = call.request.query["uploadId"]
        self._bucket.check_part(call.key, upload_id, int(number))
        return await self._store(call, lambda part: self._bucket.put_part(call.key, upload_id, int(number), part))

    async def _complete(self, call: _Call) -> web.StreamResponse:
        listed = _read_parts(await call.request.text())
        stored = self._bucket.complete(call.key, call.request.query["uploadId"], listed, self._clock())
        text = f"<Bucket>{self._name}</Bucket><Key>{escape(call.key)}</Key><ETag>&quot;{stored.etag}&quot;</ETag>"
        return _xml("CompleteMultipartUploadResult", text)

    async def _abort(self, call: _Call) -> web.StreamResponse:
        self._bucket.abort(call.key, call.request.query["uploadId"])
        return web.Response(status=204)

    async def _store(self, call: _Call, keep: Callable[[StoredObject], None]) -> web.StreamResponse:
        """Receive a body and keep it; delete it if it is not complete, not as announced, or not wanted."""
        path = self._bucket.new_path()
        kept = False
        try:
            received: Received = await receive(
                call.request.content.iter_chunked(_CHUNK), call.headers, call.payload_sha256, path
            )
            content_type = call.headers.get("content-type", _BINARY)
            keep(StoredObject((path,), received.size, received.md5, content_type, self._clock()))
            kept = True
        finally:
            if not kept:
                path.unlink(missing_ok=True)
        return web.Response(headers=call.shared_headers() | {"ETag": f'"{received.md5}"'})


class _Call:
    """A request whose signature is verified."""

    def __init__(self, request: web.Request, headers: Mapping[str, str], key: str, payload_sha256: str) -> None:
        self.request = request
        self.headers = headers
        self.key = key
        self.payload_sha256 = payload_sha256

    def shared_headers(self) -> dict[str, str]:
        return {"x-amz-request-id": "local"} | response_headers(self.headers.get("origin"), self.request.method)


def _range(header: str | None, size: int) -> tuple[int, int, int]:
    """Return start, end and status. Raises InvalidRange. Other forms than one range are ignored (RFC 9110)."""
    found = _RANGE.fullmatch(header or "")
    if found is None or not any(found.groups()):
        return 0, size, 200
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= stop:
        raise S3Error("InvalidRange")
    return start, stop, 206


def _read_parts(document: str) -> list[tuple[int, str]]:
    """Return numbers and ETags of a CompleteMultipartUpload document. Raises MalformedXML."""
    try:
        root = parse_xml(document)  # noqa: S314 - from the local gateway only
        parts = [{one.tag.rpartition("}")[2]: one.text or "" for one in part} for part in root]
        return [(int(part["PartNumber"]), part["ETag"].strip().strip('"')) for part in parts]
    except (ParseError, KeyError, ValueError):
        raise S3Error("MalformedXML") from None


def _xml(name: str, text: str) -> web.Response:
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    return web.Response(text=f"{document}{text}</{name}>", content_type=_XML)
