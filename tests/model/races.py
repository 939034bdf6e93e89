"""Two processes at one job: what led to the moment, what each of them does, and where the first stands meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lambda_api.domain.policy import MINUTE
from tests.model.strangers import Execution, Reply, Stop, fail, work
from tests.model.universe import Universe

PASSES = {
    "sweep": (
        "before save", "after save", "after get", "before run", "after run", "after status", "before cancel",
        "after read", "before send",
    ),
    "ring": ("before save", "after get", "after read", "after status", "before cancel", "after save"),
    "report": ("before save", "after get"),
    "cancel": ("before save", "after get", "before cancel", "after save"),
    "deliver": ("before save", "after get", "before send", "after send"),
    "submit": ("before create", "before run", "after run", "before save", "after save"),
}  # fmt: skip
"""Where each of the first may stand."""


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


Part = Callable[[Universe, str], object]
"""What somebody does about the job of this id."""


def run(world: Universe, job_id: str, race: Race) -> None:
    first, at = race.first
    MOMENTS[race.moment](world, job_id)

    def other() -> None:
        world.clock.advance(race.pause)
        world.runpod.reply = race.other_reply
        # Who submits races for the job that is being made.
        OTHERS[race.other](world, list(world.jobs)[-1] if first == "submit" and world.jobs else job_id)
        world.runpod.reply = race.reply

    world.runpod.reply = race.reply
    world.interrupted(lambda: FIRSTS[first](world, job_id), at, other, race.nth)


def _newest(world: Universe, job_id: str) -> list[Execution]:
    return world.runpod.of(job_id)[-1:]


def _ring(world: Universe, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.ring(execution)


def _ring_first(world: Universe, job_id: str) -> None:
    for execution in world.runpod.of(job_id)[:1]:
        world.ring(execution)


def _report(world: Universe, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.progress(execution, execution.seq + 1)


def _first_reports(world: Universe, job_id: str) -> None:
    for execution in world.runpod.of(job_id)[:1]:
        world.progress(execution, execution.seq + 1)


def _finish(world: Universe, job_id: str) -> None:
    for execution in _newest(world, job_id):
        work(execution, world.objects.objects, Stop.NEVER)


def _fail(world: Universe, job_id: str) -> None:
    for execution in _newest(world, job_id):
        fail(execution)


def _both(*parts: Part) -> Part:
    def act(world: Universe, job_id: str) -> None:
        for part in parts:
            part(world, job_id)

    return act


def _sweep(world: Universe, job_id: str) -> None:
    world.sweep(job_id)


def _sweep_that_dies(world: Universe, job_id: str) -> None:
    world.survive(lambda: world.sweep(job_id), "after run")


def _due(world: Universe, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].due_at or 0)


def _late(world: Universe, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].deadline_at)


def _forgotten(world: Universe, job_id: str) -> None:
    world.clock.advance(2 * MINUTE)
    for execution in world.runpod.of(job_id):
        execution.known = False


def _unwanted(world: Universe, job_id: str) -> None:
    """The wish is stored, and not yet fulfilled."""
    down, world.runpod.down = world.runpod.down, True
    world.cancel(job_id)
    world.runpod.down = down
    _due(world, job_id)


def _nothing(world: Universe, job_id: str) -> None:
    pass


MOMENTS: Mapping[str, Part] = {
    "as it is": _nothing,
    "due": _due,
    "finished": _both(_finish, _due),
    "failed": _both(_fail, _due),
    "forgotten": _both(_forgotten, _due),
    "unwanted": _unwanted,
    "late": _late,
}

FIRSTS: Mapping[str, Part] = {
    "sweep": _sweep,
    "ring": _ring,
    "report": _report,
    "cancel": lambda world, job_id: world.cancel(job_id),
    "deliver": lambda world, job_id: world.deliver(job_id),
    "submit": lambda world, job_id: world.submit(key="r", callback=True),
}

OTHERS: Mapping[str, Part] = FIRSTS | {
    "sweep that dies": _sweep_that_dies,
    "ring of the first attempt": _ring_first,
    "report of the first attempt": _first_reports,
    "success": _both(_finish, _ring),
    "silent success": _finish,
    "failure": _both(_fail, _ring),
    "two sweeps": _both(_sweep, _due, _sweep),
}
