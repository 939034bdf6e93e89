"""Share links: tokens that lead to one file of a job without a key, until they expire or are revoked.

A token is `<what it is for, in base64url>.<HMAC-SHA256 in base64url>`. It holds no URL of the bucket: a presigned URL
dies with the credentials that signed it, whatever its expiry says, so the gateway signs a new one at each visit. The
job counts its revocations, and a token is valid for one count only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lambda_api.domain.job import Job

_MAX_LENGTH = 320
_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Share:
    """The target of a token. `expires_at` in milliseconds since the epoch, `generation` as the job had it then."""

    job_id: str
    artifact: str
    expires_at: int
    generation: int


def make_share_token(secret: str, share: Share) -> str:
    """Return the token, of letters, digits, `-`, `_` and one dot."""
    payload = "\n".join((share.job_id, share.artifact, str(share.expires_at), str(share.generation))).encode()
    return f"{_encode(payload)}.{_encode(_sign(secret, payload))}"


def read_share_token(secrets: Sequence[str], token: str) -> Share | None:
    """Return what a genuine token leads to, also if it has expired; None for any other text."""
    payload = _decode(token.partition(".")[0]) if len(token) <= _MAX_LENGTH and token.isascii() else None
    if payload is None:
        return None
    signed = token.partition(".")[2].encode()
    genuine = [hmac.compare_digest(_encode(_sign(secret, payload)).encode(), signed) for secret in secrets]
    fields = payload.decode("ascii", "replace").split("\n")
    if not any(genuine) or len(fields) != _FIELDS:
        return None
    job_id, artifact, expires_at, generation = fields
    return Share(job_id, artifact, int(expires_at), int(generation))


def revoke_shares(job: Job) -> Job:
    """Return the job after a revocation of all links that were made of it."""
    return replace(job, share_generation=job.share_generation + 1, version=job.version + 1)


def _sign(secret: str, payload: bytes) -> bytes:
    return hmac.new(secret.encode(), b"share\n" + payload, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
