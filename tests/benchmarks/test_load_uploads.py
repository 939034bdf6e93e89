"""The load bench of uploads: at a small scale nothing is lost, and violations are reported."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benchmarks.load.uploads import run as uploads
from benchmarks.load.uploads.fates import EACH, UNSENT, Fate, fate_of, has_checksum, is_first_owner
from benchmarks.load.uploads.send import make_file
from benchmarks.load.uploads.verdict import Attempt, Kind, Record, Seen, Verdict, judge


def sent(name: str, owner: str = "local", **changed: Any) -> Record:
    known: dict[str, Any] = {
        "announcements": 1,
        "upload_id": f"id-{name}",
        "sent": True,
        "states": {"ready"},
        "intact": True,
    }
    return Record(name, owner, **(known | changed))


UNUSED: dict[str, Any] = {"sent": False, "states": {"waiting"}, "intact": False}


@pytest.mark.parametrize(
    ("record", "rows", "attempts", "verdict"),
    [
        (sent("a"), {"id-a"}, [], Verdict(0, 0, 0, 0)),
        (sent("a", states={"ready", "waiting"}), {"id-a"}, [], Verdict(1, 0, 0, 0)),
        (sent("a", states=set()), {"id-a"}, [], Verdict(1, 0, 0, 0)),
        (sent("a", intact=False), {"id-a"}, [], Verdict(1, 0, 0, 0)),
        (sent("a"), set(), [], Verdict(1, 0, 0, 0)),
        (sent("a"), {"id-a", "id-b"}, [], Verdict(0, 1, 0, 0)),
        (sent("a", announcements=2), {"id-a", "id-b"}, [], Verdict(0, 0, 0, 0)),
        (sent("a", announcements=2), {"id-a"}, [], Verdict(0, 0, 0, 0)),
        (sent("a", **UNUSED), {"id-a"}, [], Verdict(0, 0, 0, 0)),
        (sent("a", **UNUSED | {"states": {"waiting", "ready"}}), {"id-a"}, [], Verdict(0, 0, 0, 1)),
        (sent("a"), {"id-a"}, [Attempt(Kind.FOREIGN, "read", True)], Verdict(0, 0, 1, 0)),
        (sent("a"), {"id-a"}, [Attempt(Kind.INCOMPLETE, "submitted", True)], Verdict(0, 0, 0, 1)),
        (sent("a"), {"id-a"}, [Attempt(kind, "refused", False) for kind in Kind], Verdict(0, 0, 0, 0)),
    ],
)
def test_violations_are_reported(record: Record, rows: set[str], attempts: list[Attempt], verdict: Verdict) -> None:
    assert judge(Seen([record], attempts, {("local", "a"): rows})) == verdict


def test_announcements_with_the_same_id_are_doubled() -> None:
    both = [sent("a", upload_id="x"), sent("b", upload_id="x")]
    assert judge(Seen(both, [], {("local", "a"): {"x"}, ("local", "b"): {"x"}})) == Verdict(0, 1, 0, 0)


def test_row_of_another_owner_is_not_that_of_the_announcement() -> None:
    assert judge(Seen([sent("a")], [], {("other", "a"): {"id-a"}})) == Verdict(1, 1, 0, 0)


def test_every_fate_meets_both_owners_in_a_quick_run() -> None:
    numbers = range(2 * EACH)
    for first in (True, False):
        assert {fate_of(number) for number in numbers if is_first_owner(number) is first} == set(Fate)
    forged = {Fate.FORGED, Fate.ONLY_FORGED}
    assert all(has_checksum(number) for number in numbers if fate_of(number) in forged)
    assert forged | {Fate.ONLY_HALF, Fate.NEVER} >= UNSENT


def test_files_differ_and_can_be_made_again() -> None:
    small, large = make_file("1.mp4"), make_file("1.mp4", 3_000_001)
    assert (make_file("1.mp4"), make_file("2.mp4") == small) == (small, False)
    assert 1_000 <= len(small) <= 40_000
    assert (len(large), large[: 2**20] == large[2**20 : 2**21]) == (3_000_001, False)


def test_no_upload_is_lost_or_accepted_without_its_bytes() -> None:
    result = asyncio.run(uploads.measure(uploads.Plan(uploads=2 * EACH, clients=8, large=0), lambda _: None))
    assert result.verdict == Verdict(0, 0, 0, 0), result.facts
    assert result.facts["read_through_orders"] > 10
    assert result.facts["sent"] == sum(fate_of(number) not in UNSENT for number in range(2 * EACH))
