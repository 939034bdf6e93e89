"""The one catalogue of ways in which a job can fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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

    `contract.errors.downloads` refines the last two by the cause of a failed download.
    """

    blame: Blame
    retryable: bool
    sentence: str


_C, _P, _U = Blame.CALLER, Blame.PROVIDER, Blame.US

CATALOGUE: dict[Code, CatalogueEntry] = {
    Code.SOURCE_UNREACHABLE: CatalogueEntry(
        _C, True, "{field} could not be downloaded: no connection to its host. Check the URL, or try again later."
    ),
    Code.SOURCE_TIMEOUT: CatalogueEntry(
        _C, True, "{field} could not be downloaded in time. Use a faster host, or try again later."
    ),
    Code.SOURCE_HTTP: CatalogueEntry(
        _C, False, "{field} could not be downloaded: its host answered HTTP {http_status}."
    ),
    Code.SOURCE_FORBIDDEN: CatalogueEntry(
        _C, False, "{field} leads to an address that is not public. Use a URL that the internet can reach."
    ),
    Code.SOURCE_TOO_LARGE: CatalogueEntry(_C, False, "{field} is larger than the limit of {limit}."),
    Code.SOURCE_EMPTY: CatalogueEntry(_C, False, "{field} is an empty file. Check that its upload was completed."),
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
