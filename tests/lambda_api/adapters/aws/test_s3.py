"""The bucket: what is signed, and what is read."""

from __future__ import annotations

import time
import urllib.request
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from contract.artifacts import SUBTITLE_TYPES
from lambda_api.adapters.aws.s3 import S3Objects
from lambda_api.adapters.aws.session import AwsSession
from lambda_api.domain.errors import Unavailable
from local.aws.names import BUCKET, REGION
from tests.support.aws import account

TYPE = "video/mp4"


@pytest.fixture(params=["moto", "ministack"])
def objects(request: pytest.FixtureRequest) -> S3Objects:
    strict = request.param == "ministack"
    url: str = request.getfixturevalue("strict_s3") if strict else request.getfixturevalue("aws").url
    return S3Objects(BUCKET, account(url).s3)


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


class TestSignatures:
    """Checks that need a server that verifies signatures."""

    @pytest.fixture
    def strict(self, strict_s3: str) -> S3Objects:
        return S3Objects(BUCKET, account(strict_s3).s3)

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

    def test_presigned_url_expires(self, strict: S3Objects) -> None:
        put(strict.presign_put("jobs/old/output.mp4", TYPE, 60), b"x")
        short, long = (strict.presign_get("jobs/old/output.mp4", seconds) for seconds in (1, 60))
        time.sleep(2.1)
        assert (ask("GET", short), ask("GET", long)) == (403, 200)

    def test_another_secret_reads_nothing(self, strict_s3: str, strict: S3Objects) -> None:
        put(strict.presign_put("jobs/mine/output.mp4", TYPE, 60), b"x")
        guessed = boto3.Session("test", "guessed", region_name=REGION)
        unauthorized = S3Objects(BUCKET, AwsSession(guessed, strict_s3).s3)
        assert ask("GET", unauthorized.presign_get("jobs/mine/output.mp4", 60)) == 403

    @pytest.mark.parametrize("key", ["jobs/a b/ü+&=.mp4", "jobs/~tilde/(1)*'!.mp4", "jobs//double/%41.mp4"])
    def test_keys_with_special_characters_are_signed_correctly(self, strict: S3Objects, key: str) -> None:
        assert put(strict.presign_put(key, TYPE, 60), b"12") == 200
        assert (strict.size(key), strict.read(key, 10)) == (2, b"12")
        assert ask("GET", strict.presign_get(key, 60)) == 200
