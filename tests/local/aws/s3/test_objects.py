"""Objects over HTTP: bodies, ranges, conditions, parts, CORS, and nothing stored that is not complete."""

from __future__ import annotations

import hashlib
import socket
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from contract.limits import MIB
from lambda_api.adapters.aws.s3 import S3Objects
from local.aws.names import BUCKET
from local.aws.s3.objects import MIN_PART_BYTES
from tests.support.aws import CREDENTIALS, account
from tests.support.http import Response, send

TYPE = "video/mp4"


@pytest.fixture
def s3(local_s3: str) -> Any:
    config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, signature_version="s3v4")
    return boto3.client("s3", endpoint_url=local_s3, config=config, **CREDENTIALS)  # type: ignore[call-overload]


@pytest.fixture
def objects(local_s3: str) -> S3Objects:
    return S3Objects(BUCKET, account(local_s3).s3)


@pytest.fixture
def key() -> str:
    return f"uploads/ada/{uuid.uuid4()}"


def put(objects: S3Objects, key: str, data: bytes) -> None:
    signed = objects.presign_upload(key, TYPE, len(data), None, 60)
    assert send("PUT", signed.url, data, {"Content-Type": TYPE}).status == 200


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(Bucket=BUCKET, **parameters)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("wanted", "status", "part", "stated"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"), ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"), ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"), ("lines=1-2", 200, b"0123456789", None),
        ("bytes=1-2,4-5", 200, b"0123456789", None),
    ],
)  # fmt: skip
def test_ranges(objects: S3Objects, key: str, wanted: str, status: int, part: bytes, stated: str | None) -> None:
    put(objects, key, b"0123456789")
    read = send("GET", objects.presign_get(key, 60), headers={"Range": wanted})
    assert (read.status, read.body, read.headers.get("Content-Range")) == (status, part, stated)
    assert read.headers["Content-Length"] == str(len(part))


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=5-2", "bytes=-0"])
def test_range_outside_the_object_is_a_416(objects: S3Objects, key: str, wanted: str) -> None:
    put(objects, key, b"0123456789")
    read = send("GET", objects.presign_get(key, 60), headers={"Range": wanted})
    assert (read.status, b"InvalidRange" in read.body) == (416, True)


def test_head_has_the_size_and_no_body(s3: Any, objects: S3Objects, key: str) -> None:
    put(objects, key, b"0123456789")
    head = s3.head_object(Bucket=BUCKET, Key=key)
    assert (head["ContentLength"], head["ContentType"]) == (10, TYPE)
    assert head["ETag"] == f'"{hashlib.md5(b"0123456789", usedforsecurity=False).hexdigest()}"'
    assert code_of(s3.head_object, Key="none") == "404"


def test_a_new_object_replaces_the_old_one_and_its_file(s3: Any, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"old")
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"newer")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"newer"
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert code_of(s3.get_object, Key=key) == "NoSuchKey"


def test_only_the_first_put_counts_if_none_match_says_so(s3: Any, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"first", IfNoneMatch="*")
    assert code_of(s3.put_object, Key=key, Body=b"second", IfNoneMatch="*") == "PreconditionFailed"
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"first"


def test_the_response_may_have_another_disposition(objects: S3Objects, key: str) -> None:
    put(objects, key, b"x")
    read = send("GET", objects.presign_get(key, 60, saved_as="my-short.mp4"))
    assert read.headers["Content-Disposition"] == 'attachment; filename="my-short.mp4"'


def test_bytes_that_do_not_all_arrive_are_not_stored(
    objects: S3Objects, key: str, s3_folder: Path, wait_until: Any, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(s3_folder.iterdir())
    signed = objects.presign_upload(key, TYPE, 100_000, None, 60)
    url = urlsplit(signed.url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=5) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: {TYPE}\r\n"
        connection.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + b"x" * 60_000)
        wait_until(lambda: set(s3_folder.iterdir()) != before)
    wait_until(lambda: set(s3_folder.iterdir()) == before)
    assert objects.size(key) is None
    assert [record for record in caplog.records if record.name == "aiohttp.server"] == []


def test_readers_may_leave_without_a_traceback(
    s3: Any, objects: S3Objects, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(20 * MIB))
    url = urlsplit(objects.presign_get(key, 60))
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=5) as connection:
        connection.sendall(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        assert connection.recv(1000)
    assert objects.size(key) == 20 * MIB
    assert [record for record in caplog.records if record.name == "aiohttp.server"] == []


def test_wrong_checksums_store_nothing(s3: Any, key: str) -> None:
    wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert code_of(s3.put_object, Key=key, Body=b"x", ChecksumSHA256=wrong) == "BadDigest"
    assert code_of(s3.put_object, Key=key, Body=b"x", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==") == "BadDigest"
    assert code_of(s3.head_object, Key=key) == "404"


class TestParts:
    @pytest.fixture
    def upload_id(self, s3: Any, key: str) -> str:
        return str(s3.create_multipart_upload(Bucket=BUCKET, Key=key, ContentType=TYPE)["UploadId"])

    def send(self, s3: Any, key: str, upload_id: str, number: int, data: bytes) -> dict[str, Any]:
        sent = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload_id, PartNumber=number, Body=data)
        return {"PartNumber": number, "ETag": sent["ETag"]}

    def complete(self, s3: Any, key: str, upload_id: str, *parts: dict[str, Any]) -> Any:
        return s3.complete_multipart_upload(
            Bucket=BUCKET, Key=key, UploadId=upload_id, MultipartUpload={"Parts": list(parts)}
        )

    def test_object_is_its_parts_in_order(self, s3: Any, key: str, upload_id: str) -> None:
        last = self.send(s3, key, upload_id, 2, b"end")
        self.send(s3, key, upload_id, 1, b"replaced")
        first = self.send(s3, key, upload_id, 1, b"a" * MIN_PART_BYTES)
        done = self.complete(s3, key, upload_id, first, last)
        digests = b"".join(bytes.fromhex(part["ETag"].strip('"')) for part in (first, last))
        assert done["ETag"] == f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-2"'
        read = s3.get_object(Bucket=BUCKET, Key=key)
        assert (read["Body"].read(), read["ContentType"]) == (b"a" * MIN_PART_BYTES + b"end", TYPE)

    def test_ranges_cross_the_borders_of_parts(self, s3: Any, objects: S3Objects, key: str, upload_id: str) -> None:
        data = [bytes([number]) * MIN_PART_BYTES for number in (1, 2)] + [b"end"]
        parts = [self.send(s3, key, upload_id, number, part) for number, part in enumerate(data, start=1)]
        self.complete(s3, key, upload_id, *parts)
        whole = b"".join(data)
        for first, last in ((0, 0), (MIN_PART_BYTES - 2, MIN_PART_BYTES + 1), (MIN_PART_BYTES, 2 * MIN_PART_BYTES + 2)):
            read = send("GET", objects.presign_get(key, 60), headers={"Range": f"bytes={first}-{last}"})
            assert (read.status, read.body == whole[first : last + 1]) == (206, True), (first, last)

    def test_unlisted_parts_and_replaced_objects_leave_no_file(
        self, s3: Any, key: str, upload_id: str, s3_folder: Path
    ) -> None:
        before = set(s3_folder.iterdir())
        kept, _ = (self.send(s3, key, upload_id, number, b"x" * MIB) for number in (1, 2))
        self.complete(s3, key, upload_id, kept)
        assert len(set(s3_folder.iterdir()) - before) == 1
        s3.delete_object(Bucket=BUCKET, Key=key)
        assert set(s3_folder.iterdir()) == before

    def test_wrong_lists_change_nothing(self, s3: Any, key: str, upload_id: str) -> None:
        parts = [self.send(s3, key, upload_id, number, bytes([number]) * MIN_PART_BYTES) for number in (1, 2)]
        wrong_etag = parts[0] | {"ETag": '"00000000000000000000000000000000"'}
        for listed, code in {
            (1, 0): "InvalidPartOrder", (0, 0): "InvalidPartOrder", (0, 2): "InvalidPart", (3, 1): "InvalidPart",
            (): "MalformedXML",
        }.items():  # fmt: skip
            chosen = [[*parts, parts[0] | {"PartNumber": 3}, wrong_etag][index] for index in listed]
            with pytest.raises(ClientError) as refused:
                self.complete(s3, key, upload_id, *chosen)
            assert refused.value.response["Error"]["Code"] == code, listed
        assert code_of(s3.head_object, Key=key) == "404"
        self.complete(s3, key, upload_id, *parts)
        assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 2 * MIN_PART_BYTES

    def test_only_the_last_part_may_be_small(self, s3: Any, key: str, upload_id: str) -> None:
        parts = [self.send(s3, key, upload_id, number, b"x") for number in (1, 2)]
        with pytest.raises(ClientError, match="EntityTooSmall"):
            self.complete(s3, key, upload_id, *parts)

    def test_aborted_and_completed_uploads_are_gone(self, s3: Any, key: str, upload_id: str, s3_folder: Path) -> None:
        before = len(list(s3_folder.iterdir()))
        part = self.send(s3, key, upload_id, 1, b"x" * MIB)
        s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload_id)
        assert len(list(s3_folder.iterdir())) == before
        with pytest.raises(ClientError, match="NoSuchUpload"):
            self.complete(s3, key, upload_id, part)
        with pytest.raises(ClientError, match="NoSuchUpload"):
            self.send(s3, key, upload_id, 2, b"x")
        with pytest.raises(ClientError, match="NoSuchUpload"):
            s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload_id)

    def test_upload_belongs_to_its_key(self, s3: Any, key: str, upload_id: str) -> None:
        with pytest.raises(ClientError, match="NoSuchUpload"):
            self.send(s3, f"{key}-other", upload_id, 1, b"x")


class TestCors:
    def preflight(self, objects: S3Objects, method: str, headers: str) -> Response:
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
        url = objects.presign_get("k", 60).partition("?")[0]
        return send("OPTIONS", url, headers={"Origin": "https://app.example"} | asked)

    def test_page_may_send_a_file_and_read_its_etag(self, objects: S3Objects, key: str) -> None:
        allowed = self.preflight(objects, "PUT", "Content-Type, X-Amz-Checksum-Sha256")
        assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert allowed.headers["Access-Control-Allow-Headers"] == "content-type, x-amz-checksum-sha256"
        signed = objects.presign_upload(key, TYPE, 1, None, 60)
        sent = send("PUT", signed.url, b"x", {"Content-Type": TYPE, "Origin": "https://app.example"})
        assert (sent.status, sent.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert "ETag" in sent.headers["Access-Control-Expose-Headers"]

    def test_refusals_are_readable_for_a_page(self, objects: S3Objects, key: str) -> None:
        signed = objects.presign_upload(key, TYPE, 1, None, 60)
        sent = send("PUT", signed.url, b"xy", {"Content-Type": TYPE, "Origin": "https://app.example"})
        assert (sent.status, sent.headers["Access-Control-Allow-Origin"]) == (403, "*")

    @pytest.mark.parametrize(("method", "headers"), [("DELETE", ""), ("POST", ""), ("PUT", "authorization")])
    def test_other_requests_are_not_allowed(self, objects: S3Objects, method: str, headers: str) -> None:
        assert self.preflight(objects, method, headers).status == 403
