"""The canary: what it measures, what it restores, what it leaves alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambda_api.entrypoints import runpod_endpoint
from lambda_api.observability.logs import logger
from tests.support.gateway import context, golden
from tests.support.runpod import KEY, Management, management


@pytest.fixture
def runpod(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Management]:
    with management(tmp_path) as running:
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        monkeypatch.setenv("RUNPOD_MANAGEMENT_URL", running.url)
        monkeypatch.setenv("ENDPOINT_OWNED", "true")
        monkeypatch.setenv("ENDPOINT_WORKERS_MAX", "10")
        yield running


def set_workers_max(runpod: Management, workers_max: int) -> None:
    workers = {"min": 0, "max": workers_max, "idleTimeout": 7}
    runpod.emulator.endpoints.update("local", {"workers": workers})


def run_canary(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the result and the metrics by name (CloudWatch's embedded metric format)."""
    capsys.readouterr()
    facts: dict[str, Any] = runpod_endpoint.handler({"endpoint_id": "local"}, context())
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    values = {
        metric["Name"]: line[metric["Name"]][0]
        for line in written
        for metrics in line["_aws"]["CloudWatchMetrics"]
        for metric in metrics["Metrics"]
        if metric["Name"].startswith("Endpoint")
    }
    return facts, values


def read_workers(runpod: Management) -> dict[str, Any]:
    endpoint = runpod.emulator.endpoints.get("local")
    assert endpoint is not None
    workers: dict[str, Any] = endpoint["workers"]
    return workers


def test_healthy_endpoint_is_left_alone(runpod: Management, capsys: pytest.CaptureFixture[str]) -> None:
    set_workers_max(runpod, 10)
    assert run_canary(capsys)[1] == {"EndpointWorkersMax": 10, "EndpointUnhealthyWorkers": 0}


@pytest.mark.fault("C12")
@pytest.mark.parametrize("workers_max", [0, 2])
def test_scaled_down_endpoint_is_scaled_up_again(
    runpod: Management, capsys: pytest.CaptureFixture[str], workers_max: int
) -> None:
    set_workers_max(runpod, workers_max)
    facts, metrics = run_canary(capsys)
    assert facts["revived"]
    assert metrics == {"EndpointWorkersMax": 10, "EndpointUnhealthyWorkers": 0, "EndpointRevived": 1}
    assert read_workers(runpod) == {"min": 0, "max": 10, "idleTimeout": 7}


def test_higher_worker_limit_is_left_alone(runpod: Management, capsys: pytest.CaptureFixture[str]) -> None:
    set_workers_max(runpod, 20)
    assert run_canary(capsys)[1]["EndpointWorkersMax"] == 20


def test_endpoint_of_another_owner_is_only_read(
    runpod: Management, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENDPOINT_OWNED", "false")
    set_workers_max(runpod, 0)
    assert run_canary(capsys)[1] == {"EndpointWorkersMax": 0, "EndpointUnhealthyWorkers": 0}
    assert read_workers(runpod)["max"] == 0


@pytest.mark.fault("C12")
def test_worker_limit_is_not_raised_while_workers_are_unhealthy(
    runpod: Management, capsys: pytest.CaptureFixture[str]
) -> None:
    set_workers_max(runpod, 0)
    runpod.faults(worker="unhealthy")
    assert run_canary(capsys)[1] == {"EndpointWorkersMax": 0, "EndpointUnhealthyWorkers": 1}
    assert read_workers(runpod)["max"] == 0


def test_missing_endpoint_reports_no_workers(runpod: Management) -> None:
    result = runpod_endpoint.handler(golden("endpoint_schedule"), context())
    assert (result["endpoint_id"], result["workers_max"]) == ("4m7x2k9q", 0)


def test_silent_runpod_sends_no_metric(runpod: Management, capsys: pytest.CaptureFixture[str]) -> None:
    """The alarm treats missing data as a breach."""
    runpod.faults(endpoint_read="500")
    facts, metrics = run_canary(capsys)
    assert (facts["failure"], metrics) == ("RunPod failed (500)", {})


def test_failed_restore_reports_the_current_limit(runpod: Management, capsys: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()
    before = logger.registered_handler.setStream(log)
    set_workers_max(runpod, 0)
    runpod.faults(endpoint_update="400")
    facts, metrics = run_canary(capsys)
    logger.registered_handler.setStream(before)
    assert (facts["revived"], facts["failure"]) == (False, "RunPod refused (400): fault injected")
    assert metrics == {"EndpointWorkersMax": 0, "EndpointUnhealthyWorkers": 0}
    assert "endpoint_scaled_down" in log.getvalue()
    assert KEY not in log.getvalue()
