"""Must hold 7: thirty jobs at once through two workers."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.support.system import System, Web

JOBS = 30
FIELDS: dict[str, Any] = {"size": "64x64", "duration": 0.2, "frame_rate": 10}


def test_thirty_jobs_at_once(
    system: System, site: Web, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(system.executions())
    with ThreadPoolExecutor(JOBS) as pool:
        jobs = list(pool.map(lambda _: system.submit("img2vid", url_image=site("photo.jpg"), **FIELDS), range(JOBS)))
    waiting = {job["job_id"] for job in jobs}
    assert len(waiting) == JOBS
    seen: dict[str, float] = {}
    settled_by: Counter[str] = Counter()
    until = time.monotonic() + 120
    while waiting and time.monotonic() < until:
        for job in system.call("GET", "/jobs?limit=100")[1]["jobs"]:
            if job["job_id"] in waiting and job["status"] == "COMPLETED":
                seen[job["job_id"]] = time.time()
                settled_by[job["execution"]["settled_by"]] += 1
                waiting.discard(job["job_id"])
        time.sleep(0.02)
    assert not waiting
    executions = system.executions()[before:]
    assert len(executions) == JOBS
    assert {e["status"] for e in executions} == {"COMPLETED"}
    lags = sorted(_lags(executions, seen))
    median = statistics.median(lags) * 1000
    with capsys.disabled():
        print(f"\n  worker done -> COMPLETED readable: p50 {median:.0f} ms, max {lags[-1] * 1000:.0f} ms")
        print(f"  settled by {dict(settled_by)}")


def _lags(executions: list[dict[str, Any]], seen: dict[str, float]) -> list[float]:
    """Seconds from RunPod's end of each execution to a client's first reading of COMPLETED, in order of ending."""
    done = sorted(_seconds(e) for e in executions)
    return [max(0.0, b - a) for a, b in zip(done, sorted(seen.values()), strict=True)]


def _seconds(execution: dict[str, Any]) -> float:
    ended = execution.get("endedAt") or execution.get("ended_at") or execution.get("completedAt")
    assert ended is not None, execution
    return datetime.fromisoformat(ended).timestamp() if isinstance(ended, str) else float(ended)
