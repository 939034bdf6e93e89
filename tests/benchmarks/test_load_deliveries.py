"""The load bench of deliveries: at a small scale the log is complete, and violations are reported."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from standardwebhooks import Webhook

from benchmarks.load.deliveries import run as deliveries
from benchmarks.load.deliveries.jobs import turn_of
from benchmarks.load.deliveries.readers import verifies
from benchmarks.load.deliveries.verdict import Entry, Finished, Seen, Verdict, judge, stamp
from local.settings import CALLBACK_SECRET

Change = Callable[[Seen], Any]


def entry(job_id: str, attempt: int = 1, result: str = "http_204", **changed: Any) -> dict[str, Any]:
    headers = {"webhook-id": f"msg_{job_id}", "webhook-timestamp": str(attempt), "webhook-signature": f"v1,{job_id}"}
    known = {"delivery_id": f"dlv_{job_id}_end_{attempt}", "job_id": job_id, "result": result, "headers": headers}
    return known | {"body": "{}"} | changed


def make_seen() -> Seen:
    """Two owners: one callback that arrived at the second attempt, one that is held."""
    logs: dict[str, list[Entry]] = {
        "local": [entry("a", 2), entry("a", 1, "http_500")],
        "other": [entry("b", 1, "held")],
    }
    return Seen(
        jobs=[Finished("a", "local"), Finished("b", "other")],
        callbacks={"a": ("DELIVERED", "http_204"), "b": ("HELD", "held")},
        accepted={"a": 1},
        posts=Counter(map(stamp, logs["local"])),
        listed=logs,
        followed={owner: list(reversed(entries)) for owner, entries in logs.items()},
    )


def log_in_both(seen: Seen, owner: str, *entries: dict[str, Any]) -> None:
    for log in (seen.listed, seen.followed):
        log[owner] = [*log[owner], *entries]


def refuse_all(seen: Seen, result: str = "http_204") -> None:
    seen.accepted = {}
    seen.callbacks["a"] = ("DELIVERED", result)


def count(name: str, seen: Seen) -> None:
    setattr(seen, name, 1)


def forget(seen: Seen, *names: str) -> None:
    for log in (seen.listed, seen.followed):
        for owner, entries in log.items():
            log[owner] = [one for one in entries if one["delivery_id"] not in names]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda _: None, Verdict(0, 0, 0, 0, 0)),
        (lambda seen: seen.callbacks.update(a=("PENDING", "http_500")), Verdict(1, 0, 0, 0, 0)),
        (lambda seen: seen.callbacks.pop("b"), Verdict(1, 0, 0, 0, 0)),
        (refuse_all, Verdict(1, 0, 0, 0, 0)),
        (lambda seen: refuse_all(seen, "http_409"), Verdict(0, 0, 0, 0, 0)),
        (lambda seen: seen.jobs.append(Finished("c", "local")), Verdict(1, 0, 0, 0, 0)),
        (lambda seen: forget(seen, "dlv_b_end_1"), Verdict(1, 0, 0, 0, 0)),
        (lambda seen: seen.jobs.__setitem__(1, Finished("b", "other", requested=1)), Verdict(1, 0, 0, 0, 0)),
        (lambda seen: forget(seen, "dlv_a_end_1"), Verdict(0, 1, 0, 0, 0)),
        (lambda seen: seen.posts.update([stamp(entry("a", 3))]), Verdict(0, 1, 0, 0, 0)),
        (lambda seen: seen.posts.update([stamp(entry("a", 2))]), Verdict(0, 1, 0, 0, 0)),
        (lambda seen: seen.followed["other"].clear(), Verdict(0, 1, 0, 0, 0)),
        (lambda seen: seen.listed["local"].append(entry("a", 2)), Verdict(0, 0, 2, 0, 0)),
        (lambda seen: seen.followed["local"].append(entry("a", 2)), Verdict(0, 0, 1, 0, 0)),
        (lambda seen: log_in_both(seen, "local", entry("a", 3)), Verdict(0, 0, 1, 0, 0)),
        (lambda seen: log_in_both(seen, "local", entry("a", 3, "unreachable")), Verdict(0, 0, 0, 0, 0)),
        (lambda seen: log_in_both(seen, "local", entry("b", 2, "held")), Verdict(0, 0, 0, 2, 0)),
        (partial(count, "strayed"), Verdict(0, 0, 0, 1, 0)),
        (partial(count, "unverified"), Verdict(0, 0, 0, 0, 1)),
        (partial(count, "forged"), Verdict(0, 0, 0, 0, 1)),
        (lambda seen: seen.followed.update(other=[entry("b", 1, "held", body="[]")]), Verdict(0, 0, 0, 0, 1)),
    ],
)
def test_violations_are_reported(change: Change, verdict: Verdict) -> None:
    seen = make_seen()
    change(seen)
    assert judge(seen) == verdict


def test_entry_is_verified_with_its_stored_body() -> None:
    body, now = '{"text": "Ünïcode 🎬"}', datetime.now(UTC)
    signature = Webhook(CALLBACK_SECRET).sign("msg_a", now, body)
    headers = {"webhook-id": "msg_a", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    verifier = Webhook(CALLBACK_SECRET)
    assert verifies(verifier, {"headers": headers, "body": body})
    assert not verifies(verifier, {"headers": headers, "body": body + " "})
    assert not verifies(verifier, {"headers": {}, "body": body})


def test_messages_of_some_jobs_are_forgotten_or_sent_twice() -> None:
    turns = [turn_of(number) for number in range(200)]
    assert {(turn.is_held, turn.messages) for turn in turns} == {(held, n) for held in (True, False) for n in range(3)}
    assert {turn.target == "" for turn in turns} == {True, False}


def test_log_is_complete_while_receivers_fail() -> None:
    result = asyncio.run(
        deliveries.measure(deliveries.Plan(60, 12, sweep_seconds=1.0, follow_seconds=0.5), lambda _: None)
    )
    assert result.verdict == Verdict(0, 0, 0, 0, 0), result.facts
    assert set(result.facts["results"]) >= {"held", "http_204", "http_409", "http_500"}
    assert (result.facts["redelivered"], result.facts["foreign_tries"]) == (2, 4)
