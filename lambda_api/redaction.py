"""What must never reach a log: URLs, hook tokens, signing secrets, keys.

Log calls pass facts, not text from outside. This is the second wall: it scrubs every line, tracebacks
included, after it has been rendered.
"""

from __future__ import annotations

import re

_RULES = (
    (re.compile(r"(/runpod/(?:webhook|progress)/[^/\s\"]+)/[^\s\"\\?]+"), r"\1/[token]"),
    (re.compile(r"https?:(?:\\?/){2}(?:\\/|[^\s\"'<>\\])+", re.IGNORECASE), "[url]"),
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "[secret]"),
    (
        re.compile(r"(?i)\b(bearer|x-api-key|authorization)([\s'\":=]{1,4})(?:bearer\s+)?[A-Za-z0-9._~+/=-]+"),
        r"\1\2[secret]",
    ),
    (re.compile(r"(?i)X-Amz-(Signature|Credential|Security-Token)=[^&\s\"]+"), r"X-Amz-\1=[secret]"),
)


def redact(line: str) -> str:
    """The line without secrets. Idempotent."""
    for pattern, replacement in _RULES:
        line = pattern.sub(replacement, line)
    return line
