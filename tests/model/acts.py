"""Acts on a job, and setups that bring a job to a state in which they can race."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lambda_api.domain.policy import MINUTE, SECOND
from tests.model.external_systems import Execution, RunReply, WorkerOutcome, fail_execution, run_worker
from tests.model.world import ModelWorld

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
    "redeliver": lambda world, job_id: world.redeliver(job_id),
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
