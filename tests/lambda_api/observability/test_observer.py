"""Metrics that are sent, as CloudWatch reads them from the log (embedded metric format)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambda_api.domain.job import Callback, CallbackStatus, Job, State
from lambda_api.observability.metrics import count, instrument
from lambda_api.observability.observer import PowertoolsObserver
from tests.support.examples import job, manifest
from tests.support.gateway import context


def finished_job(encoder: str | None, video_mode: str = "encode", price: float | None = 0.0002) -> Job:
    execution = manifest().execution.model_copy(update={"encoder": encoder, "video_mode": video_mode})
    return job(state=State.COMPLETED, execution=execution, price_per_second=price, started_at=job().created_at + 1500)


def read_metrics(change: Any, capsys: pytest.CaptureFixture[str]) -> dict[str, list[float]]:
    instrument(lambda event, context: change())({}, context())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return {name: value for line in lines for name, value in line.items() if isinstance(value, list)}


def test_finished_job_logs_times_cost_and_encoder(capsys: pytest.CaptureFixture[str]) -> None:
    after = finished_job("h264_nvenc")
    result = read_metrics(
        lambda: PowertoolsObserver().job_changed(replace(after, state=State.IN_PROGRESS), after), capsys
    )
    # 4.2 s are billed as 5.
    assert result["GpuUsd"] == [pytest.approx(0.001)]
    assert (result["JobsCompleted"], result["QueueTime"], result["ExecutionTime"]) == ([1], [1500], [4200])
    assert (result["GpuEncodes"], "CpuEncodes" in result) == ([1], False)


@pytest.mark.parametrize(
    ("after", "names"),
    [(finished_job("libx264"), {"CpuEncodes", "GpuUsd"}), (finished_job(None, "copy"), {"GpuUsd"}),
     (finished_job("libx264", price=None), {"CpuEncodes"})],
)  # fmt: skip
def test_jobs_without_an_encode_send_no_encode_metric(
    after: Job, names: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    result = read_metrics(
        lambda: PowertoolsObserver().job_changed(replace(after, state=State.IN_PROGRESS), after), capsys
    )
    assert {"GpuEncodes", "CpuEncodes", "GpuUsd"} & set(result) == names


@pytest.mark.parametrize(
    ("status", "name"),
    [(CallbackStatus.PENDING, "CallbackPending"), (CallbackStatus.GIVEN_UP, "CallbackGivenUp"),
     (CallbackStatus.DELIVERED, "CallbackDelivered")],
)  # fmt: skip
def test_each_attempt_counts_also_with_the_result_of_the_one_before(
    status: CallbackStatus, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A host that was unreachable all the time is given up with the result that it always had."""
    claimed = Callback(url="https://c.example/", attempts=9, next_at=9, body="{}", last_result="unreachable")
    before = replace(finished_job(None), callback=claimed)
    after = replace(before, callback=replace(claimed, status=status, next_at=None))
    result = read_metrics(lambda: PowertoolsObserver().job_changed(before, after), capsys)
    assert result[name] == [1]


def test_change_that_is_no_attempt_counts_none(capsys: pytest.CaptureFixture[str]) -> None:
    before = replace(finished_job(None), callback=Callback(url="https://c.example/", last_result="http_500"))
    result = read_metrics(lambda: PowertoolsObserver().job_changed(before, replace(before, percent=5)), capsys)
    assert [name for name in result if name.startswith("Callback")] == []


def test_nothing_is_sent_for_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert "JobsOverdue" not in read_metrics(lambda: count("JobsOverdue", 0), capsys)
    assert read_metrics(lambda: count("JobsOverdue", 2), capsys)["JobsOverdue"] == [2]
