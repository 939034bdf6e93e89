"""Processes at one job: what led to the moment, what each of them does, and in what order their calls come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lambda_api.domain.policy import MINUTE, SECOND
from tests.model.external_systems import Execution, Reply, Stop, fail, work
from tests.model.world import ModelWorld

PASSES = {
    "sweep": (
        "before save", "before save", "after save", "after get", "before run", "after run", "before status",
        "after status", "before cancel", "after read",
    ),
    "ring": ("before save", "before save", "after get", "after read", "after status", "before cancel", "after save"),
    "report": ("before save", "after get"),
    "cancel": ("before save", "before save", "after get", "before cancel", "after save"),
    "deliver": ("before save", "after get", "before send", "after send"),
    "submit": ("before run", "after run", "before save", "after save"),
    "submit with a key": ("before create", "before run"),
}  # fmt: skip
"""Where each of the first may stand. A write is lost where it is about to be made."""


@dataclass(frozen=True, slots=True)
class Race:
    """`first`, who and where: he stands at the `nth` boundary of that name while `pause` ms pass and `other` happens.

    `reply` and `other_reply` are what RunPod answers to each of them.
    """

    moment: str
    first: tuple[str, str]
    other: str
    nth: int = 1
    pause: int = 0
    reply: Reply = Reply.TAKEN
    other_reply: Reply = Reply.TAKEN

    def run(self, world: ModelWorld, job_id: str) -> None:
        first, at = self.first
        job_id = MOMENTS[self.moment](world, job_id) or job_id

        def other() -> None:
            world.clock.advance(self.pause)
            world.runpod.reply = self.other_reply
            # Who submits races for the job that is being made.
            OTHERS[self.other](world, list(world.jobs)[-1] if first.startswith("submit") else job_id)
            world.runpod.reply = self.reply

        world.runpod.reply = self.reply
        world.interrupted(lambda: FIRSTS[first](world, job_id), at, other, self.nth)

    @property
    def makes_a_job(self) -> bool:
        return self.first[0].startswith("submit") or self.moment in NEW_MOMENTS


@dataclass(frozen=True, slots=True)
class Weave:
    """Two acts and an event, call by call: each of `turns` says whose it is, 0, 1 or 2 of those that are not done."""

    moment: str
    one: str
    two: str
    event: str
    turns: tuple[int, ...]
    reply: Reply = Reply.TAKEN

    def run(self, world: ModelWorld, job_id: str) -> None:
        job_id = MOMENTS[self.moment](world, job_id) or job_id
        world.runpod.reply = self.reply
        parts = (ACTS[self.one], ACTS[self.two], EVENTS[self.event])
        world.woven([partial(part, world, job_id) for part in parts], self.turns)

    @property
    def makes_a_job(self) -> bool:
        return self.moment in NEW_MOMENTS


Part = Callable[[ModelWorld, str], object]
"""What somebody does about the job of this id."""
Moment = Callable[[ModelWorld, str], str | None]
"""What has happened to the job, or the id of another one to which it has."""


def _newest(world: ModelWorld, job_id: str) -> list[Execution]:
    return world.runpod.of(job_id)[-1:]


def _ring(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.ring(execution)


def _ring_first(world: ModelWorld, job_id: str) -> None:
    for execution in world.runpod.of(job_id)[:1]:
        world.ring(execution)


def _report(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.progress(execution, execution.seq + 1)


def _report_without_id(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.progress(execution, execution.seq // 3 * 3 + 3)


def _first_reports(world: ModelWorld, job_id: str) -> None:
    for execution in world.runpod.of(job_id)[:1]:
        world.progress(execution, execution.seq // 3 * 3 + 4)


def _finish(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        work(execution, world.objects.objects, Stop.NEVER)


def _fail(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        fail(execution)


def _says(status: str) -> Part:
    def act(world: ModelWorld, job_id: str) -> None:
        for execution in _newest(world, job_id):
            if not execution.over:
                execution.status = status

    return act


def _both(*parts: Part) -> Callable[[ModelWorld, str], None]:
    def act(world: ModelWorld, job_id: str) -> None:
        for part in parts:
            part(world, job_id)

    return act


def _sweep(world: ModelWorld, job_id: str) -> None:
    world.sweep(job_id)


def _sweep_that_dies(world: ModelWorld, job_id: str) -> None:
    world.survive(lambda: world.sweep(job_id), "after run")


def _due(world: ModelWorld, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].due_at or 0)


def _late(world: ModelWorld, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].deadline_at)


def _almost_late(world: ModelWorld, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].deadline_at - SECOND)


def _forgotten(world: ModelWorld, job_id: str) -> None:
    world.clock.advance(2 * MINUTE)
    for execution in world.runpod.of(job_id):
        execution.known = False


def _unwanted(world: ModelWorld, job_id: str) -> None:
    """The wish is stored, and not yet fulfilled."""
    down, world.runpod.down = world.runpod.down, True
    world.cancel(job_id)
    world.runpod.down = down
    _due(world, job_id)


def _nothing(world: ModelWorld, job_id: str) -> None:
    pass


def _new(reply: Reply, *parts: Part) -> Moment:
    """A job of its own, and what RunPod answered when it was submitted."""

    def moment(world: ModelWorld, job_id: str) -> str | None:
        world.runpod.reply = reply
        job = world.submit(callback=True)
        if job is not None:
            _both(*parts)(world, job.job_id)
        return job and job.job_id

    return moment


def _redeploy(world: ModelWorld, job_id: str) -> None:
    world.redeploy(1000 + len(world.runpod.executions))


OLD_MOMENTS: dict[str, Moment] = {
    "due": _due,
    "as it is": _nothing,
    "finished": _both(_finish, _due),
    "failed": _both(_fail, _due),
    "over its limit": _both(_says("TIMED_OUT"), _due),
    "without a result": _both(_says("COMPLETED"), _due),
    "forgotten": _both(_forgotten, _due),
    "unwanted": _unwanted,
    "almost late": _almost_late,
    "late": _late,
}

NEW_MOMENTS: dict[str, Moment] = {
    "taken": _new(Reply.TAKEN),
    "taken, and due": _new(Reply.TAKEN, _due),
    "taken, and finished": _new(Reply.TAKEN, _finish),
    "taken, and failed": _new(Reply.TAKEN, _fail),
    "taken, and forgotten": _new(Reply.TAKEN, _forgotten, _due),
    "taken, and almost late": _new(Reply.TAKEN, _almost_late),
    "refused": _new(Reply.REFUSED, _due),
    "taken, and late": _new(Reply.TAKEN, _late),
    "answer lost": _new(Reply.LOST_BUT_TAKEN, _due),
    "answer lost, deployed": _new(Reply.LOST_BUT_TAKEN, _redeploy, _due),
    "answer lost, late": _new(Reply.LOST_BUT_TAKEN, _late),
}

MOMENTS = OLD_MOMENTS | NEW_MOMENTS

ACTS: Mapping[str, Part] = {
    "sweep": _sweep,
    "ring": _ring,
    "report": _report,
    "cancel": lambda world, job_id: world.cancel(job_id),
    "deliver": lambda world, job_id: world.deliver(job_id),
    "leave to the queue": lambda world, job_id: world.leave_to_queue(job_id),
    "ring of the first attempt": _ring_first,
    "report of the first attempt": _first_reports,
}

FIRSTS: Mapping[str, Part] = {name: ACTS[name] for name in ("sweep", "ring", "report", "cancel", "deliver")} | {
    "submit": lambda world, job_id: world.submit(callback=True),
    "submit with a key": lambda world, job_id: world.submit(key="r", callback=True),
}

OTHERS: Mapping[str, Part] = (
    ACTS
    | FIRSTS
    | {
        "report without an id": _report_without_id,
        "sweep that dies": _sweep_that_dies,
        "success": _both(_finish, _ring),
        "silent success": _finish,
        "failure": _both(_fail, _ring),
        "two sweeps": _both(_sweep, _due, _sweep),
    }
)

EVENTS: Mapping[str, Part] = {
    "nothing": _nothing,
    "success": _finish,
    "failure": _fail,
    "time": lambda world, job_id: world.clock.advance(16 * SECOND),
}

_BOTH_HAVE_LOOKED = (0, 0, 0, 0, 2, 1, 1, 1, 1, 0, 1)
"""The first has found no result, the event makes one, the second has found it, and the first writes first."""

DUELS: Sequence[Race | Weave] = (
    # The first one's evidence comes after an end.
    Race("taken, and failed", ("ring", "before save"), "success"),
    Race("taken, and finished", ("ring", "before save"), "cancel"),
    Race("taken, and almost late", ("ring", "before save"), "sweep", pause=16 * SECOND),
    Race("refused", ("sweep", "before save"), "cancel", nth=2),
    Race("taken", ("cancel", "before save"), "success"),
    Weave("taken, and failed", "ring", "ring", "success", _BOTH_HAVE_LOOKED),
    Weave("taken, and late", "sweep", "ring", "success", _BOTH_HAVE_LOOKED),
    # An answer comes after another attempt was begun.
    Race("as it is", ("submit", "before save"), "sweep that dies", pause=16 * SECOND, reply=Reply.REFUSED),
    Race("as it is", ("submit", "before save"), "sweep", 1, 16 * SECOND, Reply.LOST, Reply.LOST),
    Race("as it is", ("submit", "before save"), "sweep", 1, 16 * SECOND, Reply.TAKEN, Reply.TAKEN),
    Race("taken, and forgotten", ("sweep", "before save"), "sweep"),
    Race("refused", ("sweep", "before save"), "sweep"),
    # A worker reports before the answer to the dispatch is stored, of this attempt or of one that was given up.
    Race("refused", ("sweep", "before save"), "report without an id", nth=2),
    Race("answer lost", ("sweep", "before save"), "report of the first attempt", nth=2),
    Race("answer lost, deployed", ("sweep", "before save"), "report of the first attempt", nth=2),
    Race("answer lost, late", ("sweep", "before save"), "report of the first attempt"),
    # RunPod takes it while it is being cancelled.
    Race("answer lost", ("cancel", "before save"), "report of the first attempt"),
    Race("refused", ("cancel", "before save"), "sweep"),
    # It ends between the look into the bucket and the question.
    Race("taken", ("ring", "after read"), "silent success"),
)
"""For each guard of the transitions the race that it is there for."""
