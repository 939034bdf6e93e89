"""What the world knows of a job that its row does not tell: whether what was written is what happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contract.errors import Code
from lambda_api.domain.job import Job, Source, State
from lambda_api.domain.policy import FRESH_MS, MAX_ATTEMPTS
from tests.model.external_systems import RETRY_AFTER_MS, Execution
from tests.model.invariants import proved

if TYPE_CHECKING:
    from tests.model.world import ModelWorld


_SAID = {
    Code.WORKER_CRASHED: "FAILED",
    Code.SOURCE_HTTP: "FAILED",
    Code.EXECUTION_TIMEOUT: "TIMED_OUT",
}
"""What RunPod must have said of a job that ended so."""


def untrue(world: ModelWorld, before: Job, after: Job) -> Iterator[str]:
    """What the write of `after` over `before` says that did not happen."""
    yield from _untrue_attempt(world, before, after)
    yield from _untrue_id(world, before, after)
    if after.is_terminal and not before.is_terminal:
        if not _true(world, before, after):
            yield f"it ended as {after.error.code if after.error else 'completed'}, which is not true"
        elif after.error is not None and after.settled_by is not Source.CANCEL and _has_result(world, after):
            yield "it ended without the result that was there"


def wanted(world: ModelWorld, execution: Execution) -> bool:
    """An execution that RunPod told of is the job's, or was asked to stop: for another, or because the job is over."""
    job = world.jobs[execution.job_id]
    if job.runpod_job_id == execution.runpod_job_id:
        return job.is_terminal or job.cancel_requested or not execution.asked
    stopped_for_nothing = execution.asked and job.runpod_job_id is None and not job.is_terminal
    return not stopped_for_nothing and (execution.asked or not (execution.told and execution.known))


def stopped(world: ModelWorld, job: Job) -> bool:
    """The execution that is known of a job that ended too early does not go on, as far as RunPod lets us."""
    execution = world.runpod.named(job.runpod_job_id)
    if execution is None or execution.over or not execution.known:
        return True
    if job.state is State.CANCELLED:
        # Found out too late that it runs, it may be asked in vain; else nothing is cancelled before it stops.
        return execution.asked and not world.alone
    return execution.asked or job.state is not State.TIMED_OUT


def _has_result(world: ModelWorld, job: Job) -> bool:
    return world.alone and proved(job.job_id, world.objects.objects) is not None


def _untrue_attempt(world: ModelWorld, before: Job, after: Job) -> Iterator[str]:
    order, rises = (before.job_id, before.attempt), after.attempt > before.attempt
    if after.refusals > before.refusals:
        if order not in (world.runpod.lost if rises else world.runpod.refused):
            yield "RunPod did not answer so"
        elif not rises and (after.due_at or 0) < _granted(world, before):
            yield "RunPod asked for more time"
    elif rises and before.runpod_job_id is not None:
        lost = world.runpod.named(before.runpod_job_id)
        age = world.clock() - (before.submitted_at or before.created_at)
        if lost is None or lost.known or age < FRESH_MS:
            yield "taken for lost, which is not true"
    elif rises and world.ledger.claims[order] < 1:
        yield "another attempt, though nobody has the last one"
    if after.dispatching and rises and _has_result(world, after):
        yield "dispatched again though its result is there"


def _granted(world: ModelWorld, job: Job) -> int:
    """Until when RunPod is left alone that asked for it: not until it is too late to run the job."""
    return min(world.ledger.began + RETRY_AFTER_MS, world.services.policy.last_start(job.deadline_at))


def _untrue_id(world: ModelWorld, before: Job, after: Job) -> Iterator[str]:
    if after.runpod_job_id == before.runpod_job_id or after.runpod_job_id is None:
        return
    named = world.runpod.named(after.runpod_job_id)
    if before.runpod_job_id is not None:
        yield "RunPod's id became another"
    if named is None or (named.job_id, named.endpoint_id) != (after.job_id, after.endpoint_id):
        yield "an id that RunPod does not know there"


def _true(world: ModelWorld, before: Job, after: Job) -> bool:
    """Whether a job's ending is what happened; a success has its own proof."""
    job_id, runpod = after.job_id, world.runpod
    known = runpod.named(before.runpod_job_id)
    late = world.clock() >= after.deadline_at
    match after.error and after.error.code:
        case Code.CANCELLED:
            return job_id in world.unwanted or runpod.says(job_id, "CANCELLED")
        case Code.WORKER_CRASHED | Code.SOURCE_HTTP | Code.EXECUTION_TIMEOUT as code:
            return runpod.says(job_id, _SAID[code])
        case Code.RESULT_MISSING:
            return any(it.status == "COMPLETED" and not it.proved for it in runpod.of(job_id))
        case Code.PROVIDER_LOST:
            return after.attempt >= MAX_ATTEMPTS and any(not it.known for it in runpod.of(job_id))
        case Code.PROVIDER_REJECTED:
            return runpod.rejected > 0
        case Code.DEADLINE_EXCEEDED:
            over = known is not None and known.known and (known.over or before.cancel_requested)
            return late and not (over and world.alone and not runpod.down)
        case Code.PROVIDER_UNAVAILABLE:
            return late and (known is None or not world.alone)
    return after.state is State.COMPLETED
