"""The unmodified runpod SDK against the emulator, in real processes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import psutil

from local.runpod.jobs.job import Policy, Submission
from tests.local.support import EmulatorClient, eventually, find_processes_in, has_exited, running_emulator


def _notes(tmp_path: Path) -> Path:
    notes = tmp_path / "notes"
    notes.mkdir()
    return notes


def _runs(notes: Path) -> list[str]:
    return (notes / "runs").read_text().split() if (notes / "runs").exists() else []


def test_every_kind_of_result_and_scaling_down_to_zero(tmp_path: Path) -> None:
    """One worker: returns, fails, raises, returns nothing, is cancelled; then 0 processes and 0 directories."""
    notes = _notes(tmp_path)

    async def scenario() -> None:
        async with running_emulator(tmp_path, workers=1, idle=0.5) as emulator:
            ok = await emulator.run(input={"do": "ok"})
            shown = await emulator.until(ok, "COMPLETED")
            assert (shown["output"], shown["workerId"]) == ({"echo": "ok"}, "worker-1")
            scratch = emulator.emulator.fleet.containers["worker-1"].scratch
            # The worker and the SDK's own ping process.
            assert len(find_processes_in(scratch)) >= 2
            failed = await emulator.until(await emulator.run(input={"do": "fail"}), "FAILED")
            assert failed["error"] == "as requested"
            raised = await emulator.until(await emulator.run(input={"do": "raise"}), "FAILED")
            assert json.loads(raised["error"])["error_message"] == "as requested"
            empty = await emulator.until(await emulator.run(input={"do": "empty"}), "COMPLETED")
            assert "output" not in empty
            await _cancel_reaches_the_handler(emulator, notes)
            assert list(emulator.emulator.fleet.containers) == ["worker-1"]
            await eventually(lambda: not emulator.emulator.fleet.containers, 10.0)
            await eventually(lambda: not scratch.exists(), 5.0)
            assert find_processes_in(tmp_path) == []
            # It stopped by itself, within its grace period.
            assert "did not stop in time" not in emulator.log.getvalue()
            assert (await emulator.call("GET", "/v2/local/health"))[1]["workers"]["idle"] == 0

    asyncio.run(scenario())


async def _cancel_reaches_the_handler(emulator: EmulatorClient, notes: Path) -> None:
    job_id = await emulator.run(input={"do": "sleep", "seconds": 60, "note": str(notes)})
    await eventually(lambda: _runs(notes), 20.0)
    await emulator.call("POST", f"/v2/local/cancel/{job_id}")
    await eventually((notes / "cancelled").exists, 5.0)
    await emulator.until(await emulator.run(input={"do": "ok"}), "COMPLETED")
    assert (await emulator.status(job_id))["status"] == "CANCELLED"


def test_job_of_a_killed_worker_runs_on_a_new_one(tmp_path: Path) -> None:
    notes = _notes(tmp_path)

    async def scenario() -> None:
        async with running_emulator(tmp_path, workers=1) as emulator:
            await emulator.call("POST", "/_faults", {"worker": {"mode": "kill_mid_job", "seconds": 0.5}})
            job_id = await emulator.run(input={"do": "child", "seconds": 1, "note": str(notes)})
            await eventually((notes / "child").exists, 20.0)
            child = psutil.Process(int((notes / "child").read_text()))
            assert child.name() == "sleep"
            done = await emulator.until(job_id, "COMPLETED")
            assert (done["retries"], done["workerId"]) == (1, "worker-2")
            assert _runs(notes) == [job_id, job_id]
            # Left by the first worker: its ping process, and a child in its own session.
            await eventually(lambda: not (tmp_path / "workers" / "worker-1").exists(), 5.0)
            assert find_processes_in(tmp_path / "workers" / "worker-1") == []
            assert has_exited(child)

    asyncio.run(scenario())


async def _pids(emulator: EmulatorClient) -> list[int]:
    return [worker["pid"] for worker in (await emulator.call("GET", "/_workers"))[1]["workers"]]


def test_refresh_worker_replaces_the_worker(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path, workers=1) as emulator:
            first = await emulator.until(await emulator.run(input={"do": "refresh"}), "COMPLETED")
            assert (first["output"], first["workerId"]) == ({"v": 1}, "worker-1")
            job_id = await emulator.run(input={"do": "sleep", "seconds": 0.5})
            assert (await emulator.until(job_id, "IN_PROGRESS"))["workerId"] == "worker-2"
            pids = await _pids(emulator)
            await emulator.call("POST", "/_faults", {"worker": "gone"})
            assert not any(psutil.pid_exists(pid) for pid in pids)
            await asyncio.sleep(1.0)
            assert await _pids(emulator) == []
            assert (await emulator.status(job_id))["status"] == "IN_QUEUE"
            await emulator.call("DELETE", "/_faults")
            await emulator.until(job_id, "COMPLETED")

    asyncio.run(scenario())


def test_overdue_job_times_out_and_its_stuck_worker_is_killed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path, workers=1, overdue_grace=0.5) as emulator:
            job = emulator.emulator.submit(Submission({"do": "deaf"}, policy=Policy(execution_timeout=0.5)))
            await emulator.until(job.id, "TIMED_OUT")
            await eventually(lambda: "worker-1" not in emulator.emulator.fleet.containers, 5.0)
            assert "overdue job still running" in emulator.log.getvalue()
            assert (await emulator.status(job.id))["status"] == "TIMED_OUT"

    asyncio.run(scenario())


def test_worker_that_exits_at_once_restarts_with_backoff(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running_emulator(tmp_path, workers=1) as emulator:
            fleet = emulator.emulator.fleet
            fleet.spec = type(fleet.spec)(
                ("/nonexistent/worker",), fleet.spec.base_url, fleet.spec.endpoint_id, fleet.spec.api_key
            )
            job_id = await emulator.run(input={})
            await asyncio.sleep(1.5)
            assert emulator.log.getvalue().count("starting") == 1
            assert (await emulator.status(job_id))["status"] == "IN_QUEUE"

    asyncio.run(scenario())
