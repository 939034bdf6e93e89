"""Fixtures of the gateway's tests. A module that needs a job first adds it in an autouse fixture of its own."""

from __future__ import annotations

import pytest

from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import submission
from tests.support.fakes import World
from tests.support.gateway import Client


@pytest.fixture
def world() -> World:
    """Services made of fakes, without any job."""
    return World()


@pytest.fixture
def client(world: World) -> Client:
    """A client of the API over `world`."""
    return Client(world)


@pytest.fixture
def running_job(world: World) -> None:
    """One job that RunPod reports as running."""
    submit_job(world.services, submission())
    world.provider.statuses["runpod-1"] = ProviderStatus("IN_PROGRESS")
