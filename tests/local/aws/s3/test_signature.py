"""Signatures: botocore signs, and every change of what was signed is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from local.aws.s3.errors import S3Error
from local.aws.s3.signature import UNSIGNED, Request, verify
from tests.support.aws import account

SECRETS = {"key": "secret"}
REGION = "us-east-1"
HOST = "127.0.0.1:9000"


def now_of(request: Request) -> float:
    """Return the time at which a request was signed."""
    text = request.headers.get("x-amz-date") or request.target.partition("X-Amz-Date=")[2][:16]
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def signed(
    *, query: bool, method: str = "PUT", path: str = "/b/uploads/ada/%C3%BC%20%281%29.mp4?x=1&a=",
    body: bytes = b"12345", headers: Mapping[str, str] = {"Content-Length": "5", "Content-Type": "video/mp4"},
    secret: str = SECRETS["key"],
) -> Request:  # fmt: skip
    """Return a request that botocore has signed."""
    credentials = Credentials("key", secret)
    request = AWSRequest(method=method, url=f"http://{HOST}{path}", headers=dict(headers), data=body)
    if query:
        request.data = b""
    signer = S3SigV4QueryAuth(credentials, "s3", REGION, 60) if query else S3SigV4Auth(credentials, "s3", REGION)
    signer.add_auth(request)
    url = urlsplit(request.url)
    sent = {name.lower(): value for name, value in request.headers.items()}
    return Request(method, f"{url.path}?{url.query}", {"host": HOST} | sent)


def refusal(request: Request, after: float = 0) -> str:
    with pytest.raises(S3Error) as refused:
        verify(request, SECRETS, REGION, now_of(request) + after)
    return refused.value.code


def changed(request: Request, **headers: str | None) -> Request:
    merged = dict(request.headers) | {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(request, headers={name: value for name, value in merged.items() if value is not None})


FORMS = pytest.mark.parametrize("query", [True, False], ids=["query", "header"])


def test_url_that_a_client_has_encoded_otherwise_is_the_same() -> None:
    """aiohttp writes what RFC 3986 does not require to encode as it is."""
    request = signed(query=True, method="GET", headers={}, path="/b/%28a%2Ab%29.mp4?response-x=a%3B%20b%3D%22c%22")
    sent = URL(f"http://{HOST}{request.target}").raw_path_qs
    assert sent != request.target
    assert "%28" not in sent
    assert verify(replace(request, target=sent), SECRETS, REGION, now_of(request)) == UNSIGNED


@FORMS
def test_what_botocore_signs_is_accepted(query: bool) -> None:
    request = signed(query=query)
    payload = verify(request, SECRETS, REGION, now_of(request))
    assert (payload == UNSIGNED) == query


@FORMS
def test_every_change_of_what_was_signed_is_refused(query: bool) -> None:
    request = signed(query=query)
    for other in (
        replace(request, method="GET"),
        replace(request, target=request.target.replace("ada", "bob")),
        replace(request, target=request.target.replace("x=1", "x=2")),
        replace(request, target=request.target + "&uploads="),
        changed(request, content_length="6"),
        changed(request, content_length=None),
        changed(request, content_type="video/webm"),
        changed(request, content_type=None),
        changed(request, host="127.0.0.1:9001"),
    ):
        assert refusal(other) == "SignatureDoesNotMatch"


def test_payload_hash_of_the_header_form_is_signed() -> None:
    request = signed(query=False)
    assert refusal(changed(request, x_amz_content_sha256="0" * 64)) == "SignatureDoesNotMatch"


@FORMS
def test_amazon_headers_must_be_signed(query: bool) -> None:
    assert refusal(changed(signed(query=query), x_amz_meta_owner="bob")) == "AccessDenied"


@FORMS
def test_a_signed_checksum_must_be_sent(query: bool) -> None:
    request = signed(query=query, headers={"Content-Length": "5", "x-amz-checksum-sha256": "abc"})
    verify(request, SECRETS, REGION, now_of(request))
    assert refusal(changed(request, x_amz_checksum_sha256=None)) == "SignatureDoesNotMatch"
    assert refusal(changed(request, x_amz_checksum_sha256="other")) == "SignatureDoesNotMatch"


@FORMS
def test_another_secret_and_an_unknown_key_are_refused(query: bool) -> None:
    assert refusal(signed(query=query, secret="guessed")) == "SignatureDoesNotMatch"
    with pytest.raises(S3Error, match="InvalidAccessKeyId"):
        verify(signed(query=query), {}, REGION, 0)


def test_presigned_url_expires() -> None:
    request = signed(query=True)
    verify(request, SECRETS, REGION, now_of(request) + 60)
    assert refusal(request, 61) == "AccessDenied"
    assert refusal(request, -16 * 60) == "AccessDenied"
    longer = replace(request, target=request.target.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))
    assert refusal(longer, 61) == "SignatureDoesNotMatch"


def test_signed_request_is_valid_for_fifteen_minutes() -> None:
    request = signed(query=False)
    verify(request, SECRETS, REGION, now_of(request) + 14 * 60)
    assert refusal(request, 16 * 60) == refusal(request, -16 * 60) == "RequestTimeTooSkewed"


def test_other_regions_are_refused() -> None:
    request = signed(query=False)
    with pytest.raises(S3Error, match="AuthorizationHeaderMalformed"):
        verify(request, SECRETS, "eu-west-1", now_of(request))


@pytest.mark.parametrize("target", ["/b/k", "/b/k?X-Amz-Signature=0", "/b/k?X-Amz-Expires=x", "/b/k?X-Amz-Expires=0"])
def test_anonymous_and_malformed_requests_are_refused(target: str) -> None:
    with pytest.raises(S3Error, match="AccessDenied"):
        verify(Request("GET", target, {"host": HOST}), SECRETS, REGION, 0)
    with pytest.raises(S3Error, match="AuthorizationHeaderMalformed"):
        verify(Request("GET", "/b/k", {"host": HOST, "authorization": "AWS local:x"}), SECRETS, REGION, 0)


def test_gateways_own_urls_are_accepted() -> None:
    """The URLs of the gateway's client, which signs with a session of its own."""
    url = account("http://127.0.0.1:1").s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "a b/ü+&=~"})
    parts = urlsplit(url)
    request = Request("GET", f"{parts.path}?{parts.query}", {"host": parts.netloc})
    assert verify(request, {"test": "test"}, REGION, now_of(request)) == UNSIGNED
