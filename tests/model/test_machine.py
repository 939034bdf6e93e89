"""The model of the job, walked at random: thousands of steps at each `make test`, a million with `-m full`.

`API_GPU_SEED=7 pytest tests/model` walks elsewhere; what failed once fails again under the seed that was printed.
"""

from __future__ import annotations

import os
import uuid

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from lambda_api.adapters.dynamodb import DynamoJobStore
from lambda_api.domain.policy import HOUR
from local.aws.names import TABLE
from tests.model.machine import JobMachine
from tests.model.universe import MakeStore
from tests.support.aws import Aws, account
from tests.support.fakes import FakeStore

SEED = int(os.environ.get("API_GPU_SEED", "20261124"))
FULL_SHARDS = 4


def walked(make_store: MakeStore, examples: int, number: int = SEED, steps: int = 50) -> int:
    """Walk; returns how many rules were carried out. Each example has a world of its own and ends with time itself."""

    class Machine(JobMachine):
        pass

    Machine.make_store = staticmethod(make_store)
    Machine.prefix = f"model-{uuid.uuid4().hex[:8]}"
    rules = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    print(f"API_GPU_SEED={number}")
    run_state_machine_as_test(seed(number)(Machine), settings=rules)
    print(f"{Machine.steps} steps")
    return Machine.steps


@pytest.mark.fault("B7", "B8", "B9", "D1", "D3", "D5", "D6", "D7", "E1", "E10", "K5")
def test_ten_thousand_steps_break_no_promise() -> None:
    assert walked(FakeStore, 400) >= 10_000


def test_a_seed_is_a_walk() -> None:
    assert walked(FakeStore, 10, 7) == walked(FakeStore, 10, 7)


def test_the_same_rules_over_an_emulated_dynamodb(aws: Aws) -> None:
    assert walked(_dynamodb(aws.url), 4, steps=30) >= 80


def test_the_same_rules_over_amazons_own_engine(dynamodb_local: str) -> None:
    assert walked(_dynamodb(dynamodb_local), 4, steps=30) >= 80


def _dynamodb(url: str) -> MakeStore:
    return lambda clock: DynamoJobStore(TABLE, clock, 7 * 24 * HOUR, account(url))


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(FULL_SHARDS))
def test_a_million_steps_break_no_promise(shard: int) -> None:
    assert walked(FakeStore, 6000, SEED + shard) >= 1_000_000 // FULL_SHARDS
