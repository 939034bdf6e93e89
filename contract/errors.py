"""The one catalogue of ways a job can end badly.

A failure names a code from here; its sentence is rendered from the catalogue by whoever shows it,
with parameters from a closed alphabet, so that no host, path, query or traceback can travel in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from contract import download_errors as causes
from contract.base import Message


class Blame(StrEnum):
    CALLER = "caller"
    """The request or its media must change."""
    PROVIDER = "provider"
    """RunPod or its machines."""
    US = "us"
    """A defect or a limit of this service."""


class Code(StrEnum):
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_TIMEOUT = "source_timeout"
    SOURCE_HTTP = "source_http"
    SOURCE_FORBIDDEN = "source_forbidden"
    SOURCE_TOO_LARGE = "source_too_large"
    SOURCE_EMPTY = "source_empty"
    SOURCE_IS_HTML = "source_is_html"
    MEDIA_UNREADABLE = "media_unreadable"
    MEDIA_TRUNCATED = "media_truncated"
    MEDIA_UNSUPPORTED = "media_unsupported"
    MEDIA_NO_VIDEO = "media_no_video"
    MEDIA_NO_AUDIO = "media_no_audio"
    MEDIA_OVER_BUDGET = "media_over_budget"
    SUBTITLES_EMPTY = "subtitles_empty"
    SUBTITLES_UNREADABLE = "subtitles_unreadable"
    SUBTITLES_TOO_MANY = "subtitles_too_many"
    ENCODE_FAILED = "encode_failed"
    OUTPUT_INVALID = "output_invalid"
    OUTPUT_TOO_LARGE = "output_too_large"
    PUBLISH_FAILED = "publish_failed"
    RESOURCES = "resources"
    MESSAGE_UNSUPPORTED = "message_unsupported"
    INTERNAL = "internal"
    WORKER_CRASHED = "worker_crashed"
    RESULT_MISSING = "result_missing"
    EXECUTION_TIMEOUT = "execution_timeout"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    PROVIDER_REJECTED = "provider_rejected"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_LOST = "provider_lost"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One row: who must act, whether the same request may succeed later, and the sentence.

    `contract.download_errors` refines the last two by the cause of a failed download.
    """

    blame: Blame
    retryable: bool
    sentence: str


_C, _P, _U = Blame.CALLER, Blame.PROVIDER, Blame.US

CATALOGUE: dict[Code, CatalogueEntry] = {
    Code.SOURCE_UNREACHABLE: CatalogueEntry(_C, True, "{field} could not be downloaded: no connection to its host."),
    Code.SOURCE_TIMEOUT: CatalogueEntry(_C, True, "{field} could not be downloaded in time."),
    Code.SOURCE_HTTP: CatalogueEntry(
        _C, False, "{field} could not be downloaded: its host answered HTTP {http_status}."
    ),
    Code.SOURCE_FORBIDDEN: CatalogueEntry(_C, False, "{field} leads to an address that is not public."),
    Code.SOURCE_TOO_LARGE: CatalogueEntry(_C, False, "{field} is larger than the limit of {limit}."),
    Code.SOURCE_EMPTY: CatalogueEntry(_C, False, "{field} is an empty file."),
    Code.SOURCE_IS_HTML: CatalogueEntry(
        _C, False, "{field} returned an HTML page, not a media file. Use a direct download link that needs no login."
    ),
    Code.MEDIA_UNREADABLE: CatalogueEntry(_C, False, "{field} is not a media file that can be read."),
    Code.MEDIA_TRUNCATED: CatalogueEntry(_C, False, "{field} is cut off: part of the file is missing."),
    Code.MEDIA_UNSUPPORTED: CatalogueEntry(_C, False, "{field} uses a format that is not supported: {format}."),
    Code.MEDIA_NO_VIDEO: CatalogueEntry(_C, False, "{field} has no video stream."),
    Code.MEDIA_NO_AUDIO: CatalogueEntry(_C, False, "{field} has no sound."),
    Code.MEDIA_OVER_BUDGET: CatalogueEntry(_C, False, "{field} needs more work than one job may do: {limit}."),
    Code.SUBTITLES_EMPTY: CatalogueEntry(_C, False, "{field} contains no subtitle with text and a time span."),
    Code.SUBTITLES_UNREADABLE: CatalogueEntry(
        _C, False, "{field} is not a readable subtitle file (SRT, WebVTT or ASS)."
    ),
    Code.SUBTITLES_TOO_MANY: CatalogueEntry(_C, False, "{field} has more subtitles than the limit of {limit}."),
    Code.ENCODE_FAILED: CatalogueEntry(_U, True, "The video could not be encoded."),
    Code.OUTPUT_INVALID: CatalogueEntry(_U, True, "The encoded video did not pass its check."),
    Code.OUTPUT_TOO_LARGE: CatalogueEntry(_C, False, "The finished video is larger than the limit of {limit}."),
    Code.PUBLISH_FAILED: CatalogueEntry(_U, True, "The finished video could not be stored."),
    Code.RESOURCES: CatalogueEntry(_U, True, "The worker ran out of memory or disk space."),
    Code.MESSAGE_UNSUPPORTED: CatalogueEntry(_U, True, "The worker does not know this version of the job message."),
    Code.INTERNAL: CatalogueEntry(_U, True, "An unexpected error occurred."),
    Code.WORKER_CRASHED: CatalogueEntry(_P, True, "The worker stopped before the video was finished."),
    Code.RESULT_MISSING: CatalogueEntry(_P, True, "The worker reported success but no video was stored."),
    Code.EXECUTION_TIMEOUT: CatalogueEntry(_P, True, "The work took longer than the time limit."),
    Code.DEADLINE_EXCEEDED: CatalogueEntry(_P, True, "The job did not finish before its deadline."),
    Code.PROVIDER_REJECTED: CatalogueEntry(_U, True, "The GPU provider refused the job."),
    Code.PROVIDER_UNAVAILABLE: CatalogueEntry(_P, True, "The GPU provider could not take the job before its deadline."),
    Code.PROVIDER_LOST: CatalogueEntry(_P, True, "The GPU provider lost the job."),
    Code.CANCELLED: CatalogueEntry(_C, True, "The job was cancelled."),
}

CAUSES: dict[Code, dict[str, causes.Cause]] = {
    Code.SOURCE_UNREACHABLE: causes.UNREACHABLE,
    Code.SOURCE_TIMEOUT: causes.TIMEOUT,
    Code.SOURCE_HTTP: causes.HTTP,
    Code.SOURCE_FORBIDDEN: causes.FORBIDDEN,
    Code.SOURCE_IS_HTML: causes.HTML,
}
"""Rows that say more than the catalogue's row of the code, by `reason` or `http_status`."""

_PARAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .,+-]{0,63}")
DEFAULT_PARAMS = {
    "field": "An input", "http_status": "an error", "limit": "its limit", "format": "unknown", "reason": "",
}  # fmt: skip


def _known_params(params: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in params.items() if k in DEFAULT_PARAMS and _PARAM.fullmatch(v)}


class Failure(Message):
    """How a job failed, as it travels from the worker and as a client reads it.

    `message`, `blame` and `retryable` follow from `code` and `params`; a receiver rebuilds them with
    `Failure.of` instead of believing them.
    """

    code: Code
    message: str
    blame: Blame
    retryable: bool
    params: Annotated[dict[str, str], AfterValidator(_known_params)] = Field(default_factory=dict)

    @classmethod
    def of(cls, code: Code, **params: str) -> Failure:
        """Build the failure for a code. Parameters outside the closed alphabet fall back to a neutral word."""
        entry = CATALOGUE[code]
        known = _known_params(params)
        cause = CAUSES.get(code, {}).get(known.get("http_status") or known.get("reason", ""), entry)
        message = cause.sentence.format_map(DEFAULT_PARAMS | known)
        if code is Code.SUBTITLES_UNREADABLE and "format" in known:
            message += f" It looks like {known['format']}: convert it to one of these."
        return cls(code=code, message=message, blame=entry.blame, retryable=cause.retryable, params=known)

    @classmethod
    def parse(cls, text: str | bytes) -> Failure | None:
        """Read a failure a worker wrote, rebuilt from the catalogue; None if it is anything else."""
        try:
            read = cls.model_validate_json(text)
        except ValueError:
            return None
        return cls.of(read.code, **read.params)
