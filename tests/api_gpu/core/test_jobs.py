"""Submit, wait, list: what is sent, when, and when it ends."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api_gpu.core import job_calls, jobs, service
from api_gpu.errors import ApiGpuError, JobFailed, NotFoundError, WaitTimeout
from api_gpu.job_data import JobData, has_finished
from tests.support.flows import LOST, Played, reply


def job(status: str, percent: int = 0, **more: Any) -> dict[str, Any]:
    return {"job_id": "j1", "status": status, "progress": {"percent": percent, "stage": "encode"}, **more}


def test_submit_has_one_idempotency_key_over_all_retries() -> None:
    played = Played([LOST, reply(503), reply(202, job("ACCEPTED"))])
    body = {"url_video": "https://a.example.com/b.mp4", "size": None, "metadata": {"a": "b"}}
    submitted = jobs.submit(played.context(), "/video/caption", body, None, idempotency_key="k1")
    assert played.run(submitted)["job_id"] == "j1"
    assert [request.headers["Idempotency-Key"] for request in played.requests] == ["k1"] * 3
    assert played.sent == [{"url_video": "https://a.example.com/b.mp4", "metadata": {"a": "b"}}] * 3
    assert all("Prefer" not in request.headers for request in played.requests)


@pytest.mark.parametrize(("wait", "prefer"), [(25, "wait=25"), (3.4, "wait=3"), (0.2, "wait=1"), (600, "wait=25")])
def test_wait_of_a_submit_is_what_the_api_allows(wait: float, prefer: str) -> None:
    played = Played([reply(202, job("ACCEPTED"))])
    played.run(jobs.submit(played.context(read_seconds=5.0), "/x", {}, None, idempotency_key="k", wait=wait))
    assert played.requests[0].headers["Prefer"] == prefer
    assert (played.requests[0].read_seconds or 0) > 25


def test_dry_run_makes_no_job() -> None:
    played = Played([reply(200, {"dry_run": True})])
    assert played.run(jobs.dry_run(played.context(), "/x", {"a": 1}, None)) == {"dry_run": True}
    assert played.sent == [{"a": 1, "dry_run": True}]


def test_polls_become_rarer() -> None:
    states = [reply(200, job("IN_QUEUE"))] * 8 + [reply(200, job("COMPLETED"))]
    played = Played(states)
    handle = JobData("j1")
    played.run(job_calls.wait(played.context(), handle, None, None))
    assert handle.status == "COMPLETED"
    assert [round(seconds, 2) for seconds in played.sleeps] == [0.5, 0.75, 1.12, 1.69, 2.53, 3.8, 5.0, 5.0]


def test_progress_is_reported_when_it_changes() -> None:
    states = [job("IN_QUEUE"), job("IN_QUEUE"), job("IN_PROGRESS", 10), job("IN_PROGRESS", 10), job("COMPLETED", 100)]
    played = Played([reply(200, state) for state in states])
    handle, seen = JobData("j1"), list[tuple[str, int]]()
    report = lambda: seen.append((handle.status, handle.progress.percent))  # noqa: E731
    played.run(job_calls.wait(played.context(), handle, None, report))
    assert seen == [("IN_QUEUE", 0), ("IN_PROGRESS", 10), ("COMPLETED", 100)]


def test_timeout_ends_the_wait_and_not_the_job() -> None:
    played = Played([reply(200, job("IN_PROGRESS", 40))])
    handle = JobData("j1")
    with pytest.raises(WaitTimeout, match="goes on") as raised:
        played.run(job_calls.wait(played.context(), handle, 3, None))
    assert raised.value.job is handle
    assert sum(played.sleeps) == pytest.approx(3)
    assert {request.method for request in played.requests} == {"GET"}


def test_timeout_of_zero_reads_once() -> None:
    played = Played([reply(200, job("IN_QUEUE"))])
    with pytest.raises(WaitTimeout):
        played.run(job_calls.wait(played.context(), JobData("j1"), 0, None))
    assert len(played.requests) == 1


def test_finished_job_needs_no_request() -> None:
    played = Played([reply(500)])
    played.run(job_calls.wait(played.context(), JobData("j1", job("FAILED")), None, None))
    assert played.requests == []


def test_new_job_is_not_read_before_the_first_pause() -> None:
    played = Played([reply(200, job("COMPLETED"))])
    played.run(job_calls.wait(played.context(), JobData("j1", job("ACCEPTED")), None, None, is_new=True))
    assert (played.sleeps, len(played.requests)) == ([0.5], 1)


def test_wait_outlives_an_outage() -> None:
    played = Played([reply(200, job("IN_QUEUE")), *[LOST] * 9, reply(200, job("COMPLETED"))])
    played.run(job_calls.wait(played.context(), JobData("j1"), None, None))
    assert sum(played.sleeps) > 40


@pytest.mark.parametrize(
    ("data", "finished"),
    [
        (job("COMPLETED"), True), (job("TIMED_OUT"), True), (job("ACCEPTED"), False), (job("PAUSED"), False),
        (job("ARCHIVED", completed_at="2026-11-30T12:00:00Z"), True), (job("IN_QUEUE", completed_at=None), False),
        ({}, False),
    ],
)  # fmt: skip
def test_states_that_are_newer_than_the_client_do_not_raise(data: dict[str, Any], finished: bool) -> None:
    assert has_finished(data) is finished
    assert JobData("j1", data).progress.percent == 0


def test_events_are_the_changes() -> None:
    states = [job("IN_QUEUE"), job("IN_QUEUE"), job("IN_PROGRESS", 10), job("COMPLETED", 100)]
    played = Played([reply(200, state) for state in states])
    played.run(jobs.events(played.context(), "j1", has_finished))
    assert [data["status"] for data in played.items] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]


@pytest.mark.parametrize(
    ("limit", "count", "asked"), [(None, 5, [100, 100, 100]), (3, 3, [3, 1]), (2, 2, [2]), (0, 0, [])]
)
def test_lists_go_over_all_pages(limit: int | None, count: int, asked: list[int]) -> None:
    pages = [{"jobs": [job("A"), job("B")], "next_cursor": "c1"}, {"jobs": [job("C"), job("D")], "next_cursor": "c2"},
             {"jobs": [job("E")], "next_cursor": None}]  # fmt: skip
    played = Played([reply(200, page) for page in pages])
    played.run(service.list_jobs(played.context(), {"state": "COMPLETED", "metadata": {"a": "b c"}}, limit))
    assert len(played.items) == count
    assert [int(request.url.partition("limit=")[2].partition("&")[0]) for request in played.requests] == asked
    assert all("state=COMPLETED&metadata=a%3Ab+c" in request.url for request in played.requests)
    assert all("cursor=c1" in request.url for request in played.requests[1:2])


def test_empty_page_may_lead_on() -> None:
    pages = [{"jobs": [], "next_cursor": "c1"}, {"jobs": [job("A")], "next_cursor": None}]
    played = Played([reply(200, page) for page in pages])
    played.run(service.list_jobs(played.context(), {"state": ["FAILED", "TIMED_OUT"]}, None))
    assert len(played.items) == 1
    assert "state=FAILED&state=TIMED_OUT" in played.requests[1].url


@pytest.mark.parametrize(("after", "cursor"), [("c0", "after"), (None, "cursor")])
def test_deliveries_go_on_in_their_direction(after: str | None, cursor: str) -> None:
    pages = [
        {"deliveries": [{"delivery_id": "d1"}], "next_cursor": "c1"},
        {"deliveries": [], "next_cursor": "c2" if after else None},
    ]
    played = Played([reply(200, page) for page in pages])
    played.run(service.list_deliveries(played.context(), None, after, None))
    assert [entry["delivery_id"] for entry in played.items] == ["d1"]
    assert f"{cursor}=c1" in played.requests[1].url
    assert len(played.requests) == 2


def test_list_whose_cursor_stays_ends() -> None:
    played = Played([reply(200, {"jobs": [job("A")], "next_cursor": "same"})])
    played.run(service.list_jobs(played.context(), {}, None))
    assert len(played.requests) == 2


def test_moments_are_sent_as_rfc_3339() -> None:
    played = Played([reply(200, {})])
    played.run(service.costs(played.context(), date(2026, 11, 1), datetime(2026, 11, 30, tzinfo=UTC), "day"))
    assert played.requests[0].url.endswith("/costs?from=2026-11-01&to=2026-11-30T00%3A00%3A00%2B00%3A00&group_by=day")


@pytest.mark.parametrize("job_id", ["", "../jobs", "a/b", "a?b", "ä"])
def test_what_is_no_id_is_refused(job_id: str) -> None:
    with pytest.raises(ApiGpuError, match="no job id"):
        jobs.quoted(job_id)


def test_missing_job_is_not_found() -> None:
    played = Played([reply(404, {"code": "not_found"})])
    with pytest.raises(NotFoundError):
        played.run(job_calls.refresh(played.context(), JobData("j1")))


def test_failed_job_says_why_and_whom_to_blame() -> None:
    error = {"code": "brand_new_code", "message": "Look elsewhere.", "blame": "moon", "retryable": True}
    handle = JobData("j1", job("FAILED", error=error))
    with pytest.raises(JobFailed, match=r"j1 FAILED: Look elsewhere\.") as raised:
        handle.raise_for_status()
    assert (raised.value.code, raised.value.blame, raised.value.retryable) == ("brand_new_code", "moon", True)
    assert raised.value.job is handle


def test_cancelled_job_has_failed_without_an_error() -> None:
    with pytest.raises(JobFailed) as raised:
        JobData("j1", job("CANCELLED")).raise_for_status()
    assert (raised.value.code, raised.value.blame) == ("cancelled", None)
