"""Files in requests: what is sent of them, and references in their place."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from api_gpu.core import uploads
from api_gpu.core.effects import Response, Send, SendFile, Sleep
from api_gpu.core.files import open_source
from api_gpu.core.upload_cache import Content
from api_gpu.core.uploads import Sent, announcement, upload_file, upload_files
from api_gpu.errors import APIConnectionError, ApiGpuError, NotFoundError, UnauthorizedError
from api_gpu.operations import URL_FIELDS
from contract.limits import UPLOAD_SINGLE_BYTES
from tests.support.flows import LOST, Played, reply

LATER = "2026-12-01T12:00:00Z"


class Api:
    """Takes uploads, in one piece or in parts of `part_size` bytes."""

    def __init__(self, part_size: int | None = None) -> None:
        self.part_size = part_size
        self.announced: list[dict[str, Any]] = []
        self.stored: dict[str, bytes] = {}
        self.completed: list[Any] = []
        self.failures: list[Any] = []
        self.headers: list[dict[str, str]] = []

    def __call__(self, effect: Any) -> Response | Exception:
        if isinstance(effect, SendFile):
            return self._put(effect)
        assert isinstance(effect, Send)
        body = json.loads(effect.request.content or b"{}")
        if effect.request.url.endswith("/complete"):
            self.completed.append(body)
            return reply(200, {"upload_id": "u1", "state": "ready", "object_expires_at": LATER})
        self.announced.append(body)
        number = len(self.announced)
        plan: dict[str, Any] = {"upload_id": f"u{number}", "state": "waiting", "object_expires_at": LATER}
        if self.part_size is None:
            url = f"https://bucket.example.com/u{number}?X-Amz-Signature=s"
            headers = {"content-type": "video/mp4", "content-length": str(body["size_bytes"])}
            return reply(201, plan | {"url": url, "headers": headers, "parts": None})
        size, parts = body["size_bytes"], []
        for index, start in enumerate(range(0, size, self.part_size), 1):
            parts.append({"number": index, "url": f"https://bucket.example.com/u{number}/{index}?s",
                          "size_bytes": min(self.part_size, size - start)})  # fmt: skip
        return reply(201, plan | {"url": None, "headers": {}, "parts": parts, "part_size": self.part_size})

    def _put(self, effect: SendFile) -> Response | Exception:
        if self.failures:
            failure = self.failures.pop(0)
            effect.on_sent(effect.size // 2)
            return failure  # type: ignore[no-any-return]
        body = b"".join(effect.source.chunks(effect.offset, effect.size))
        self.headers.append(dict(effect.request.headers))
        self.stored[effect.request.url.partition("?")[0]] = body
        effect.on_sent(len(body))
        return reply(200, b"", etag=f'"{hashlib.md5(body).hexdigest()}"')  # noqa: S324 - as S3 does


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"0123456789")
    return path


def test_file_is_sent_with_its_checksum_and_the_headers_of_the_answer(clip: Path) -> None:
    api = Api()
    played = Played([api])
    upload = played.run(upload_file(played.context(), clip, None))
    digest = hashlib.sha256(b"0123456789").hexdigest()
    assert str(upload) == "upload:u1"
    assert api.announced == [{"filename": "clip.mp4", "size_bytes": 10, "sha256": digest}]
    assert api.stored == {"https://bucket.example.com/u1": b"0123456789"}
    assert api.headers == [{"content-type": "video/mp4", "Content-Length": "10"}]
    assert "url" not in upload.data
    assert "Signature" not in repr(upload)


def test_large_file_is_sent_in_parts(clip: Path) -> None:
    api = Api(part_size=4)
    played = Played([api])
    played.run(upload_file(played.context(), clip, None))
    assert list(api.stored.values()) == [b"0123", b"4567", b"89"]
    assert [part["number"] for part in api.completed[0]["parts"]] == [1, 2, 3]
    assert all(part["etag"].startswith('"') for part in api.completed[0]["parts"])


def test_checksum_is_announced_for_single_uploads_only() -> None:
    limit = uploads.MAX_SINGLE_BYTES
    assert limit == UPLOAD_SINGLE_BYTES
    assert "sha256" in announcement("a", Content(limit, "00"))
    assert announcement("a", Content(limit + 1, "00")) == {"filename": "a", "size_bytes": limit + 1}


def test_only_the_part_that_failed_is_sent_again(clip: Path) -> None:
    api = Api(part_size=4)
    timeout = reply(400, b"<Error><Code>RequestTimeout</Code></Error>")
    api.failures = [LOST, reply(503), timeout]
    seen: list[int] = []
    played = Played([api])
    played.run(upload_file(played.context(), clip, lambda name, sent, total: seen.append(sent)))
    assert list(api.stored.values()) == [b"0123", b"4567", b"89"]
    assert len(played.requests) == 1 + 3 + 3 + 1
    assert seen == sorted(set(seen))
    assert seen[-1] == 10


def test_refusal_of_the_storage_has_its_reason(clip: Path) -> None:
    api = Api()
    api.failures = [
        reply(403, b"<?xml?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
    ]
    played = Played([api])
    with pytest.raises(UnauthorizedError, match="Request has expired"):
        played.run(upload_file(played.context(), clip, None))


def test_same_content_is_sent_once(clip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    api = Api()
    played = Played([api])
    context = played.context()
    body = {"videos": [clip, {"url_video": copy, "start": 1}, clip]}
    seen: list[Any] = []
    first = played.run(upload_files(context, body, URL_FIELDS, None))
    again = played.run(upload_files(context, body, URL_FIELDS, lambda *sent: seen.append(sent)))
    assert first == again == {"videos": ["upload:u1", {"url_video": "upload:u1", "start": 1}, "upload:u1"]}
    assert len(api.announced) == 1
    assert [sent[1:] for sent in seen] == [(10, 10)]


def test_equal_files_of_calls_at_the_same_time_are_sent_once(clip: Path) -> None:
    api = Api()
    played = Played([api])
    context = played.context()
    first, second = (upload_file(context, clip, None) for _ in range(2))
    effects = [next(first)]
    while not isinstance(effects[-1], SendFile):
        played.requests.clear()
        effects.append(first.send(played._perform(effects[-1])))
    waiting: Any = next(second)
    while not isinstance(waiting, Sleep):
        waiting = second.send(played._perform(waiting))
    with pytest.raises(StopIteration) as sent:
        first.send(played._perform(effects[-1]))
    with pytest.raises(StopIteration) as found:
        second.send(None)
    assert str(sent.value.value) == str(found.value.value) == "upload:u1"
    assert len(api.announced) == 1


def test_equal_file_is_sent_by_the_next_call_if_the_first_one_fails(clip: Path) -> None:
    api = Api()
    context = Played([api]).context()
    with pytest.raises(APIConnectionError):
        Played([LOST]).run(upload_file(context, clip, None))
    assert str(Played([api]).run(upload_file(context, clip, None))) == "upload:u1"


def test_upload_that_is_deleted_soon_is_made_again(clip: Path) -> None:
    api = Api()
    played = Played([api])
    context = played.context()
    upload = played.run(upload_file(context, clip, None))
    upload.data["object_expires_at"] = "2026-11-30T12:30:00Z"
    played.run(upload_file(context, clip, None))
    assert len(api.announced) == 2


def test_files_are_found_wherever_urls_are(clip: Path, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"logo")
    with clip.open("rb") as file:
        body = {"url_video": file, "overlay": {"url_image": logo, "size": 20}, "music": None, "style": "karaoke"}
        played = Played([Api()])
        sent = played.run(upload_files(played.context(), body, URL_FIELDS, None))
    assert sent == {"url_video": "upload:u1", "overlay": {"url_image": "upload:u2", "size": 20}, "style": "karaoke"}


def test_upload_stands_for_a_url_wherever_files_do(clip: Path) -> None:
    played = Played([Api()])
    upload = played.run(upload_file(played.context(), clip, None))
    body = {"url_video": upload, "overlay": {"url_image": upload}}
    sent = played.run(upload_files(played.context(), body, URL_FIELDS, None))
    assert sent == {"url_video": "upload:u1", "overlay": {"url_image": "upload:u1"}}


@pytest.mark.parametrize("field", ["captions", "style", "words"])
def test_file_where_no_url_is_expected_is_refused(clip: Path, field: str) -> None:
    played = Played([Api()])
    with pytest.raises(ApiGpuError, match=f"{field} takes no file"):
        played.run(upload_files(played.context(), {field: clip}, URL_FIELDS, None))
    assert played.requests == []


def test_open_file_is_sent_from_its_start() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    source = open_source(file)
    assert (source.name, source.size) == ("upload", 10)
    assert b"".join(source.chunks(8, 2)) == b"89"


class Pipe(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("file", [io.StringIO("text"), Pipe()])
def test_what_cannot_be_sent_again_is_refused(file: object) -> None:
    with pytest.raises(ApiGpuError, match="'rb'"):
        open_source(file)


def test_empty_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    played = Played([Api()])
    with pytest.raises(ApiGpuError, match=r"empty\.mp4 is empty"):
        played.run(upload_file(played.context(), tmp_path / "empty.mp4", None))
    with pytest.raises(ApiGpuError, match="is not a file"):
        played.run(upload_file(played.context(), tmp_path / "none.mp4", None))
    with pytest.raises(ApiGpuError, match="int is no file"):
        open_source(7)


def test_api_without_uploads_says_not_found(clip: Path) -> None:
    played = Played([reply(404, {"code": "not_found", "detail": "No such route."})])
    with pytest.raises(NotFoundError):
        played.run(upload_file(played.context(), clip, None))


def test_progress_never_goes_backwards(clip: Path) -> None:
    seen: list[int] = []
    sent = Sent(open_source(clip), lambda name, done, total: seen.append(done))
    sent.begin(0)
    sent.add(0, 6)
    sent.begin(0)
    sent.add(0, 4)
    sent.add(0, 6)
    assert seen == [6, 10]
