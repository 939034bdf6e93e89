"""References to files that the gateway has stored itself, in place of the URL of an input.

A job's row and RunPod's message hold no caption text: the gateway stores the text as a file, and the operation refers
to it by the field that it came in. The reference becomes a presigned URL in the message to a worker. Clients cannot
send one: it is not a URL.
"""

from __future__ import annotations

_PREFIX = "stored:"


def stored_reference(field: str) -> str:
    """Return the reference to a file that the gateway stored for a field, such as `captions`."""
    return _PREFIX + field


def stored_field(url: str) -> str | None:
    """Return the field that a reference names; None for a URL."""
    return url.removeprefix(_PREFIX) if url.startswith(_PREFIX) else None
