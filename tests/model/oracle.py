"""The oracle: compare what was written about a job with what happened in the modeled world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contract.errors import Code
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.policy import FRESH_MS, MAX_ATTEMPTS
from tests.model.external_systems import RETRY_AFTER_MS, Execution
from tests.model.invariants import find_result

if TYPE_CHECKING:
    from tests.model.world import ModelWorld


_STATUS_OF_CODE = {
    Code.WORKER_CRASHED: "FAILED",
    Code.SOURCE_HTTP: "FAILED",
    Code.EXECUTION_TIMEOUT: "TIMED_OUT",
}
"""The status that RunPod must have reported for an error code."""


def contradictions(world: ModelWorld, before: Job, after: Job) -> Iterator[str]:
    """Yield each claim of the write of `after` over `before` that contradicts the true events."""
    yield from _attempt_contradictions(world, before, after)
    yield from _id_contradictions(world, before, after)
    if after.is_terminal and not before.is_terminal:
        if not _is_true_end(world, before, after):
            yield f"it ended as {after.error.code if after.error else 'completed'}, which did not happen"
        elif after.error is not None and after.settled_by is not Source.CANCEL and _has_result(world, after):
            yield "it ended without its stored result"


def is_wanted(world: ModelWorld, execution: Execution) -> bool:
    """True if an acknowledged execution belongs to its job, or was cancelled for another one or for a finished job."""
    job = world.jobs[execution.job_id]
    if job.runpod_job_id == execution.runpod_job_id:
        return job.is_terminal or job.cancel_requested or not execution.cancel_requested
    cancelled_needlessly = execution.cancel_requested and job.runpod_job_id is None and not job.is_terminal
    return not cancelled_needlessly and (execution.cancel_requested or not (execution.acknowledged and execution.known))


def is_stopped(world: ModelWorld, job: Job) -> bool:
    """True if the known execution of a job that was ended early does not run on, as far as RunPod permits."""
    execution = world.runpod.find(job.runpod_job_id)
    if execution is None or execution.finished or not execution.known:
        return True
    if job.state is State.CANCELLED:
        # A cancel may come too late for an execution discovered late; otherwise CANCELLED means that it stopped.
        return execution.cancel_requested and not world.is_single_act
    return execution.cancel_requested or job.state is not State.TIMED_OUT


def _has_result(world: ModelWorld, job: Job) -> bool:
    return world.is_single_act and find_result(job.job_id, job.operation.artifacts(), world.objects.objects) is not None


def _attempt_contradictions(world: ModelWorld, before: Job, after: Job) -> Iterator[str]:
    order, rises = (before.job_id, before.attempt), after.attempt > before.attempt
    if after.refusals > before.refusals:
        if order not in (world.runpod.lost if rises else world.runpod.refused):
            yield "RunPod did not respond like this"
        elif not rises and (after.due_at or 0) < _requested_pause_end(world, before):
            yield "RunPod requested a longer wait"
    elif rises and before.runpod_job_id is not None:
        lost = world.runpod.find(before.runpod_job_id)
        age = world.clock() - (before.submitted_at or before.created_at)
        if lost is None or lost.known or age < FRESH_MS:
            yield "presumed lost, which is not true"
    elif rises and world.history.claims[order] < 1:
        yield "another attempt, although no process has the last one"
    if after.dispatching and rises and _has_result(world, after):
        yield "dispatched again although its result is stored"


def _requested_pause_end(world: ModelWorld, job: Job) -> int:
    """Return the end of the wait that RunPod requested, at most the last start of the job."""
    return min(world.history.act_started_at + RETRY_AFTER_MS, world.services.policy.last_start(job.deadline_at))


def _id_contradictions(world: ModelWorld, before: Job, after: Job) -> Iterator[str]:
    if after.runpod_job_id == before.runpod_job_id or after.runpod_job_id is None:
        return
    named = world.runpod.find(after.runpod_job_id)
    if before.runpod_job_id is not None:
        yield "RunPod's id changed"
    if named is None or (named.job_id, named.endpoint_id) != (after.job_id, after.endpoint_id):
        yield "an id that RunPod does not know at this endpoint"


def _is_true_end(world: ModelWorld, before: Job, after: Job) -> bool:
    """True if the terminal state of a job is the one that really happened; a success has its own proof."""
    job_id, runpod = after.job_id, world.runpod
    known = runpod.find(before.runpod_job_id)
    late = world.clock() >= after.deadline_at
    match after.error and after.error.code:
        case Code.CANCELLED:
            return job_id in world.cancel_requests or runpod.has_status(job_id, "CANCELLED")
        case Code.WORKER_CRASHED | Code.SOURCE_HTTP | Code.EXECUTION_TIMEOUT as code:
            return runpod.has_status(job_id, _STATUS_OF_CODE[code])
        case Code.RESULT_MISSING:
            return any(it.status == "COMPLETED" and not it.had_result for it in runpod.executions_of(job_id))
        case Code.PROVIDER_LOST:
            return after.attempt >= MAX_ATTEMPTS and any(not it.known for it in runpod.executions_of(job_id))
        case Code.PROVIDER_REJECTED:
            return runpod.rejected > 0
        case Code.DEADLINE_EXCEEDED:
            over = known is not None and known.known and (known.finished or before.cancel_requested)
            return late and not (over and world.is_single_act and not runpod.down)
        case Code.PROVIDER_UNAVAILABLE:
            return late and (known is None or not world.is_single_act)
    return after.state is State.COMPLETED
