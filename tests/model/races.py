"""Races for one job: its setup, what each process does, and the order of their calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lambda_api.domain.policy import SECOND
from tests.model.acts import ACTS, EVENTS, FIRST_ACTS, NEW_SETUPS, OTHER_ACTS, SETUPS
from tests.model.external_systems import RunReply
from tests.model.world import ModelWorld

PAUSE_POINTS = {
    "sweep": (
        "before save", "before save", "after save", "after get", "before run", "after run", "before status",
        "after status", "before cancel", "after read",
    ),
    "webhook": ("before save", "before save", "after get", "after read", "after status", "before cancel", "after save"),
    "progress": ("before save", "after get"),
    "cancel": ("before save", "before save", "after get", "before cancel", "after save"),
    "deliver": ("before save", "after get", "before send", "after send"),
    "submit": ("before run", "after run", "before save", "after save"),
    "submit with a key": ("before create", "before run"),
}  # fmt: skip
"""Boundaries at which the first process may pause. A pause before a write makes that write lose."""


@dataclass(frozen=True, slots=True)
class Race:
    """`first` (act, boundary) pauses at the `nth` boundary of that name for `pause` ms while `other` runs.

    `reply` and `other_reply` are RunPod's outcomes for each of them.
    """

    setup: str
    first: tuple[str, str]
    other: str
    nth: int = 1
    pause: int = 0
    reply: RunReply = RunReply.ACCEPTED
    other_reply: RunReply = RunReply.ACCEPTED

    def run(self, world: ModelWorld, job_id: str) -> None:
        first, at = self.first
        job_id = SETUPS[self.setup](world, job_id) or job_id

        def other() -> None:
            world.clock.advance(self.pause)
            world.runpod.reply = self.other_reply
            # A submit races for the job that it is creating.
            OTHER_ACTS[self.other](world, list(world.jobs)[-1] if first.startswith("submit") else job_id)
            world.runpod.reply = self.reply

        world.runpod.reply = self.reply
        world.run_interrupted(lambda: FIRST_ACTS[first](world, job_id), at, other, self.nth)

    @property
    def creates_job(self) -> bool:
        return self.first[0].startswith("submit") or self.setup in NEW_SETUPS


@dataclass(frozen=True, slots=True)
class Interleaving:
    """Two acts and an event, call by call: each of `turns` selects one of those that are not finished."""

    setup: str
    one: str
    two: str
    event: str
    turns: tuple[int, ...]
    reply: RunReply = RunReply.ACCEPTED

    def run(self, world: ModelWorld, job_id: str) -> None:
        job_id = SETUPS[self.setup](world, job_id) or job_id
        world.runpod.reply = self.reply
        parts = (ACTS[self.one], ACTS[self.two], EVENTS[self.event])
        world.run_interleaved([partial(part, world, job_id) for part in parts], self.turns)

    @property
    def creates_job(self) -> bool:
        return self.setup in NEW_SETUPS


_BOTH_HAVE_CHECKED = (0, 0, 0, 0, 2, 1, 1, 1, 1, 0, 1)
"""The first finds no result, the event makes one, the second finds it, and the first writes first."""

GUARD_RACES: Sequence[Race | Interleaving] = (
    # The first one's evidence comes after the job has finished.
    Race("accepted, failed", ("webhook", "before save"), "success"),
    Race("accepted, finished", ("webhook", "before save"), "cancel"),
    Race("accepted, almost late", ("webhook", "before save"), "sweep", pause=16 * SECOND),
    Race("refused", ("sweep", "before save"), "cancel", nth=2),
    Race("accepted", ("cancel", "before save"), "success"),
    Interleaving("accepted, failed", "webhook", "webhook", "success", _BOTH_HAVE_CHECKED),
    Interleaving("accepted, late", "sweep", "webhook", "success", _BOTH_HAVE_CHECKED),
    # A response comes after another attempt has begun.
    Race("unchanged", ("submit", "before save"), "sweep that crashes", pause=16 * SECOND, reply=RunReply.REFUSED),
    Race("unchanged", ("submit", "before save"), "sweep", 1, 16 * SECOND, RunReply.LOST, RunReply.LOST),
    Race("unchanged", ("submit", "before save"), "sweep", 1, 16 * SECOND, RunReply.ACCEPTED, RunReply.ACCEPTED),
    Race("accepted, forgotten", ("sweep", "before save"), "sweep"),
    Race("refused", ("sweep", "before save"), "sweep"),
    # A worker reports before the response to the dispatch is stored, for this attempt or an abandoned one.
    Race("refused", ("sweep", "before save"), "progress without an id", nth=2),
    Race("response lost", ("sweep", "before save"), "progress of the first attempt", nth=2),
    Race("response lost, deployed", ("sweep", "before save"), "progress of the first attempt", nth=2),
    Race("response lost, late", ("sweep", "before save"), "progress of the first attempt"),
    # RunPod accepts the job while it is being cancelled.
    Race("response lost", ("cancel", "before save"), "progress of the first attempt"),
    Race("refused", ("cancel", "before save"), "sweep"),
    # The job finishes between the read of the bucket and the call to RunPod.
    Race("accepted", ("webhook", "after read"), "silent success"),
)
"""One race for each guard of the transitions."""
