"""Races for one job: its setup, what each process does, and the order of their calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lambda_api.domain.policy import MINUTE, SECOND
from tests.model.external_systems import Execution, RunReply, WorkerOutcome, fail_execution, run_worker
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


Act = Callable[[ModelWorld, str], object]
"""An act on the job with this id."""
Setup = Callable[[ModelWorld, str], str | None]
"""Brings the job to a state; returns the id of another job if it used one."""


def _newest(world: ModelWorld, job_id: str) -> list[Execution]:
    return world.runpod.executions_of(job_id)[-1:]


def _webhook(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.receive_webhook(execution)


def _first_webhook(world: ModelWorld, job_id: str) -> None:
    for execution in world.runpod.executions_of(job_id)[:1]:
        world.receive_webhook(execution)


def _progress(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.report_progress(execution, execution.seq + 1)


def _progress_without_id(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        world.report_progress(execution, execution.seq // 3 * 3 + 3)


def _first_progress(world: ModelWorld, job_id: str) -> None:
    for execution in world.runpod.executions_of(job_id)[:1]:
        world.report_progress(execution, execution.seq // 3 * 3 + 4)


def _finish(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        run_worker(execution, world.objects.objects, WorkerOutcome.FINISHED)


def _fail(world: ModelWorld, job_id: str) -> None:
    for execution in _newest(world, job_id):
        fail_execution(execution)


def _set_status(status: str) -> Act:
    def act(world: ModelWorld, job_id: str) -> None:
        for execution in _newest(world, job_id):
            if not execution.finished:
                execution.status = status

    return act


def _sequence(*parts: Act) -> Callable[[ModelWorld, str], None]:
    def act(world: ModelWorld, job_id: str) -> None:
        for part in parts:
            part(world, job_id)

    return act


def _sweep(world: ModelWorld, job_id: str) -> None:
    world.sweep(job_id)


def _sweep_that_crashes(world: ModelWorld, job_id: str) -> None:
    world.run_with_crash(lambda: world.sweep(job_id), "after run")


def _advance_to_due(world: ModelWorld, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].due_at or 0)


def _advance_past_deadline(world: ModelWorld, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].deadline_at)


def _advance_to_deadline(world: ModelWorld, job_id: str) -> None:
    world.clock.now = max(world.clock.now, world.jobs[job_id].deadline_at - SECOND)


def _forget(world: ModelWorld, job_id: str) -> None:
    world.clock.advance(2 * MINUTE)
    for execution in world.runpod.executions_of(job_id):
        execution.known = False


def _request_cancel(world: ModelWorld, job_id: str) -> None:
    """Store a cancel request that RunPod has not confirmed."""
    down, world.runpod.down = world.runpod.down, True
    world.cancel(job_id)
    world.runpod.down = down
    _advance_to_due(world, job_id)


def _do_nothing(world: ModelWorld, job_id: str) -> None:
    pass


def _submitted(reply: RunReply, *parts: Act) -> Setup:
    """Set up a new job, with RunPod's outcome of its submit."""

    def setup(world: ModelWorld, job_id: str) -> str | None:
        world.runpod.reply = reply
        job = world.submit(callback=True)
        if job is not None:
            _sequence(*parts)(world, job.job_id)
        return job and job.job_id

    return setup


def _redeploy(world: ModelWorld, job_id: str) -> None:
    world.redeploy(1000 + len(world.runpod.executions))


OLD_SETUPS: dict[str, Setup] = {
    "due": _advance_to_due,
    "unchanged": _do_nothing,
    "finished": _sequence(_finish, _advance_to_due),
    "failed": _sequence(_fail, _advance_to_due),
    "timed out": _sequence(_set_status("TIMED_OUT"), _advance_to_due),
    "without a result": _sequence(_set_status("COMPLETED"), _advance_to_due),
    "forgotten": _sequence(_forget, _advance_to_due),
    "cancel requested": _request_cancel,
    "almost late": _advance_to_deadline,
    "late": _advance_past_deadline,
}

NEW_SETUPS: dict[str, Setup] = {
    "accepted": _submitted(RunReply.ACCEPTED),
    "accepted, due": _submitted(RunReply.ACCEPTED, _advance_to_due),
    "accepted, finished": _submitted(RunReply.ACCEPTED, _finish),
    "accepted, failed": _submitted(RunReply.ACCEPTED, _fail),
    "accepted, forgotten": _submitted(RunReply.ACCEPTED, _forget, _advance_to_due),
    "accepted, almost late": _submitted(RunReply.ACCEPTED, _advance_to_deadline),
    "refused": _submitted(RunReply.REFUSED, _advance_to_due),
    "accepted, late": _submitted(RunReply.ACCEPTED, _advance_past_deadline),
    "response lost": _submitted(RunReply.LOST_BUT_ACCEPTED, _advance_to_due),
    "response lost, deployed": _submitted(RunReply.LOST_BUT_ACCEPTED, _redeploy, _advance_to_due),
    "response lost, late": _submitted(RunReply.LOST_BUT_ACCEPTED, _advance_past_deadline),
}

SETUPS = OLD_SETUPS | NEW_SETUPS

ACTS: Mapping[str, Act] = {
    "sweep": _sweep,
    "webhook": _webhook,
    "progress": _progress,
    "cancel": lambda world, job_id: world.cancel(job_id),
    "deliver": lambda world, job_id: world.deliver(job_id),
    "defer": lambda world, job_id: world.defer(job_id),
    "webhook of the first attempt": _first_webhook,
    "progress of the first attempt": _first_progress,
}

FIRST_ACTS: Mapping[str, Act] = {name: ACTS[name] for name in ("sweep", "webhook", "progress", "cancel", "deliver")} | {
    "submit": lambda world, job_id: world.submit(callback=True),
    "submit with a key": lambda world, job_id: world.submit(key="r", callback=True),
}

OTHER_ACTS: Mapping[str, Act] = (
    ACTS
    | FIRST_ACTS
    | {
        "progress without an id": _progress_without_id,
        "sweep that crashes": _sweep_that_crashes,
        "success": _sequence(_finish, _webhook),
        "silent success": _finish,
        "failure": _sequence(_fail, _webhook),
        "two sweeps": _sequence(_sweep, _advance_to_due, _sweep),
    }
)

EVENTS: Mapping[str, Act] = {
    "nothing": _do_nothing,
    "success": _finish,
    "failure": _fail,
    "time": lambda world, job_id: world.clock.advance(16 * SECOND),
}

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
