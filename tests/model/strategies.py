"""Hypothesis strategies of the state machine: indexes, faults, RunPod's replies and races."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.domain.ports import DeliveryResult
from tests.model.acts import ACTS, EVENTS, OLD_SETUPS, OTHER_ACTS
from tests.model.external_systems import RunReply
from tests.model.races import GUARD_RACES, PAUSE_POINTS, Interleaving, Race

WAITS = (*(1, 5 * SECOND, 16 * SECOND, 31 * SECOND, MINUTE, 2 * MINUTE) * 3, -10 * MINUTE, 10 * MINUTE, HOUR, 5 * HOUR)
CALLBACK_RESULTS = (
    DeliveryResult(ok=True, result="http_200"),
    DeliveryResult(ok=False, result="http_500"),
    DeliveryResult(ok=False, result="http_409"),
    DeliveryResult(ok=False, result="http_429", retry_after_ms=10 * MINUTE),
    DeliveryResult(ok=False, result="http_410", final=True),
)
STATUSES = ("FAILED", "TIMED_OUT", "TIMED_OUT", "COMPLETED", "CANCELLED", "WHATEVER", "IN_QUEUE")
"""The worker's own failure, RunPod's limit, a success without a video, a foreign cancel, an unknown status, and a lost
worker."""

Fault = tuple[int | str, bool] | None

indexes = st.integers(0, 59)
"""Index of a job or an execution, modulo their number."""

_AT = (*range(10), "before save", "after save", "after run", "after send", "before cancel")
faults = st.sampled_from([None] * 45 + [(at, crashes) for at in _AT for crashes in (True, False)])
"""The boundary, and True if the process crashes there, False if it loses the store or the bucket."""

_REPLIES = (
    [RunReply.ACCEPTED] * 6
    + [RunReply.REFUSED] * 2
    + [RunReply.LOST_BUT_ACCEPTED] * 2
    + [RunReply.LOST, RunReply.REJECTED]
)
replies = st.sampled_from(_REPLIES)

_RUN_REPLIES = [RunReply.ACCEPTED] * 3 + [RunReply.REFUSED, RunReply.LOST_BUT_ACCEPTED, RunReply.REJECTED]
_RACES: tuple[Sequence[Any], ...] = (
    [*OLD_SETUPS, "due"],
    [(first, at) for first, places in PAUSE_POINTS.items() for at in places],
    [*OTHER_ACTS],
    [1, 1, 2],
    [0, 0, 16 * SECOND, 2 * MINUTE],
    _RUN_REPLIES,
    _RUN_REPLIES,
)
_TURNS = [tuple(random.Random(number).choices(range(3), k=12)) for number in range(300)]  # noqa: S311 - of a walk
_INTERLEAVINGS: tuple[Sequence[Any], ...] = ([*OLD_SETUPS], [*ACTS], [*ACTS], [*EVENTS], _TURNS, _RUN_REPLIES)
"""The values of each field of a `Race` and of an `Interleaving`."""


def _race(number: int) -> Race | Interleaving:
    kind, number = number % 3, number // 3
    if kind == 0:
        return GUARD_RACES[number % len(GUARD_RACES)]
    return Race(*_choose(number, _RACES)) if kind == 1 else Interleaving(*_choose(number, _INTERLEAVINGS))


def _choose(number: int, fields: tuple[Sequence[Any], ...]) -> Iterator[Any]:
    for field in fields:
        number, index = divmod(number, len(field))
        yield field[index]


# One number, because each draw of Hypothesis takes longer than a race.
races = st.integers(0, 3 * max(math.prod(map(len, fields)) for fields in (_RACES, _INTERLEAVINGS)) - 1).map(_race)
