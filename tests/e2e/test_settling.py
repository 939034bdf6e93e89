"""A job ends exactly once and correctly, whatever webhooks and RunPod do."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_api.domain.access.tokens import make_token
from tests.support.system import HOOK_SECRET, Job, System, Web, eventually, http

SMALL: dict[str, Any] = {"size": "128x128", "duration": 0.5, "frame_rate": 10}


def submit_small(system: System, site: Web, **more: Any) -> str:
    return str(system.submit("img2vid", url_image=site("photo.jpg"), **SMALL, **more)["job_id"])


def without_urls(job: Job) -> Job:
    """Return the job without the URLs, which are signed anew in every response."""
    stored = [{name: value for name, value in one.items() if "url" not in name} for one in job["artifacts"]]
    return {name: value for name, value in job.items() if "video_url" not in name} | {"artifacts": stored}


def read_job(system: System, job_id: str) -> Job:
    return without_urls(system.job(job_id))


@pytest.mark.fault("D1")
def test_dropped_webhook_is_settled_by_the_sweeper(system: System, site: Web) -> None:
    system.faults(webhook="drop")
    job = system.wait(submit_small(system, site))
    assert (job["status"], job["execution"]["settled_by"]) == ("COMPLETED", "sweeper")


@pytest.mark.fault("D2")
def test_duplicate_webhook_changes_nothing(system: System, site: Web) -> None:
    system.faults(webhook="duplicate")
    job = system.wait(submit_small(system, site))
    delivered = eventually(
        lambda: [line for line in system.log if "webhook delivered" in line], lambda lines: len(lines) >= 2, 10
    )
    assert delivered
    assert read_job(system, job["job_id"]) == without_urls(job)
    changes = [line for line in system.log if "job_changed" in line and job["job_id"] in line and "COMPLETED" in line]
    assert len(changes) == 1


def test_null_webhook_body_still_completes_the_job(system: System, site: Web) -> None:
    system.faults(webhook="null_body")
    job = system.wait(submit_small(system, site))
    assert (job["status"], job["execution"]["settled_by"]) == ("COMPLETED", "webhook")


def test_late_webhook_after_the_sweeper_changes_nothing(system: System, site: Web) -> None:
    system.faults(webhook="drop")
    job_id = submit_small(system, site)
    job = system.wait(job_id)
    assert (job["status"], job["execution"]["settled_by"]) == ("COMPLETED", "sweeper")
    url = f"{system.url}/runpod/webhook/{job_id}/{make_token(HOOK_SECRET, 'webhook', job_id, 1)}"
    for late in ({"status": "COMPLETED", "output": {"job_id": job_id, "attempt": 1}}, {"status": "FAILED"}):
        assert http("POST", url, late)[0] == 200
        assert read_job(system, job_id) == without_urls(job)


@pytest.mark.fault("D5")
def test_forged_body_with_a_valid_token_completes_nothing(system: System, site: Web) -> None:
    system.faults(worker="hold")
    job_id = submit_small(system, site)
    url = f"{system.url}/runpod/webhook/{job_id}/{make_token(HOOK_SECRET, 'webhook', job_id, 1)}"
    for forged in ({"status": "COMPLETED", "output": {"video_url": "x"}}, {"status": "FAILED", "error": "{}"}, None):
        assert http("POST", url, forged)[0] == 200
        assert system.job(job_id)["status"] == "IN_QUEUE"
    system.no_faults()
    assert system.wait(job_id)["status"] == "COMPLETED"


@pytest.mark.parametrize("purpose", ["webhook", "progress"])
def test_wrong_token_returns_404(system: System, site: Web, purpose: str) -> None:
    job_id = submit_small(system, site)
    for token in ("1-wrong", make_token("another-secret-altogether", "webhook", job_id, 1)):
        status, problem = http("POST", f"{system.url}/runpod/{purpose}/{job_id}/{token}", {"status": "COMPLETED"})
        assert (status, problem["code"]) == (404, "not_found")
    system.wait(job_id)


@pytest.mark.parametrize("fault", ["503", "429", "timeout"])
def test_submit_is_accepted_while_runpod_is_down(system: System, site: Web, fault: str) -> None:
    system.faults(run={"mode": fault, "seconds": 6} if fault == "timeout" else fault)
    job_id = submit_small(system, site)
    job = system.job(job_id)
    assert (job["status"], job["error"]) == ("ACCEPTED", None)
    system.no_faults()
    assert system.wait(job_id)["status"] == "COMPLETED"


@pytest.mark.fault("B9")
def test_lost_run_response_gives_two_executions_and_one_result(system: System, site: Web) -> None:
    before = {e["id"] for e in system.executions()}
    system.faults(run={"mode": "accept_then_reset", "times": 1}, worker="hold")
    job_id = submit_small(system, site)
    assert system.job(job_id)["status"] == "ACCEPTED"

    def mine() -> list[dict[str, Any]]:
        return [e for e in system.executions() if e["id"] not in before]

    eventually(mine, lambda found: len(found) == 2, 20)
    system.no_faults()
    job = system.wait(job_id)
    assert job["status"] == "COMPLETED"
    # A second execution that is still running is canceled, or stopped by the reply to its progress report.
    terminal = {"COMPLETED", "CANCELLED", "FAILED"}
    eventually(mine, lambda found: all(e["status"] in terminal for e in found), 20)
    assert any(e["status"] == "COMPLETED" for e in mine())
    again = system.job(job_id)
    assert (again["video"], again["completed_at"]) == (job["video"], job["completed_at"])


@pytest.mark.fault("D11")
def test_sweeper_settles_when_runpods_status_api_is_down(system: System, site: Web) -> None:
    system.faults(status={"mode": "503", "times": 2})
    job = system.wait(str(system.submit("img2vid", url_image=site("nothing.jpg"))["job_id"]))
    assert (job["status"], job["error"]["code"]) == ("FAILED", "source_http")
