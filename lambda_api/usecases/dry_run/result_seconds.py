"""Compute the length of a result from the request and its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contract.limits import DEFAULT_DURATION, DEFAULT_SLIDE_SECONDS
from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.compose import Compose
from contract.operations.concatenate import Concatenate
from contract.operations.img2vid import Img2Vid
from contract.operations.slideshow import Slideshow
from contract.operations.trim import Trim
from contract.options.sound import FitAudio


def result_seconds(operation: Operation, lengths: Mapping[str, float]) -> float | None:
    """Return the seconds of the result; None if an input that decides it did not tell its length.

    `lengths`: of the inputs in seconds, by field.
    """
    match operation:
        case Img2Vid():
            return sum(operation.durations())
        case Slideshow():
            return _slideshow_seconds(operation, lengths)
        case Compose() if operation.url_image is not None:
            return _clip_seconds(operation, lengths)
        case Trim():
            video = lengths.get("url_video")
            return _sum(_part(start, end, video) for _, start, end in operation.ranges())
        case Concatenate():
            parts = enumerate(operation.videos)
            return _sum(_part(part.start, part.end, lengths.get(f"videos.{at}.url_video")) for at, part in parts)
        case AddAudio() if operation.sound_fit is not FitAudio.CUT:
            return lengths.get("url_video")
        case _:
            return min((lengths[field] for field in ("url_video", "url_audio") if field in lengths), default=None)


def _slideshow_seconds(operation: Slideshow, lengths: Mapping[str, float]) -> float | None:
    if operation.url_audio is not None:
        return lengths.get("url_audio")
    return sum(DEFAULT_SLIDE_SECONDS if image.duration is None else image.duration for image in operation.images)


def _clip_seconds(operation: Compose, lengths: Mapping[str, float]) -> float | None:
    if operation.duration is not None:
        return operation.duration
    if operation.url_audio is not None:
        return lengths.get("url_audio")
    return None if operation.caption_sources() else DEFAULT_DURATION


def _part(start: float | None, end: float | None, video: float | None) -> float | None:
    if video is not None:
        end = video if end is None else min(end, video)
    return None if end is None else max(0.0, end - (start or 0.0))


def _sum(parts: Iterable[float | None]) -> float | None:
    total = 0.0
    for seconds in parts:
        if seconds is None:
            return None
        total += seconds
    return total
