"""Random walks through the model of a job: thousands of steps in `make test`, a million with `-m full`.

`API_GPU_SEED=7 pytest tests/model` explores other sequences. A failure repeats under the seed that the summary reports.
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

from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.domain.job import TERMINAL, Source
from lambda_api.domain.policy import HOUR
from tests.model.gateway import MakeStore
from tests.model.invariants import TERMINAL_CODES
from tests.model.machine import JobMachine
from tests.support.aws import Aws, table
from tests.support.fakes import FakeStore

SEED = int(os.environ.get("API_GPU_SEED", "20261124"))
FULL_SHARDS = 4

pytestmark = pytest.mark.no_cover
"""It would double the time."""

RecordProperty = Callable[[str, object], None]


@dataclass(frozen=True)
class Walk:
    """`steps`: the rules that were run. `counts`: what happened, by name."""

    steps: int
    counts: Counter[str]


def run_walk(
    make_store: MakeStore, examples: int, record_property: RecordProperty, number: int = SEED, steps: int = 50
) -> Walk:
    """Walk. Each example has its own world and ends when all jobs have finished."""

    class Machine(JobMachine):
        pass

    Machine.make_store = staticmethod(make_store)
    Machine.counts = Counter()
    Machine.prefix = f"model-{uuid.uuid4().hex[:8]}"
    rules = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    record_property("remark", f"API_GPU_SEED={number}")
    with pytest.MonkeyPatch.context() as patch:
        # Hypothesis draws from the constants of all loaded modules: a seed would give a different walk in each run.
        patch.setattr(HypothesisProvider, "_maybe_draw_constant", lambda *_args, **_named: None)
        run_state_machine_as_test(seed(number)(Machine), settings=rules)
    counts = _format_counts(Machine.counts, "races", "writes lost", "writes lost to a terminal state")
    record_property("remark", f"{Machine.steps} steps, {counts}")
    return Walk(Machine.steps, Machine.counts)


def _format_counts(counts: Counter[str], *names: str) -> str:
    return ", ".join(f"{counts[name]} {name}" for name in names)


def assert_full_coverage(walk: Walk) -> None:
    """Assert that the walk met every terminal state, source and kind of race."""
    assert set(TERMINAL_CODES) == TERMINAL
    ways = {str(code or state) for state, codes in TERMINAL_CODES.items() for code in codes}
    ways |= {f"ended by {source}" for source in Source} | {"keys refused", "keys replayed"}
    ways |= {"redeliveries", "events of progress"}
    assert [way for way in sorted(ways) if not walk.counts[way]] == []
    assert walk.counts["writes lost"] >= 100
    assert walk.counts["writes lost to a terminal state"] >= 20


@pytest.mark.fault("B7", "B8", "B9", "D1", "D3", "D5", "D6", "D7", "E1", "E10", "K5")
def test_ten_thousand_steps_violate_no_invariant(record_property: RecordProperty) -> None:
    walk = run_walk(FakeStore, 260, record_property)
    assert walk.steps >= 10_000
    assert_full_coverage(walk)


def test_a_seed_always_gives_the_same_walk(
    record_property: RecordProperty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = run_walk(FakeStore, 30, record_property, 7)
    (tmp_path / "unrelated_constants.py").write_text(f"NUMBERS = {list(range(1000, 1500))}")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("unrelated_constants")
    assert run_walk(FakeStore, 30, record_property, 7) == walk
    assert run_walk(FakeStore, 30, record_property, 8) != walk


def test_short_walk_over_an_emulated_dynamodb_is_valid(aws: Aws, record_property: RecordProperty) -> None:
    assert run_walk(_dynamodb(aws.url), 2, record_property, steps=30).steps >= 50


def test_short_walk_over_dynamodb_local_is_valid(dynamodb_local: str, record_property: RecordProperty) -> None:
    assert run_walk(_dynamodb(dynamodb_local), 2, record_property, steps=30).steps >= 50


def _dynamodb(url: str) -> MakeStore:
    return lambda clock: DynamoJobStore(table(url), clock, 7 * 24 * HOUR)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_thousands_of_steps_over_an_emulated_dynamodb_are_valid(aws: Aws, record_property: RecordProperty) -> None:
    walk = run_walk(_dynamodb(aws.url), 44, record_property)
    assert walk.steps >= 2000
    assert walk.counts["writes lost"] >= 20


@pytest.mark.full
@pytest.mark.timeout(900)
def test_thousands_of_steps_over_dynamodb_local_are_valid(dynamodb_local: str, record_property: RecordProperty) -> None:
    walk = run_walk(_dynamodb(dynamodb_local), 44, record_property)
    assert walk.steps >= 2000
    assert walk.counts["writes lost"] >= 20


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(FULL_SHARDS))
def test_a_million_steps_violate_no_invariant(shard: int, record_property: RecordProperty) -> None:
    walk = run_walk(FakeStore, 6400, record_property, SEED + shard)
    assert walk.steps >= 1_000_000 // FULL_SHARDS
    assert_full_coverage(walk)
