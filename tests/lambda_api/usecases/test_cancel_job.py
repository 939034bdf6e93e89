"""Cancel a job: at RunPod and here, during outages, and after it has finished."""

from __future__ import annotations

import pytest

from lambda_api.domain.errors import AlreadyFinished, NotFound
from lambda_api.domain.job import Source, State
from lambda_api.domain.ports import ProviderError
from lambda_api.usecases.cancel_job import cancel_job
from tests.support.examples import advance_and_sweep, manifest, publish, ring_webhook, stored_job
from tests.support.fakes import World

pytestmark = pytest.mark.usefixtures("running_job")


def test_cancel_ends_the_job_at_runpod_and_here(world: World) -> None:
    assert cancel_job(world.services, "ada", "job-1").state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]
    assert stored_job(world).settled_by is Source.CANCEL


@pytest.mark.fault("C11")
def test_cancel_during_a_runpod_outage_is_retried(world: World) -> None:
    world.provider.failures = [ProviderError("http_429")]
    assert cancel_job(world.services, "ada", "job-1").cancel_requested
    assert not stored_job(world).is_terminal
    advance_and_sweep(world)
    assert stored_job(world).state is State.CANCELLED
    assert world.provider.cancelled == ["runpod-1"]


@pytest.mark.fault("E11")
def test_cancel_of_a_finished_job_reports_its_state(world: World) -> None:
    publish(world, manifest())
    ring_webhook(world)
    with pytest.raises(AlreadyFinished) as refused:
        cancel_job(world.services, "ada", "job-1")
    assert refused.value.extra == {"job_status": "COMPLETED"}


def test_cancel_that_loses_the_race_reports_the_winner(world: World) -> None:
    publish(world, manifest())
    world.store.before_save = lambda _: ring_webhook(world)
    with pytest.raises(AlreadyFinished):
        cancel_job(world.services, "ada", "job-1")
    assert stored_job(world).state is State.COMPLETED


def test_another_owners_job_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as foreign:
        cancel_job(world.services, "bob", "job-1")
    with pytest.raises(NotFound) as missing:
        cancel_job(world.services, "bob", "job-404")
    assert str(foreign.value) == str(missing.value)
