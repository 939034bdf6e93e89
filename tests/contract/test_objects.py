"""The bucket: what is signed, and what is read."""

from __future__ import annotations

import urllib.request
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError

from lambda_api.adapters.s3 import S3Objects
from lambda_api.domain.errors import Unavailable
from local.aws.names import BUCKET
from tests.support.aws import Aws

TYPE = "video/mp4"


@pytest.fixture
def objects(aws: Aws) -> S3Objects:
    client = aws.client("s3")
    return S3Objects(BUCKET, lambda: client)


def put(url: str, data: bytes, content_type: str = TYPE) -> int:
    headers = {"Content-Type": content_type, "If-None-Match": "*"}
    request = urllib.request.Request(url, data=data, headers=headers, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_a_presigned_put_signs_the_type_and_that_nothing_may_be_there(objects: S3Objects) -> None:
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


def test_what_is_not_there_or_too_long_is_none(objects: S3Objects) -> None:
    assert objects.size("jobs/none/output.mp4") is None
    assert objects.read("jobs/none/manifest.json", 100) is None
    put(objects.presign_put("jobs/c/output.mp4", TYPE, 60), b"12345")
    assert objects.read("jobs/c/output.mp4", 4) is None


def test_a_url_never_outlives_what_s3_allows(objects: S3Objects) -> None:
    query = parse_qs(urlsplit(objects.presign_get("k", 10**9)).query)
    assert query["X-Amz-Expires"] == ["604800"]


def test_a_bucket_that_does_not_answer_is_unavailable() -> None:
    class Down:
        def head_object(self, **_: str) -> None:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    with pytest.raises(Unavailable):
        S3Objects(BUCKET, Down).size("k")  # type: ignore[arg-type]
