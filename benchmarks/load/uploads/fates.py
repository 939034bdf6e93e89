"""What happens to the files of a run, by their numbers. Pure."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What its client does with a file after it was announced."""

    PLAIN = "plain"
    """Sends it."""
    ABANDONED = "announcement abandoned"
    """Has abandoned the first announcement before the response; then sends it."""
    TWICE = "sent twice"
    """Sends it, and again at the same time."""
    CONFIRMED_TWICE = "completed twice"
    """Sends it, then completes it twice at once."""
    SHORT = "too short first"
    """Is refused with one byte less, then sends it."""
    LONG = "too long first"
    """Is refused with more bytes, then sends it."""
    FORGED = "other bytes first"
    """Is refused with as many other bytes, then sends it. Needs a checksum."""
    HALF = "interrupted first"
    """Is cut off halfway, then sends it."""
    ONLY_FORGED = "other bytes only"
    """Is refused with as many other bytes, and gives up. Needs a checksum."""
    ONLY_HALF = "interrupted"
    """Is cut off halfway, and gives up."""
    NEVER = "never sent"
    """Vanishes."""


_TURN = (
    Fate.PLAIN, Fate.NEVER, Fate.FORGED, Fate.SHORT, Fate.ABANDONED, Fate.ONLY_HALF, Fate.ONLY_FORGED, Fate.TWICE,
    Fate.HALF, Fate.LONG, Fate.PLAIN, Fate.CONFIRMED_TWICE, Fate.SHORT, Fate.HALF, Fate.LONG, Fate.ABANDONED,
    Fate.CONFIRMED_TWICE, Fate.TWICE, *[Fate.PLAIN] * 12,
)  # fmt: skip
EACH = len(_TURN)
SENT_AT_ONCE = frozenset({Fate.PLAIN, Fate.ABANDONED, Fate.TWICE, Fate.CONFIRMED_TWICE})
UNSENT = frozenset({Fate.ONLY_FORGED, Fate.ONLY_HALF, Fate.NEVER})


def fate_of(number: int) -> Fate:
    return _TURN[number % EACH]


def has_checksum(number: int) -> bool:
    """Half of the announcements state one, and those of other bytes must."""
    return number % 2 == 0


def is_first_owner(number: int) -> bool:
    """Each fate meets both owners."""
    return number // EACH % 2 == 0
