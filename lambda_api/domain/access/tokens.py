"""Tokens in the URLs that RunPod and the worker call back.

RunPod signs nothing, so the URL itself must be unguessable. A token is valid for one job, one attempt and one
purpose: `<attempt>-<HMAC-SHA256 in base64url>`. Several secrets may be valid while one is being replaced.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

Purpose = Literal["webhook", "progress"]

_MAX_LENGTH = 64


def make_token(secret: str, purpose: Purpose, job_id: str, attempt: int) -> str:
    """Return the token of one attempt of a job."""
    message = f"{purpose}\n{job_id}\n{attempt}".encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return f"{attempt}-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def verify_token(secrets: Sequence[str], purpose: Purpose, job_id: str, token: str) -> int | None:
    """Return the attempt that a genuine token was made for; None for any other text. Constant time in its content."""
    head, _, _ = token.partition("-")
    if len(token) > _MAX_LENGTH or not token.isascii() or not (head.isdigit() and len(head) <= 4):
        return None
    attempt = int(head)
    genuine = [hmac.compare_digest(make_token(s, purpose, job_id, attempt), token) for s in secrets]
    return attempt if any(genuine) else None
