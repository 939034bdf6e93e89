"""Write captions as a subtitle track: an SRT file that ffmpeg converts to `mov_text`, the text format of MP4."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise

from contract.options.captions import CaptionOptions
from contract.options.captions.choices import SubtitleMode
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.files.srt import write_srt
from gpu_worker.plan.captions.files.track_language import track_language
from gpu_worker.plan.captions.words.edits import edit_cues
from gpu_worker.plan.input_args import PROTOCOL_ARGS
from gpu_worker.plan.model import SUBTITLE_TRACK
from gpu_worker.subtitles.markup.cue_text import MAX_CHARS

_SHORT_MS = 250
"""A shorter overlap of two captions is an inaccuracy: showing both together would only flicker."""
_MAX_TOGETHER = 4
"""Captions that are shown at the same time at most."""
_MAX_LINE = 1000
"""Characters: ffmpeg cuts lines of an SRT file after 4095 bytes, and an escaped character takes up to four."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PIECE = re.compile(rf".{{1,{_MAX_LINE}}}(?: |$)|.{{1,{_MAX_LINE}}}")


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """The captions of a track, at least one, which do not overlap, and its language (ISO 639-2/T)."""

    cues: tuple[Cue, ...]
    language: str

    @property
    def end(self) -> Fraction:
        """Return the end of the last caption in seconds."""
        return Fraction(self.cues[-1].end_ms, 1000)

    @property
    def files(self) -> dict[str, str]:
        """Return the file to write, by name."""
        return {SUBTITLE_TRACK: write_srt(self.cues)}

    @property
    def input_args(self) -> tuple[str, ...]:
        """Return the arguments that open the file as an input."""
        return (*PROTOCOL_ARGS, "-f", "srt", "-codec_whitelist", "subrip,srt", "-i", SUBTITLE_TRACK)

    def output_args(self, index: int) -> tuple[str, ...]:
        """Return the arguments that make input `index` the track."""
        language = ("-metadata:s:s:0", f"language={self.language}")
        return ("-map", f"{index}:s:0", "-c:s", "mov_text", *language, "-disposition:s:0", "default")


def make_track(cues: Sequence[Cue] | None, options: CaptionOptions, end: Fraction) -> SubtitleTrack | None:
    """Return the track of a video that ends at `end`, in seconds; None if none is requested, or nothing is shown."""
    if cues is None or options.subtitle_mode is SubtitleMode.BURN:
        return None
    shown = flatten(edit_cues(cues, options), int(end * 1000))
    if not shown:
        return None
    return SubtitleTrack(shown, track_language(options.language))


def flatten(cues: Iterable[Cue], end_ms: int) -> tuple[Cue, ...]:
    """Return cues that do not overlap and end before `end_ms`: MP4 shows one text at a time.

    Captions of the same time become one of several lines, the upper one first.
    """
    cut = [Cue(max(0, cue.start_ms), min(cue.end_ms, end_ms), clean_lines(cue.text), cue.place) for cue in cues]
    ordered = sorted((cue for cue in cut if cue.start_ms < cue.end_ms), key=lambda cue: (cue.start_ms, cue.end_ms))
    flat: list[Cue] = []
    for cue in _split_at_changes(_end_at_next(ordered)):
        if flat and (flat[-1].end_ms, flat[-1].text) == (cue.start_ms, cue.text):
            flat[-1] = replace(flat[-1], end_ms=cue.end_ms)
        else:
            flat.append(cue)
    return tuple(flat)


def _end_at_next(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Yield the sorted cues, each cut where the next one starts if it lasts only shortly longer."""
    for cue, following in pairwise(cues):
        is_short = 0 < cue.end_ms - following.start_ms < min(_SHORT_MS, following.start_ms - cue.start_ms)
        yield replace(cue, end_ms=following.start_ms) if is_short and cue.end_ms < following.end_ms else cue
    yield from cues[-1:]


def _split_at_changes(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yield one cue for each time span between two changes, with the texts of all that are shown then."""
    changes: dict[int, list[tuple[int, Cue]]] = {}
    for number, cue in enumerate(cues):
        for time in (cue.start_ms, cue.end_ms):
            changes.setdefault(time, []).append((number, cue))
    shown: dict[int, Cue] = {}
    for start_ms, end_ms in pairwise(sorted(changes)):
        for number, cue in changes[start_ms]:
            if cue.end_ms == start_ms:
                del shown[number]
            else:
                shown[number] = cue
        upper_first = sorted(islice(shown.values(), _MAX_TOGETHER), key=lambda cue: -((cue.place - 1) // 3))
        texts = dict.fromkeys(cue.text for cue in upper_first if cue.text)
        if texts:
            yield Cue(start_ms, end_ms, "\n".join(texts))


def clean_lines(text: str) -> str:
    """Return text without control characters, empty lines, lines that are too long, and open tags."""
    lines = (_CONTROL.sub("", line) for line in text[:MAX_CHARS].splitlines())
    pieces = (piece.strip(" ") for line in lines for piece in _PIECE.findall(line))
    text = "\n".join(piece for piece in pieces if piece)
    return text + "".join(f"</{tag}>" for tag in "iu" if text.count(f"<{tag}>") > text.count(f"</{tag}>"))
