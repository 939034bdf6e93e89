"""Progress reports of a worker."""

from __future__ import annotations

import pytest

from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.errors import NotFound
from lambda_api.domain.job import State
from lambda_api.domain.policy import MINUTE, SECOND
from lambda_api.usecases.cancel_job import cancel_job
from lambda_api.usecases.record_progress import record_progress
from tests.support.examples import report, stored_job
from tests.support.fakes import HOOK_SECRET, World

pytestmark = pytest.mark.usefixtures("running_job")


def test_progress_updates_the_job_and_postpones_the_sweeper(world: World) -> None:
    world.clock.advance(30 * SECOND)
    token = make_token(HOOK_SECRET, "progress", "job-1", 1)
    assert record_progress(world.services, "job-1", token, report(3)) is False
    job = stored_job(world)
    assert (job.state, job.percent, job.stage) == (State.IN_PROGRESS, 30, "encode")
    assert job.started_at == world.clock.now
    assert job.due_at == world.clock.now + MINUTE


def test_progress_of_a_finished_job_stops_the_worker(world: World) -> None:
    cancel_job(world.services, "ada", "job-1")
    assert record_progress(world.services, "job-1", make_token(HOOK_SECRET, "progress", "job-1", 1), report()) is True


@pytest.mark.parametrize(("purpose", "attempt"), [("webhook", 1), ("progress", 2)])
def test_progress_needs_the_token_of_its_attempt(world: World, purpose: str, attempt: int) -> None:
    token = make_token(HOOK_SECRET, purpose, "job-1", attempt)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        record_progress(world.services, "job-1", token, report())
