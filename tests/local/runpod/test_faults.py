"""Faults of the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from local.runpod.faults import Faults, UnknownFaultError


def test_fault_without_a_count_stays_until_cleared() -> None:
    faults = Faults()
    faults.set({"run": "503"})
    assert [faults.use("run").mode for _ in range(3)] == ["503"] * 3  # type: ignore[union-attr]
    faults.clear()
    assert faults.use("run") is None


def test_fault_with_a_count_is_used_up() -> None:
    faults = Faults()
    faults.set({"webhook": {"mode": "delay", "times": 2, "seconds": 9}})
    first = faults.use("webhook")
    assert first is not None
    assert first.seconds(3.0) == 9
    assert faults.peek("webhook") is not None
    assert faults.use("webhook") is not None
    assert faults.use("webhook") is None


def test_fault_with_every_three_takes_its_modes_in_turn() -> None:
    faults = Faults()
    faults.set({"run": {"mode": ["503", "timeout"], "every": 3}})
    met = [faults.use("run") for _ in range(9)]
    assert [fault and fault.mode for fault in met] == [None, None, "503", None, None, "timeout", None, None, "503"]


@pytest.mark.parametrize(
    "body",
    [[], "x", {"run": {"mode": []}}, {"run": {"mode": ["503", "502"]}}, {"run": {"mode": "503", "every": 0}},
     {"runn": "503"}, {"run": "502"}, {"run": None}, {"run": {"mode": "503", "times": 0}},
     {"run": {"mode": "503", "times": True}}, {"run": {"mode": "timeout", "seconds": -1}},
     {"run": {"mode": "503", "tims": 1}}],
)  # fmt: skip
def test_unknown_faults_are_refused(body: Any) -> None:
    faults = Faults()
    with pytest.raises(UnknownFaultError):
        faults.set(body)
    assert faults.as_json() == {}


def test_faults_are_set_all_or_none() -> None:
    faults = Faults()
    with pytest.raises(UnknownFaultError, match="accept_then_reset"):
        faults.set({"webhook": "drop", "run": "nonsense"})
    assert faults.as_json() == {}
