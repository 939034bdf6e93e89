"""The failure of a job as a message.

Its sentence is rendered from the catalogue with parameters of allowed characters only, so that no host, path, query or
traceback can get into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from contract.base import Message
from contract.errors import downloads
from contract.errors.catalogue import CATALOGUE, Blame, Code
from contract.errors.downloads import Cause

CAUSES: dict[Code, dict[str, Cause]] = {
    Code.SOURCE_UNREACHABLE: downloads.UNREACHABLE,
    Code.SOURCE_TIMEOUT: downloads.TIMEOUT,
    Code.SOURCE_HTTP: downloads.HTTP,
    Code.SOURCE_FORBIDDEN: downloads.FORBIDDEN,
    Code.SOURCE_IS_HTML: downloads.HTML,
}
"""Rows that are more specific than the catalogue's, by `reason` or `http_status`."""

_PARAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .,+-]{0,63}")
DEFAULT_PARAMS = {
    "field": "An input", "http_status": "an error", "limit": "its limit", "format": "unknown", "reason": "",
}  # fmt: skip


def _known_params(params: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in params.items() if k in DEFAULT_PARAMS and _PARAM.fullmatch(v)}


class Failure(Message):
    """The failure of a job, as the worker sends it and as a client reads it.

    `message`, `blame` and `retryable` follow from `code` and `params`. A receiver rebuilds them with `Failure.of` and
    does not trust what was sent.
    """

    code: Code
    message: str
    blame: Blame
    retryable: bool
    params: Annotated[dict[str, str], AfterValidator(_known_params)] = Field(default_factory=dict)

    @classmethod
    def of(cls, code: Code, **params: str) -> Failure:
        """Return the failure for a code. Parameters outside the allowed characters are replaced by a neutral word."""
        entry = CATALOGUE[code]
        known = _known_params(params)
        cause = CAUSES.get(code, {}).get(known.get("http_status") or known.get("reason", ""), entry)
        message = cause.sentence.format_map(DEFAULT_PARAMS | known)
        if code is Code.SUBTITLES_UNREADABLE and "format" in known:
            message += f" It looks like {known['format']}: convert it to one of these."
        return cls(code=code, message=message, blame=entry.blame, retryable=cause.retryable, params=known)

    def naming(self, name: Callable[[str], str]) -> Failure:
        """Return the failure with another name of the input that it is about."""
        field = self.params.get("field")
        return self if field is None else Failure.of(self.code, **self.params | {"field": name(field)})

    @classmethod
    def parse(cls, text: str | bytes) -> Failure | None:
        """Read a failure that a worker wrote and rebuild it from the catalogue. Returns None for any other text."""
        try:
            read = cls.model_validate_json(text)
        except ValueError:
            return None
        return cls.of(read.code, **read.params)
