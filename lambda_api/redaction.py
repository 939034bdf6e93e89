"""What must never reach a log: URLs, hook tokens, signing secrets, keys.

Log calls pass facts, not text from outside. This is the second wall: it scrubs every line, tracebacks
included, after it has been rendered.
"""

from __future__ import annotations

import re

_RULES = (
    (("/runpod/",), re.compile(r"(/runpod/(?:webhook|progress)/[^/\s\"]+)/[^\s\"\\?]+"), r"\1/[token]"),
    (("http",), re.compile(r"https?:(?:\\?/){2}(?:\\/|[^\s\"'<>\\])+", re.IGNORECASE), "[url]"),
    (("whsec_",), re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "[secret]"),
    (("ag_",), re.compile(r"ag_[A-Za-z0-9_-]{43}"), "[secret]"),
    (
        ("bearer", "x-ap", "author"),
        re.compile(r"(?i)\b(bearer|x-api-key|authorization)([\s'\":=]{1,4})(?:bearer\s+)?[A-Za-z0-9._~+/=-]+"),
        r"\1\2[secret]",
    ),
    (("x-amz-",), re.compile(r"(?i)X-Amz-(Signature|Credential|Security-Token)=[^&\s\"]+"), r"X-Amz-\1=[secret]"),
)
"""Signs, pattern, replacement. A match holds one of the signs, in small letters. Most lines hold none, and to look for
text is ten times as fast as to look for a pattern that ignores case. The signs of those have no i, k or s: `re` takes
letters outside of ASCII for them."""


def redact(line: str) -> str:
    """The line without secrets. Idempotent."""
    small = line.lower()
    for signs, pattern, replacement in _RULES:
        # What an earlier rule wrote into the line makes no sign that was not there.
        if any(sign in small for sign in signs):
            line = pattern.sub(replacement, line)
    return line
