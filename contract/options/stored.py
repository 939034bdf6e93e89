"""References to files in the gateway's own bucket, in place of the URL of an input.

`stored:<field>`  text that came inside the request, in this field. A job's row and RunPod's message hold no caption
                  text: the gateway stores it as a file. Clients cannot send such a reference.
`upload:<id>`     a file that the client has uploaded (`POST /uploads`). Clients send it in any field of an input.

A reference becomes a presigned URL in the message to a worker.
"""

from __future__ import annotations

import re

_STORED = "stored:"
_UPLOAD = "upload:"
UPLOAD_ID = r"[A-Za-z0-9_-]{1,64}"
UPLOAD_REFERENCE = f"{_UPLOAD}<upload_id>"
"""As documentation writes it."""
_UPLOAD_ID = re.compile(UPLOAD_ID)
_BAD_UPLOAD = "write upload: and the `upload_id` that POST /uploads returned, for example upload:3f2a9c1e-…"


def stored_reference(field: str) -> str:
    """Return the reference to a file that the gateway stored for a field, such as `captions`."""
    return _STORED + field


def stored_field(url: str) -> str | None:
    """Return the field that a reference names; None for anything else."""
    return url.removeprefix(_STORED) if url.startswith(_STORED) else None


def upload_reference(upload_id: str) -> str:
    """Return the reference to an upload."""
    return _UPLOAD + upload_id


def upload_id(url: str) -> str | None:
    """Return the id of the upload that a reference names; None for anything else."""
    return url.removeprefix(_UPLOAD) if url.startswith(_UPLOAD) else None


def is_upload(text: str) -> bool:
    """Return True if a client means an upload, well-formed or not. The scheme of a URL has no case (RFC 3986)."""
    return text.strip()[: len(_UPLOAD)].lower() == _UPLOAD


def normalize_upload(text: str) -> str:
    """Return the reference that a client sent, in its one spelling. Raises ValueError if no id follows."""
    # Ids are made in lower case; spreadsheets and people also send them in upper case.
    sent = text.strip()[len(_UPLOAD) :].strip().lower()
    if _UPLOAD_ID.fullmatch(sent) is None:
        raise ValueError(_BAD_UPLOAD)
    return upload_reference(sent)
