"""The bucket: what is signed, and what is read."""

from __future__ import annotations

import hashlib
import time
import urllib.request
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from contract.artifacts import SUBTITLE_TYPES
from contract.limits import MIB
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.adapters.aws.session import AwsSession
from lambda_api.domain.errors import Unavailable
from lambda_api.domain.uploads.ports import InvalidParts
from lambda_api.domain.uploads.upload import SentPart
from local.aws.names import BUCKET, REGION
from tests.support.aws import account

TYPE = "video/mp4"


@pytest.fixture(params=["moto", "ministack", "local"])
def objects(request: pytest.FixtureRequest) -> S3Objects:
    fixture = {"moto": "aws", "ministack": "strict_s3", "local": "local_s3"}[request.param]
    server = request.getfixturevalue(fixture)
    return S3Objects(BUCKET, account(server.url if request.param == "moto" else server).s3)


def put(url: str, data: bytes, content_type: str = TYPE, **headers: str) -> int:
    headers = {"Content-Type": content_type, "If-None-Match": "*"} | headers
    return ask("PUT", url, data, {name: value for name, value in headers.items() if value})


def ask(method: str, url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_presigned_put_signs_content_type_and_if_none_match(objects: S3Objects) -> None:
    query = parse_qs(urlsplit(objects.presign_put("jobs/a/output.mp4", TYPE, 60)).query)
    assert query["X-Amz-SignedHeaders"] == ["content-type;host;if-none-match"]
    assert query["X-Amz-Expires"] == ["60"]
    assert not [name for name in query if "checksum" in name.lower()]


def test_only_the_first_upload_is_stored(objects: S3Objects) -> None:
    url = objects.presign_put("jobs/b/output.mp4", TYPE, 60)
    assert (put(url, b"first"), put(url, b"second")) == (200, 412)
    assert objects.read("jobs/b/output.mp4", 100) == b"first"
    assert objects.size("jobs/b/output.mp4") == 5
    with urllib.request.urlopen(objects.presign_get("jobs/b/output.mp4", 60), timeout=10) as answer:
        assert answer.read() == b"first"


def test_file_is_saved_under_the_name_of_the_request(objects: S3Objects) -> None:
    put(objects.presign_put("jobs/n/output.mp4", TYPE, 60), b"video")
    with urllib.request.urlopen(
        objects.presign_get("jobs/n/output.mp4", 60, saved_as="my-short.mp4"), timeout=10
    ) as one:
        assert one.headers["Content-Disposition"] == 'attachment; filename="my-short.mp4"'


def test_written_object_is_read_with_its_type(objects: S3Objects) -> None:
    key = "jobs/w/inputs/captions"
    for data in (b"first", b"Hello \xf0\x9f\x98\x80"):
        objects.write(key, data)
    assert objects.read(key, 100) == data
    with urllib.request.urlopen(objects.presign_get(key, 60), timeout=10) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (data, "application/octet-stream")


def test_missing_or_too_long_object_is_none(objects: S3Objects) -> None:
    assert objects.size("jobs/none/output.mp4") is None
    assert objects.read("jobs/none/manifest.json", 100) is None
    put(objects.presign_put("jobs/c/output.mp4", TYPE, 60), b"12345")
    assert objects.read("jobs/c/output.mp4", 4) is None


def test_presigned_url_lasts_seven_days_at_most(objects: S3Objects) -> None:
    query = parse_qs(urlsplit(objects.presign_get("k", 10**9)).query)
    assert query["X-Amz-Expires"] == ["604800"]


def test_unreachable_bucket_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        S3Objects(BUCKET, account("http://127.0.0.1:1").s3).size("k")


def test_presigned_upload_signs_what_the_client_must_send(objects: S3Objects) -> None:
    signed = objects.presign_upload("uploads/ada/a", "image/jpeg", 5, hashlib.sha256(b"12345").hexdigest(), 3600)
    query = parse_qs(urlsplit(signed.url).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;x-amz-checksum-sha256"]
    assert signed.headers == {
        "Content-Type": "image/jpeg", "Content-Length": "5",
        "x-amz-checksum-sha256": "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U=",
    }  # fmt: skip
    assert ask("PUT", signed.url, b"12345", dict(signed.headers)) == 200
    assert (objects.size("uploads/ada/a"), objects.read("uploads/ada/a", 10)) == (5, b"12345")


def test_presigned_part_signs_its_length(objects: S3Objects) -> None:
    query = parse_qs(urlsplit(objects.presign_part("uploads/ada/p", "id", 3, 16 * MIB, 3600)).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert (query["partNumber"], query["uploadId"]) == (["3"], ["id"])


def test_parts_become_one_object(objects: S3Objects) -> None:
    key, data = "uploads/ada/parts", [b"a" * (5 * MIB), b"b" * 7]
    multipart_id = objects.begin_multipart(key, "video/mp4")
    parts = [SentPart(n, send_part(objects, key, multipart_id, n, part)) for n, part in enumerate(data, start=1)]
    assert objects.size(key) is None
    for wrong in ([parts[0]._replace(etag="0" * 32), parts[1]], [*parts, SentPart(3, parts[1].etag)]):
        with pytest.raises(InvalidParts):
            objects.complete_multipart(key, multipart_id, wrong)
    objects.complete_multipart(key, multipart_id, parts)
    assert objects.read(key, 10 * MIB) == b"".join(data)
    # The first response may have been lost: the caller looks at the object.
    objects.complete_multipart(key, multipart_id, parts)
    assert objects.size(key) == 5 * MIB + 7


def send_part(objects: S3Objects, key: str, multipart_id: str, number: int, data: bytes) -> str:
    """Send a part; return its ETag without quotes."""
    url = objects.presign_part(key, multipart_id, number, len(data), 60)
    request = urllib.request.Request(url, data, {"Content-Type": "application/octet-stream"}, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.headers["ETag"]).strip('"')


class TestSignatures:
    """Checks that need a server that verifies signatures."""

    @pytest.fixture(params=["strict_s3", "local_s3"])
    def url(self, request: pytest.FixtureRequest) -> str:
        found: str = request.getfixturevalue(request.param)
        return found

    @pytest.fixture
    def strict(self, url: str) -> S3Objects:
        return S3Objects(BUCKET, account(url).s3)

    def test_put_is_accepted_only_as_signed(self, strict: S3Objects) -> None:
        url = strict.presign_put("jobs/signed/output.mp4", TYPE, 60)
        assert put(url, b"x", "application/x-other") == 403
        assert put(url, b"x", **{"If-None-Match": ""}) == 403
        assert put(url.replace("jobs/signed/", "jobs/other/"), b"x") == 403
        assert put(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), b"x") == 403
        assert ask("GET", url) == 403
        assert strict.size("jobs/signed/output.mp4") is None
        assert put(url, b"x") == 200

    @pytest.mark.parametrize("content_type", sorted(SUBTITLE_TYPES.values()))
    def test_types_with_a_charset_are_signed_correctly(self, strict: S3Objects, content_type: str) -> None:
        url = strict.presign_put("jobs/text/captions.srt", content_type, 60)
        assert put(url, b"x", content_type.partition(";")[0]) == 403
        assert put(url, b"x", content_type) in {200, 412}

    def test_upload_is_accepted_only_as_signed(self, strict: S3Objects) -> None:
        signed = strict.presign_upload("uploads/ada/s", "image/jpeg", 5, hashlib.sha256(b"12345").hexdigest(), 60)
        headers = dict(signed.headers)
        for changed in (
            {"Content-Type": "image/png"}, {"x-amz-checksum-sha256": ""}, {"x-amz-checksum-sha256": "AAAA"},
        ):  # fmt: skip
            sent = {name: value for name, value in (headers | changed).items() if value}
            assert ask("PUT", signed.url, b"12345", sent) == 403, changed
        assert ask("PUT", signed.url, b"123456", headers | {"Content-Length": "6"}) == 403
        assert ask("PUT", signed.url, b"54321", headers) == 400
        assert strict.size("uploads/ada/s") is None
        assert ask("PUT", signed.url, b"12345", headers) == 200

    def test_part_is_accepted_only_with_its_length(self, strict: S3Objects) -> None:
        multipart_id = strict.begin_multipart("uploads/ada/l", "video/mp4")
        url = strict.presign_part("uploads/ada/l", multipart_id, 1, 5, 60)
        assert ask("PUT", url, b"1234") == 403
        assert ask("PUT", url.replace("partNumber=1", "partNumber=2"), b"12345") == 403
        assert ask("PUT", url, b"12345") == 200

    def test_aborted_upload_has_no_object(self, strict: S3Objects) -> None:
        key = "uploads/ada/aborted"
        multipart_id = strict.begin_multipart(key, "video/mp4")
        part = SentPart(1, send_part(strict, key, multipart_id, 1, b"x"))
        for _ in range(2):
            strict.abort_multipart(key, multipart_id)
        strict.complete_multipart(key, multipart_id, [part])
        assert strict.size(key) is None

    def test_url_answers_only_the_method_that_it_is_signed_for(self, strict: S3Objects) -> None:
        key = "jobs/head/output.mp4"
        put(strict.presign_put(key, TYPE, 60), b"x")
        assert (ask("HEAD", strict.presign_head(key, 60)), ask("GET", strict.presign_get(key, 60))) == (200, 200)
        assert (ask("GET", strict.presign_head(key, 60)), ask("HEAD", strict.presign_get(key, 60))) == (403, 403)

    def test_presigned_url_expires(self, strict: S3Objects) -> None:
        put(strict.presign_put("jobs/old/output.mp4", TYPE, 60), b"x")
        short, long = (strict.presign_get("jobs/old/output.mp4", seconds) for seconds in (1, 60))
        time.sleep(2.1)
        assert (ask("GET", short), ask("GET", long)) == (403, 200)

    def test_another_secret_reads_nothing(self, url: str, strict: S3Objects) -> None:
        put(strict.presign_put("jobs/mine/output.mp4", TYPE, 60), b"x")
        guessed = boto3.Session("test", "guessed", region_name=REGION)
        unauthorized = S3Objects(BUCKET, AwsSession(guessed, url).s3)
        assert ask("GET", unauthorized.presign_get("jobs/mine/output.mp4", 60)) == 403

    @pytest.mark.parametrize("key", ["jobs/a b/ü+&=.mp4", "jobs/~tilde/(1)*'!.mp4", "jobs//double/%41.mp4"])
    def test_keys_with_special_characters_are_signed_correctly(self, strict: S3Objects, key: str) -> None:
        assert put(strict.presign_put(key, TYPE, 60), b"12") == 200
        assert (strict.size(key), strict.read(key, 10)) == (2, b"12")
        assert ask("GET", strict.presign_get(key, 60)) == 200
