"""The load bench at a small scale: with faults everywhere nothing is lost, duplicated or wrong.

And it reports violations.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from datetime import UTC, datetime
from types import SimpleNamespace

import aiohttp
import pytest
from standardwebhooks import Webhook

from benchmarks.load import __main__ as bench
from benchmarks.load import crowd, drain, latency
from benchmarks.load.clients import Outcome, Plan
from benchmarks.load.crowd import Verdict, judge
from benchmarks.load.receiver import JobCallbacks, Receiver
from benchmarks.load.watch import EventCounter, growth, percentile, waits
from benchmarks.load_targets import LOAD
from local.servers import Server, bind
from local.settings import CALLBACK_SECRET
from tests.local.support import eventually

KEYS = 2


def callbacks(*bodies: str, ids: int = 1, accepted: int = 1, repeats: int = 0) -> JobCallbacks:
    return JobCallbacks({f"msg-{n}" for n in range(ids)}, set(bodies), len(bodies), accepted, repeats)


COMPLETED, FAILED = (json.dumps({"status": status}) for status in ("COMPLETED", "FAILED"))
OUTCOMES = [Outcome("k1", "a", "COMPLETED"), Outcome("k2", "b", "FAILED")]
LISTED = {"a": "COMPLETED", "b": "FAILED"}
ENDS = {"a": 1, "b": 1}
CALLBACKS = {"a": callbacks(COMPLETED), "b": callbacks(FAILED)}


def test_crowd_loses_no_job_with_injected_failures() -> None:
    result = asyncio.run(crowd.measure(Plan(clients=12, jobs=30, kill_each=4), lambda _: None))
    assert result.verdict == Verdict(0, 0, 0, 0, 0), result.facts
    met = ("runs_lost", "runs_refused", "workers_killed", "webhooks_dropped", "callbacks_failed", "submits_abandoned")
    assert [name for name in met if not result.facts[name]] == []


def test_sweep_drains_overdue_jobs_of_every_kind_and_shard() -> None:
    drained = asyncio.run(drain.measure(48, lambda _: None))
    assert (drained.left, drained.missing_callbacks) == ([0], 0)
    assert set(drained.written) == set(range(8))


def test_callbacks_follow_the_ends_of_jobs() -> None:
    waited = asyncio.run(latency.measure(3, lambda _: None))
    assert (len(waited), waited[-1] < 10) == (3, True)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict(0, 0, 0, 0, 0)),
        ({"keys": 3}, Verdict(1, 0, 0, 0, 0)),
        ({"listed": {"a": "COMPLETED"}}, Verdict(1, 0, 1, 0, 0)),
        ({"listed": LISTED | {"c": "COMPLETED"}}, Verdict(0, 1, 0, 0, 0)),
        ({"listed": LISTED | {"a": "FAILED"}}, Verdict(0, 0, 1, 0, 0)),
        ({"ends": {"a": 2, "b": 1}}, Verdict(0, 0, 1, 0, 0)),
        ({"ends": {"a": 1}}, Verdict(0, 0, 1, 0, 0)),
        ({"callbacks": CALLBACKS | {"a": callbacks(FAILED)}}, Verdict(0, 0, 0, 1, 0)),
        ({"callbacks": CALLBACKS | {"a": callbacks(COMPLETED, FAILED)}}, Verdict(0, 0, 0, 1, 0)),
        ({"callbacks": CALLBACKS | {"a": callbacks(COMPLETED, ids=2)}}, Verdict(0, 0, 0, 1, 0)),
        ({"callbacks": CALLBACKS | {"a": callbacks(COMPLETED, accepted=0)}}, Verdict(0, 0, 0, 1, 0)),
        ({"callbacks": CALLBACKS | {"a": callbacks(COMPLETED, accepted=2, repeats=1)}}, Verdict(0, 0, 0, 0, 1)),
        ({"unverified": 1}, Verdict(0, 0, 0, 1, 0)),
    ],
)
def test_violations_are_reported(changed: dict[str, object], verdict: Verdict) -> None:
    seen = {"outcomes": OUTCOMES, "keys": KEYS, "listed": LISTED, "ends": ENDS, "callbacks": CALLBACKS, "unverified": 0}
    assert judge(**seen | changed) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(("resets", "repeats"), [(False, 1), (True, 0)])
def test_receiver_records_whether_its_answer_arrived(resets: bool, repeats: int) -> None:
    """A repeated callback is a violation if the last response arrived, and none if it was lost."""

    async def run() -> JobCallbacks:
        receiver = Receiver(CALLBACK_SECRET, fail_each=100)
        server = Server(receiver.app, bind())
        await server.start()
        try:
            if resets:
                await reset_connection(receiver, server.url)
            else:
                await post(server.url)
            await post(server.url)
        finally:
            await server.stop()
        return receiver.callbacks["j"]

    found = asyncio.run(run())
    assert (found.tries, found.accepted, found.repeats) == (2, 2, repeats)


BODY = '{"job_id": "j", "status": "COMPLETED"}'


def signed() -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(CALLBACK_SECRET).sign("msg_j", now, BODY)
    return {"webhook-id": "msg_j", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


async def post(url: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/callback", data=BODY, headers=signed()) as answer,
    ):
        assert answer.status == 204


async def reset_connection(receiver: Receiver, url: str) -> None:
    """Send a callback and reset the connection after the request was read and before the response."""
    host, port = url.removeprefix("http://").split(":")
    caller, verifier = socket.create_connection((host, int(port))), receiver.verifier
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def verify(body: str, headers: dict[str, str]) -> object:
        caller.close()
        return verifier.verify(body, headers)

    receiver.verifier = SimpleNamespace(verify=verify)  # type: ignore[assignment]
    head = "".join(f"{name}: {text}\r\n" for name, text in {**signed(), "Content-Length": str(len(BODY))}.items())
    caller.sendall(f"POST /callback HTTP/1.1\r\nHost: x\r\n{head}\r\n{BODY}".encode())
    await eventually(lambda: receiver.callbacks["j"].accepted == 1)
    receiver.verifier = verifier


def test_wait_runs_from_the_first_end_to_the_first_callback() -> None:
    times = iter((1.0, 5.0))
    events = EventCounter(clock=lambda: next(times))
    line = {"level": "INFO", "message": "job_changed", "job_id": "a", "state": "COMPLETED"}
    for change in (line | {"state": "IN_PROGRESS"}, line, line | {"job_id": "b"}):
        events.line("webhook", json.dumps(change))
    # The log of b's end came after its callback; c's end was not seen, and d has no callback.
    assert waits(events.ended_at | {"d": 1.0}, {"a": 1.5, "b": 4.0, "c": 2.0}) == [0.0, 0.5]


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 2), (75, 3), (95, 4), (100, 4)])
def test_percentile_is_a_measured_value(percent: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], percent) == value


def test_log_counts_callbacks_by_their_last_status() -> None:
    called: list[None] = []
    events = EventCounter(attempted=lambda: called.append(None))
    for status in ("PENDING", "DELIVERED"):
        line = {"level": "INFO", "message": "callback_attempted", "job_id": "a", "callback": status}
        events.line("callbacks", json.dumps(line))
    assert (events.callbacks, len(called)) == ({"a": "DELIVERED"}, 2)


def test_memory_growth_reports_the_largest_next_to_the_median() -> None:
    before = {1: 100, 2: 100, 3: 100, 4: 100}
    assert growth(before, {1: 100, 2: 101, 3: 300, 5: 900}) == (1.01, 3.0)


def test_every_target_belongs_to_a_part_of_the_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--only", "nonsense"])
    assert "unknown: nonsense" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        bench.main(["--help"])
    assert ",".join(dict.fromkeys(target.operation for target in LOAD.values())) in capsys.readouterr().out
