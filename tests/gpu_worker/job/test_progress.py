"""Send progress reports: in order, at intervals, and never after the job."""

from __future__ import annotations

import asyncio
import time
from itertools import count, pairwise

import aiohttp
import pytest

from contract.limits import PROGRESS_INTERVAL_SECONDS
from contract.messages import ProgressReport
from gpu_worker.job.progress import Progress, ProgressReporter, initial_sequence, known_runpod_id
from tests.support.fake_network import FakeNetwork


def send_reports(network: FakeNetwork, number: int, interval: float) -> ProgressReporter:
    """Report until `number` reports have arrived, and check that none arrives after the block."""

    async def run() -> ProgressReporter:
        async with network.open(), aiohttp.ClientSession() as session:
            reporter = ProgressReporter(session, f"{network.base}/progress/j/t", 2, "r-1", interval=interval)
            async with reporter.running():
                for step in count():
                    if len(network.reports) >= number:
                        break
                    await asyncio.sleep(interval / 2)
                    reporter.progress.update("encode", step / 20)
                # Enough time for a reporter that ignores a stop to send more.
                await asyncio.sleep(3 * interval)
            at_end = len(network.reports)
            await asyncio.sleep(3 * interval)
            assert len(network.reports) == at_end
            return reporter

    return asyncio.run(run())


def test_first_report_is_immediate_and_others_follow_at_intervals() -> None:
    network = FakeNetwork()
    began = time.monotonic()
    send_reports(network, 5, 0.1)
    assert 5 <= len(network.reports) <= 1 + (time.monotonic() - began) / 0.1
    # Each report is sent one interval after the reply to the previous one, however late that is.
    gaps = [b - a for a, b in pairwise(network.report_times)]
    assert min(gaps) > 0.08
    assert [r["seq"] for r in network.reports] == list(range(1, len(network.reports) + 1))
    percents = [r["percent"] for r in network.reports]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert {r["attempt"] for r in network.reports} == {2}
    assert {r["runpod_job_id"] for r in network.reports} == {"r-1"}


def test_slow_gateway_gets_one_report_at_a_time() -> None:
    network = FakeNetwork(report_delay=0.3)
    send_reports(network, 3, 0.01)
    gaps = [b - a for a, b in pairwise(network.report_times)]
    assert min(gaps) > 0.29


def test_stop_reply_ends_the_reports() -> None:
    network = FakeNetwork(reply={"stop": True, "later": 1})
    reporter = send_reports(network, 1, 0.05)
    assert reporter.stop.is_set()
    assert len(network.reports) == 1


@pytest.mark.parametrize("reply", [{"stop": "maybe"}, {}, {"other": 1}])
def test_unexpected_replies_are_ignored(reply: dict[str, object]) -> None:
    network = FakeNetwork(reply=reply)
    assert not send_reports(network, 2, 0.05).stop.is_set()


def test_unreachable_gateway_is_ignored() -> None:
    async def run() -> bool:
        async with aiohttp.ClientSession() as session:
            reporter = ProgressReporter(session, "http://127.0.0.1:9/progress", 1, None, interval=0.05)
            async with reporter.running():
                await asyncio.sleep(0.2)
            return reporter.stop.is_set()

    assert asyncio.run(run()) is False


def test_percent_covers_all_stages_and_never_decreases() -> None:
    progress = Progress()
    seen = []
    for stage, done in (("fetch", 0.5), ("fetch", 1), ("probe", 0), ("probe", 0.5), ("encode", 0.5), ("encode", 0.2),
                        ("encode", 7), ("verify", 0), ("publish", 0.5), ("publish", 1), ("encode", 0)):  # fmt: skip
        progress.update(stage, done)  # type: ignore[arg-type]
        seen.append((progress.stage, progress.percent))
    assert seen == [
        ("fetch", 5), ("fetch", 10), ("probe", 10), ("probe", 15), ("encode", 55), ("encode", 55), ("encode", 90),
        ("verify", 90), ("publish", 94), ("publish", 99), ("publish", 99),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "known"), [("a-b_C9", "a-b_C9"), ("a/b", None), ("", None), (7, None), ("x" * 129, None)]
)
def test_malformed_runpod_ids_are_dropped(given: object, known: str | None) -> None:
    assert known_runpod_id(given) == known


def test_repeated_execution_starts_with_higher_numbers() -> None:
    """RunPod repeats an attempt after a worker has died; reports are at least 5 s apart."""
    deadline, began = 1_800_003_600.0, 1_800_000_000.0
    first = initial_sequence(deadline, began)
    sent = 60
    assert initial_sequence(deadline, began + sent * PROGRESS_INTERVAL_SECONDS) > first + sent
    for late in (-(10**7), 0, 3600, 10**9):
        last = initial_sequence(deadline, deadline + late) + 3 * 3600
        assert ProgressReport(attempt=1, seq=last + 1, percent=1, stage="fetch").seq == last + 1
