"""The times at which the pictures of a slideshow begin."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from contract.limits import DEFAULT_SLIDE_SECONDS, MIN_DURATION
from gpu_worker.media.info import Cue

_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")  # noqa: RUF001 - marks of other scripts
_CLOSING = "\"'”’»)]」』"  # noqa: RUF001 - marks of other scripts


def slide_starts(durations: Sequence[float | None], length: float | None, cues: Sequence[Cue] = ()) -> list[float]:
    """Return the start of each picture, and the end of the last one, all in seconds.

    `durations` are those that the request states, from the start of a picture to that of the next one. The others share
    what is left of `length`, the time that the narration or the captions take, or get 4 s each if it is None. If no
    duration is stated, pictures change where a sentence of `cues` ends. The last picture stays until `length`.
    """
    starts = [0.0, *accumulate(_fill(durations, length))]
    if length is None:
        return starts
    if cues and all(duration is None for duration in durations):
        starts[1:-1] = _at_sentence_ends(starts[1:-1], length, cues)
    return [*starts[:-1], max(starts[-1], length)]


def frame_starts(starts: Sequence[float], frame_rate: float) -> tuple[list[int], int]:
    """Return the first frame of each picture and the number of all frames. Each picture has at least one."""
    frames = [0]
    for start in starts[1:]:
        frames.append(max(frames[-1] + 1, round(start * frame_rate)))
    return frames[:-1], frames[-1]


def _fill(durations: Sequence[float | None], length: float | None) -> list[float]:
    open_count = sum(duration is None for duration in durations)
    stated = sum(duration for duration in durations if duration is not None)
    share = DEFAULT_SLIDE_SECONDS
    if length is not None and open_count:
        share = max(MIN_DURATION, (length - stated) / open_count)
    return [share if duration is None else duration for duration in durations]


def _at_sentence_ends(even: Sequence[float], length: float, cues: Sequence[Cue]) -> list[float]:
    """Return the even times, each moved to the nearest end of a sentence, else of a caption, within half a share."""
    reach = length / (len(even) + 1) / 2
    sentences = [cue.end_ms / 1000 for cue in cues if _ends_sentence(cue.text)]
    captions = [cue.end_ms / 1000 for cue in cues]
    moved: list[float] = []
    for time in even:
        after = moved[-1] if moved else 0.0
        for ends in (sentences, captions):
            nearest = _nearest(sorted(ends), time)
            if nearest is not None and abs(nearest - time) < reach and after < nearest < length:
                moved.append(nearest)
                break
        else:
            moved.append(time)
    return moved


def _ends_sentence(text: str) -> bool:
    return text.rstrip().rstrip(_CLOSING).endswith(_SENTENCE_ENDS)


def _nearest(times: Sequence[float], wanted: float) -> float | None:
    index = bisect_left(times, wanted)
    return min(times[max(0, index - 1) : index + 1], key=lambda time: abs(time - wanted), default=None)
