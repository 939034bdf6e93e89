"""Cut given captions into stretches of sound that the model reads at once, and carry its times over to their words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

WINDOW_MS = 28_000
"""The model reads 30 s at once, whatever is in them, so captions are packed."""
MARGIN_MS = 500
"""Sound around captions, whose times need not be exact."""
MAX_TOKENS = 400
"""The model reads 448 tokens at once, some of which are its own."""


def pack_windows(spans: Sequence[tuple[int, int]], sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return ranges of captions that fit into one window, in order; a caption that fits in none is in no range.

    `spans` are times in milliseconds in the order of their starts, `sizes` the tokens of each caption.
    """
    ranges: list[tuple[int, int]] = []
    first = 0
    for at in range(len(spans)):
        if at > first and not _fits(spans[first : at + 1], sizes[first : at + 1]):
            ranges.append((first, at))
            first = at
        if not _fits(spans[at : at + 1], sizes[at : at + 1]):
            first = at + 1
    return [*ranges, (first, len(spans))] if first < len(spans) else ranges


def window_of(spans: Sequence[tuple[int, int]], length_ms: int) -> tuple[int, int]:
    """Return the stretch of the sound around captions, in milliseconds; empty if they are after its end."""
    start_ms = max(0, min(start for start, _ in spans) - MARGIN_MS)
    return start_ms, max(start_ms, min(length_ms, max(end for _, end in spans) + MARGIN_MS))


def spread_pieces(
    pieces: Sequence[tuple[str, float, float, float]], words: Sequence[tuple[str, bool]]
) -> list[tuple[float, float, float]] | None:
    """Return start, end (in seconds) and probability of each word from those of the model's pieces of the same text.

    A piece is (text, start, end, probability), a word (text, whether a space is before it). A piece that covers several
    words is shared among them by their characters. None if the pieces are not the words' text.
    """
    texts = [f" {word}" if has_space else word for word, has_space in words]
    if "".join(piece for piece, *_ in pieces).strip() != "".join(texts).strip() or not "".join(texts).strip():
        return None
    ends = list(accumulate(len(piece) for piece, *_ in pieces))
    missing = ends[-1] - sum(map(len, texts))
    bounds = list(accumulate((len(text) for text in texts), initial=missing))
    found = []
    for at, (word, _) in enumerate(words):
        first, last = bounds[at + 1] - len(word), bounds[at + 1]
        inside = [number for number, end in enumerate(ends) if end > first and end - len(pieces[number][0]) < last]
        if not inside:
            return None
        opening, closing = inside[0], inside[-1]
        start = _at(pieces[opening], ends[opening], max(first, ends[opening] - len(pieces[opening][0])))
        end = _at(pieces[closing], ends[closing], min(last, ends[closing]))
        found.append((start, end, sum(pieces[number][3] for number in inside) / len(inside)))
    return found


def _at(piece: tuple[str, float, float, float], end_at: int, at: int) -> float:
    """Return the time of a character of a piece; its first spaces take no time."""
    text, start, end, _ = piece
    silent = len(text) - len(text.lstrip())
    spoken = max(1, len(text) - silent)
    return start + (end - start) * max(0, at - (end_at - len(text)) - silent) / spoken


def _fits(spans: Sequence[tuple[int, int]], sizes: Sequence[int]) -> bool:
    start_ms, end_ms = min(start for start, _ in spans), max(end for _, end in spans)
    return end_ms - start_ms + 2 * MARGIN_MS <= WINDOW_MS and sum(sizes) <= MAX_TOKENS
