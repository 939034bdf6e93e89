"""Our signatures are botocore's, whatever is signed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch
from urllib.parse import parse_qs, quote, urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import example, given
from hypothesis import strategies as st

from lambda_api.adapters.aws.sigv4 import Credentials, Signer


@dataclass(frozen=True)
class Whose:
    credentials: Credentials
    region: str


NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda name: f"x-amz-meta-{name}")
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
HEADERS = st.dictionaries(NAMES, PRINTABLE, max_size=4)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda key: not {"", ".", ".."} & set(key.split("/"))
)
BODIES = st.binary(max_size=100)
TIMES = st.integers(0, 4_000_000_000)
HOSTS = st.sampled_from(["https://a.example", "https://a.example:8443", "http://127.0.0.1:8000", "http://b.example:80"])
CREDENTIALS = st.builds(
    Credentials,
    access_key=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=20),
    secret_key=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40),
    token=st.none() | st.text("ABCabc019+/=", min_size=1, max_size=60),
)
WHOSE = st.builds(
    Whose,
    CREDENTIALS,
    st.sampled_from(["us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1"]),
)
SERVICES = st.sampled_from(["dynamodb", "sqs", "secretsmanager"])


@contextmanager
def boto_clock(now: int) -> Iterator[None]:
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    with patch("botocore.auth.get_current_datetime", lambda: moment):
        yield


def boto(credentials: Credentials) -> BotoCredentials:
    return BotoCredentials(credentials.access_key, credentials.secret_key, credentials.token)


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@given(WHOSE, SERVICES, HOSTS, HEADERS, BODIES, TIMES)
@example(
    Whose(Credentials("k", "s"), "us-east-1"), "dynamodb", "https://a.example", {"x-amz-a": "", "x-amz-a-b": ""}, b"", 0
)
def test_calls_of_json_services(
    whose: Whose, service: str, host: str, headers: dict[str, str], body: bytes, now: int
) -> None:
    request = AWSRequest("POST", f"{host}/", headers=dict(headers), data=body)
    with boto_clock(now):
        botocore.auth.SigV4Auth(boto(whose.credentials), service, whose.region).add_auth(request)
    ours = lower(Signer(whose.credentials, whose.region, service).headers("POST", f"{host}/", headers, body, now))
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]


@given(WHOSE, HOSTS, st.sampled_from(["GET", "HEAD", "PUT"]), KEYS, HEADERS, BODIES, TIMES)
def test_requests_for_objects(
    whose: Whose,
    host: str,
    method: str,
    key: str,
    headers: dict[str, str],
    body: bytes,
    now: int,
) -> None:
    url = f"{host}/bucket/{quote(key, safe='/~')}"
    request = AWSRequest(method, url, headers=dict(headers), data=body)
    with boto_clock(now):
        botocore.auth.S3SigV4Auth(boto(whose.credentials), "s3", whose.region).add_auth(request)
    ours = lower(Signer(whose.credentials, whose.region, "s3").headers(method, url, headers, body, now))
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-content-sha256"] == request.headers["X-Amz-Content-SHA256"]


@given(WHOSE, HOSTS, st.sampled_from(["GET", "PUT"]), KEYS, HEADERS, st.integers(1, 604_800), TIMES)
def test_presigned_urls(
    whose: Whose,
    host: str,
    method: str,
    key: str,
    headers: dict[str, str],
    seconds: int,
    now: int,
) -> None:
    url = f"{host}/bucket/{quote(key, safe='/~')}"
    request = AWSRequest(method, url, headers=dict(headers))
    with boto_clock(now):
        botocore.auth.S3SigV4QueryAuth(boto(whose.credentials), "s3", whose.region, expires=seconds).add_auth(request)
    ours = urlsplit(Signer(whose.credentials, whose.region, "s3").url(method, url, headers, seconds, now))
    theirs = urlsplit(request.url)
    assert ours[:3] == theirs[:3]
    assert parse_qs(ours.query, strict_parsing=True) == parse_qs(theirs.query, strict_parsing=True)


def test_credentials_do_not_show_their_secrets() -> None:
    shown = repr(Signer(Credentials("AKIA", "planted-secret", "planted-token"), "r", "s3"))
    assert "AKIA" in shown
    assert "planted" not in shown
