"""The catalogue of job failures: every code with its message, responsible party and chance of a retry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Blame(StrEnum):
    """Who must act after a failure."""

    CALLER = "caller"
    """The request or its media must change."""
    PROVIDER = "provider"
    """RunPod or its machines."""
    US = "us"
    """A defect or a limit of this service."""


class Code(StrEnum):
    """The reason why a job failed."""

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
    RANGE_OUTSIDE_MEDIA = "range_outside_media"
    TRANSITION_TOO_LONG = "transition_too_long"
    SUBTITLES_EMPTY = "subtitles_empty"
    SUBTITLES_UNREADABLE = "subtitles_unreadable"
    SUBTITLES_TOO_MANY = "subtitles_too_many"
    SPEECH_NOT_AVAILABLE = "speech_not_available"
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
    """One row: who must act, whether the same request may succeed later, and the message with its next step.

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
        _C, False, "{field} could not be downloaded: its host answered HTTP {http_status}. Check the URL."
    ),
    Code.SOURCE_FORBIDDEN: CatalogueEntry(
        _C, False, "{field} leads to an address that is not public. Use a URL that the internet can reach."
    ),
    Code.SOURCE_TOO_LARGE: CatalogueEntry(
        _C, False, "{field} is larger than the limit of {limit}. Use a smaller file."
    ),
    Code.SOURCE_EMPTY: CatalogueEntry(_C, False, "{field} is an empty file. Check that its upload was completed."),
    Code.SOURCE_IS_HTML: CatalogueEntry(
        _C, False, "{field} returned an HTML page, not a media file. Use a direct download link that needs no login."
    ),
    Code.MEDIA_UNREADABLE: CatalogueEntry(_C, False, "{field} is not a media file that can be read. Check the file."),
    Code.MEDIA_TRUNCATED: CatalogueEntry(
        _C, False, "{field} is cut off: part of the file is missing. Use the complete file."
    ),
    Code.MEDIA_UNSUPPORTED: CatalogueEntry(
        _C, False, "{field} uses a format that is not supported: {format}. Convert it first."
    ),
    Code.MEDIA_NO_VIDEO: CatalogueEntry(_C, False, "{field} has no video stream. Use a video file."),
    Code.MEDIA_NO_AUDIO: CatalogueEntry(_C, False, "{field} has no sound. Use a file with an audio track."),
    Code.MEDIA_OVER_BUDGET: CatalogueEntry(
        _C, False, "{field} needs more work than one job may do: {limit}. Use a smaller or shorter file."
    ),
    Code.RANGE_OUTSIDE_MEDIA: CatalogueEntry(
        _C, False, "{field} is not within the video, which lasts {limit}. Use an earlier time."
    ),
    Code.TRANSITION_TOO_LONG: CatalogueEntry(
        _C, False, "{field} is shorter than two transitions. Send a transition of at most {limit}, or a longer video."
    ),
    Code.SUBTITLES_EMPTY: CatalogueEntry(
        _C, False, "{field} contains no subtitle with text and a time span. Check the file."
    ),
    Code.SUBTITLES_UNREADABLE: CatalogueEntry(
        _C, False, "{field} is not a readable subtitle file. Use SRT, WebVTT or ASS."
    ),
    Code.SUBTITLES_TOO_MANY: CatalogueEntry(
        _C, False, "{field} has more subtitles than the limit of {limit}. Use fewer."
    ),
    Code.SPEECH_NOT_AVAILABLE: CatalogueEntry(
        _U, False, "This worker has no speech recognition. Send the captions in `captions`, `words` or `url_srt`."
    ),
    Code.ENCODE_FAILED: CatalogueEntry(_U, True, "The video could not be encoded. Try again."),
    Code.OUTPUT_INVALID: CatalogueEntry(_U, True, "The encoded video did not pass its check. Try again."),
    Code.OUTPUT_TOO_LARGE: CatalogueEntry(
        _C, False, "The finished video is larger than the limit of {limit}. Use a smaller size or shorter inputs."
    ),
    Code.PUBLISH_FAILED: CatalogueEntry(_U, True, "The finished video could not be stored. Try again."),
    Code.RESOURCES: CatalogueEntry(
        _U, True, "The worker ran out of memory or disk space. Try again, or use smaller files."
    ),
    Code.MESSAGE_UNSUPPORTED: CatalogueEntry(
        _U, True, "The worker does not know this version of the job message. Try again in a few minutes."
    ),
    Code.INTERNAL: CatalogueEntry(_U, True, "An unexpected error occurred. Try again."),
    Code.WORKER_CRASHED: CatalogueEntry(_P, True, "The worker stopped before the video was finished. Try again."),
    Code.RESULT_MISSING: CatalogueEntry(_P, True, "The worker reported success but no video was stored. Try again."),
    Code.EXECUTION_TIMEOUT: CatalogueEntry(
        _P, True, "The work took longer than the time limit. Try again, or use shorter inputs."
    ),
    Code.DEADLINE_EXCEEDED: CatalogueEntry(_P, True, "The job did not finish before its deadline. Try again."),
    Code.PROVIDER_REJECTED: CatalogueEntry(_U, True, "The GPU provider refused the job. Try again later."),
    Code.PROVIDER_UNAVAILABLE: CatalogueEntry(
        _P, True, "The GPU provider could not take the job before its deadline. Try again later."
    ),
    Code.PROVIDER_LOST: CatalogueEntry(_P, True, "The GPU provider lost the job. Try again."),
    Code.CANCELLED: CatalogueEntry(_C, True, "The job was cancelled."),
}
