"""The model of the job, walked at random: thousands of steps at each `make test`, a million with `-m full`.

`API_GPU_SEED=7 pytest tests/model` walks elsewhere; what failed once fails again under the seed that the summary tells.
"""

from __future__ import annotations

import importlib
import os
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import run_state_machine_as_test

from lambda_api.adapters.dynamodb import DynamoJobStore
from lambda_api.domain.job import TERMINAL, Source
from lambda_api.domain.policy import HOUR
from tests.model.invariants import ENDINGS
from tests.model.machine import JobMachine
from tests.model.world import MakeStore
from tests.support.aws import Aws, table
from tests.support.fakes import FakeStore

SEED = int(os.environ.get("API_GPU_SEED", "20261124"))
FULL_SHARDS = 4

Tell = Callable[[str, object], None]


@dataclass(frozen=True)
class Walk:
    """`steps`: the rules that were carried out. `seen`: what happened, by name."""

    steps: int
    seen: Counter[str]


def walked(make_store: MakeStore, examples: int, tell: Tell, number: int = SEED, steps: int = 50) -> Walk:
    """Walk. Each example has a world of its own and ends with time itself."""

    class Machine(JobMachine):
        pass

    Machine.make_store = staticmethod(make_store)
    Machine.seen = Counter()
    Machine.prefix = f"model-{uuid.uuid4().hex[:8]}"
    rules = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    tell("remark", f"API_GPU_SEED={number}")
    with pytest.MonkeyPatch.context() as patch:
        # It draws from the constants of all modules that are loaded: a seed would be another walk in another run.
        patch.setattr(HypothesisProvider, "_maybe_draw_constant", lambda *_args, **_named: None)
        run_state_machine_as_test(seed(number)(Machine), settings=rules)
    tell("remark", f"{Machine.steps} steps, {_counted(Machine.seen, 'races', 'writes lost', 'writes lost to an end')}")
    return Walk(Machine.steps, Machine.seen)


def _counted(seen: Counter[str], *names: str) -> str:
    return ", ".join(f"{seen[name]} {name}" for name in names)


def has_been_everywhere(walk: Walk) -> None:
    """What could have gone wrong was there to go wrong."""
    assert set(ENDINGS) == TERMINAL
    ways = {str(code or state) for state, codes in ENDINGS.items() for code in codes}
    ways |= {f"ended by {source}" for source in Source} | {"keys refused", "keys replayed"}
    assert [way for way in sorted(ways) if not walk.seen[way]] == []
    assert walk.seen["writes lost"] >= 100
    assert walk.seen["writes lost to an end"] >= 20


@pytest.mark.fault("B7", "B8", "B9", "D1", "D3", "D5", "D6", "D7", "E1", "E10", "K5")
def test_ten_thousand_steps_break_no_promise(record_property: Tell) -> None:
    walk = walked(FakeStore, 260, record_property)
    assert walk.steps >= 10_000
    has_been_everywhere(walk)


def test_a_seed_is_a_walk_whatever_else_was_run(
    record_property: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = walked(FakeStore, 30, record_property, 7)
    (tmp_path / "constants_from_elsewhere.py").write_text(f"NUMBERS = {list(range(1000, 1500))}")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("constants_from_elsewhere")
    assert walked(FakeStore, 30, record_property, 7) == walk
    assert walked(FakeStore, 30, record_property, 8) != walk


def test_the_same_rules_over_an_emulated_dynamodb(aws: Aws, record_property: Tell) -> None:
    assert walked(_dynamodb(aws.url), 4, record_property, steps=30).steps >= 80


def test_the_same_rules_over_amazons_own_engine(dynamodb_local: str, record_property: Tell) -> None:
    assert walked(_dynamodb(dynamodb_local), 4, record_property, steps=30).steps >= 80


def _dynamodb(url: str) -> MakeStore:
    return lambda clock: DynamoJobStore(table(url), clock, 7 * 24 * HOUR)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_thousands_of_steps_over_an_emulated_dynamodb(aws: Aws, record_property: Tell) -> None:
    walk = walked(_dynamodb(aws.url), 44, record_property)
    assert walk.steps >= 2000
    assert walk.seen["writes lost"] >= 20


@pytest.mark.full
@pytest.mark.timeout(900)
def test_thousands_of_steps_over_amazons_own_engine(dynamodb_local: str, record_property: Tell) -> None:
    walk = walked(_dynamodb(dynamodb_local), 44, record_property)
    assert walk.steps >= 2000
    assert walk.seen["writes lost"] >= 20


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(FULL_SHARDS))
def test_a_million_steps_break_no_promise(shard: int, record_property: Tell) -> None:
    walk = walked(FakeStore, 6400, record_property, SEED + shard)
    assert walk.steps >= 1_000_000 // FULL_SHARDS
    has_been_everywhere(walk)
