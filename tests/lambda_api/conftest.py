"""Fixtures of the gateway's tests. A module that needs a job first adds it in an autouse fixture of its own."""

from __future__ import annotations

import pytest

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
