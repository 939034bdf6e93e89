"""Concurrent jobs through two workers, and the time until their results are readable."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from tests.support.system import Job, System, Web

JOBS = 12
FIELDS: dict[str, Any] = {"size": "64x64", "duration": 0.2, "frame_rate": 10}
_ENDED = re.compile(r"(\S+) emulator .*COMPLETED .*runpod_job_id=(\S+)")
_DELIVERED = re.compile(r"(\S+) emulator .*webhook delivered .*runpod_job_id=(\S+)")


def test_concurrent_jobs_complete_once(system: System, site: Web, capsys: pytest.CaptureFixture[str]) -> None:
    before = {execution["id"] for execution in system.executions()}

    def submit(_: int) -> Job:
        return system.submit("img2vid", url_image=site("photo.jpg"), **FIELDS)

    with ThreadPoolExecutor(JOBS) as pool:
        job_ids = [job["job_id"] for job in pool.map(submit, range(JOBS))]
    assert len(set(job_ids)) == JOBS
    finished = [system.wait(job_id, seconds=120) for job_id in job_ids]
    assert {job["status"] for job in finished} == {"COMPLETED"}
    executions = [execution for execution in system.executions() if execution["id"] not in before]
    assert [execution["status"] for execution in executions] == ["COMPLETED"] * JOBS
    settled_by = Counter(job["execution"]["settled_by"] for job in finished)
    lags = _lags(system, {execution["id"] for execution in executions})
    with capsys.disabled():
        print(f"\n  worker done -> COMPLETED readable: p50 {statistics.median(lags):.0f} ms, max {max(lags):.0f} ms")
        print(f"  settled by {dict(settled_by)}")


def _lags(system: System, executions: set[str]) -> list[float]:
    """Return the milliseconds from the end of an execution to the webhook's 200, when clients read COMPLETED."""
    ended = _times(system, _ENDED)
    return [
        (at - ended[execution]).total_seconds() * 1000
        for execution, at in _times(system, _DELIVERED).items()
        if execution in executions
    ]


def _times(system: System, pattern: re.Pattern[str]) -> dict[str, datetime]:
    found = filter(None, map(pattern.match, system.log))
    return {match[2]: datetime.strptime(match[1], "%H:%M:%S.%f") for match in found}  # noqa: DTZ007
