"""The load bench at a small scale: with faults everywhere nothing is lost, doubled or told wrongly.

And its judge sees what it is there to see.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from benchmarks.load import __main__ as bench
from benchmarks.load import crowd, drain
from benchmarks.load.clients import Outcome, Plan
from benchmarks.load.crowd import Verdict, judge
from benchmarks.load.receiver import Told
from benchmarks.targets import LOAD

KEYS = 2


def told(*bodies: str, ids: int = 1, accepted: int = 1) -> Told:
    return Told({f"msg-{n}" for n in range(ids)}, {body.encode() for body in bodies}, len(bodies), accepted)


COMPLETED, FAILED = (json.dumps({"status": status}) for status in ("COMPLETED", "FAILED"))
OUTCOMES = [Outcome("k1", "a", "COMPLETED"), Outcome("k2", "b", "FAILED")]
LISTED = {"a": "COMPLETED", "b": "FAILED"}
ENDS = {"a": 1, "b": 1}
CALLBACKS = {"a": told(COMPLETED), "b": told(FAILED)}


def test_a_crowd_loses_nothing_while_everything_fails_now_and_then() -> None:
    result = asyncio.run(crowd.measure(Plan(clients=12, jobs=40, kill_each=5), lambda _: None))
    assert result.verdict == Verdict(lost=0, doubled=0, ended_wrongly=0, told_wrongly=0), result.facts
    met = ("runs_lost", "runs_refused", "workers_killed", "web_hooks_dropped", "callbacks_failed", "submits_hung_up_on")
    assert [name for name in met if not result.facts[name]] == []


def test_a_sweep_drains_what_is_overdue_of_every_kind_over_all_shards() -> None:
    drained = asyncio.run(drain.measure(48, lambda _: None))
    assert drained.left == [0]
    assert set(drained.written) == set(range(8))


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict(0, 0, 0, 0)),
        ({"keys": 3}, Verdict(1, 0, 0, 0)),
        ({"listed": {"a": "COMPLETED"}}, Verdict(1, 0, 1, 0)),
        ({"listed": LISTED | {"c": "COMPLETED"}}, Verdict(0, 1, 0, 0)),
        ({"listed": LISTED | {"a": "FAILED"}}, Verdict(0, 0, 1, 0)),
        ({"ends": {"a": 2, "b": 1}}, Verdict(0, 0, 1, 0)),
        ({"ends": {"a": 1}}, Verdict(0, 0, 1, 0)),
        ({"told": CALLBACKS | {"a": told(FAILED)}}, Verdict(0, 0, 0, 1)),
        ({"told": CALLBACKS | {"a": told(COMPLETED, FAILED)}}, Verdict(0, 0, 0, 1)),
        ({"told": CALLBACKS | {"a": told(COMPLETED, ids=2)}}, Verdict(0, 0, 0, 1)),
        ({"told": CALLBACKS | {"a": told(COMPLETED, accepted=0)}}, Verdict(0, 0, 0, 1)),
        ({"unverified": 1}, Verdict(0, 0, 0, 1)),
    ],
)
def test_the_judge_sees_it(changed: dict[str, object], verdict: Verdict) -> None:
    seen = {"outcomes": OUTCOMES, "keys": KEYS, "listed": LISTED, "ends": ENDS, "told": CALLBACKS, "unverified": 0}
    assert judge(**seen | changed) == verdict  # type: ignore[arg-type]


def test_every_target_belongs_to_a_part_of_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--only", "nonsense"])
    assert "unknown: nonsense" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        bench.main(["--help"])
    assert ",".join(dict.fromkeys(target.operation for target in LOAD.values())) in capsys.readouterr().out
