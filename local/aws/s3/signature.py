"""Verify Signature Version 4 of a request, in its header and in its query form.

botocore's own signer computes what the signature must be, so that this check is independent of the gateway's code and
of ours. Sources: the S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, unquote

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.aws.s3.errors import S3Error

UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_TIME = "%Y%m%dT%H%M%SZ"
_MAX_SKEW_SECONDS = 15 * 60
_MAX_EXPIRES_SECONDS = 7 * 24 * 3600
_AUTHORIZATION = re.compile(rf"{_ALGORITHM} +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: `target` is the raw path and query, names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A request's statements about its signature."""

    credential: str
    signed_headers: str
    signature: str
    time: str
    expires: int | None
    """Seconds; None in the header form."""


def verify(request: Request, secrets: Mapping[str, str], region: str, now: float) -> str:
    """Return the SHA-256 that the body must have, in hex, or `UNSIGNED`. Raises S3Error.

    `secrets`: by access key. `now`: seconds since the epoch.
    """
    claim = _read_claim(request)
    access_key, *scope = claim.credential.split("/")
    if access_key not in secrets:
        raise S3Error("InvalidAccessKeyId")
    if scope != [claim.time[:8], region, "s3", "aws4_request"]:
        raise S3Error("AuthorizationHeaderMalformed", "The credential's date, region or service is wrong.")
    _check_time(claim, now)
    signed = claim.signed_headers.split(";")
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    if "host" not in signed or unsigned:
        raise S3Error("AccessDenied", "There were headers present in the request which were not signed")
    expected = _expected(request, claim, signed, Credentials(access_key, secrets[access_key]), region)
    if not hmac.compare_digest(expected, claim.signature):
        raise S3Error("SignatureDoesNotMatch")
    return UNSIGNED if claim.expires is not None else request.headers.get("x-amz-content-sha256", UNSIGNED)


def _read_claim(request: Request) -> _Claim:
    header = request.headers.get("authorization")
    if header is not None:
        found = _AUTHORIZATION.fullmatch(header)
        if found is None:
            raise S3Error("AuthorizationHeaderMalformed")
        credential, signed, signature = found.groups()
        return _Claim(credential, signed, signature, request.headers.get("x-amz-date", ""), None)
    query = {name: values[0] for name, values in parse_qs(request.target.partition("?")[2]).items()}
    try:
        expires = int(query["X-Amz-Expires"])
        algorithm, credential, signed, signature, time = (
            query[f"X-Amz-{name}"] for name in ("Algorithm", "Credential", "SignedHeaders", "Signature", "Date")
        )
    except (KeyError, ValueError):
        raise S3Error("AccessDenied") from None
    if algorithm != _ALGORITHM or not 0 < expires <= _MAX_EXPIRES_SECONDS:
        raise S3Error("AccessDenied", "A query parameter of the signature is not valid.")
    return _Claim(credential, signed, signature, time, expires)


def _check_time(claim: _Claim, now: float) -> None:
    try:
        signed_at = datetime.strptime(claim.time, _TIME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise S3Error("AccessDenied", "The date of the signature is missing or not valid.") from None
    if claim.expires is not None:
        if now > signed_at + claim.expires:
            raise S3Error("AccessDenied", "Request has expired")
        if signed_at > now + _MAX_SKEW_SECONDS:
            raise S3Error("AccessDenied", "Request is not yet valid")
    elif abs(now - signed_at) > _MAX_SKEW_SECONDS:
        raise S3Error("RequestTimeTooSkewed")


def _expected(request: Request, claim: _Claim, signed: Iterable[str], credentials: Credentials, region: str) -> str:
    """Return the signature that botocore makes for this request."""
    path, _, query = request.target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    query = "&".join(f"{_encode(name)}={_encode(value)}" for name, _, value in pairs if name != "X-Amz-Signature")
    # A signed header that is not sent counts as empty, so the signature differs.
    headers = {name: request.headers.get(name, "") for name in signed}
    url = f"http://{request.headers.get('host', '')}{_encode(path, '/')}" + (f"?{query}" if query else "")
    signer: SigV4Auth = (
        S3SigV4Auth(credentials, "s3", region)
        if claim.expires is None
        else S3SigV4QueryAuth(credentials, "s3", region, expires=claim.expires)
    )
    aws_request = AWSRequest(method=request.method, url=url, headers=headers)
    aws_request.context["timestamp"] = claim.time
    text = signer.string_to_sign(aws_request, signer.canonical_request(aws_request))
    signature: str = signer.signature(text, aws_request)
    return signature


def _encode(text: str, safe: str = "") -> str:
    """Encode a part of a URL as S3 does before it compares: clients, such as aiohttp, encode more or less."""
    return quote(unquote(text), safe=f"-_.~{safe}")
