"""`GET /costs`."""

from __future__ import annotations

import pytest

from contract.prices import PRICE_TABLE_VERSION
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import finish_job, submission
from tests.support.fakes import World
from tests.support.gateway import Client, assert_problem

SUMS = {
    "jobs": 2, "gpu_seconds": 8.4, "start_seconds": 0.0, "idle_seconds": 0.0, "billed_seconds": 10, "gpu_usd": 0.002,
    "measured_jobs": 0, "queue_seconds": 0.0, "media_seconds": 10.0,
}  # fmt: skip
NOTHING = dict.fromkeys(SUMS, 0)


@pytest.fixture
def world() -> World:
    world = World()
    for number in (1, 2):
        submit_job(world.services, submission())
        finish_job(world, f"job-{number}")
    return world


def test_costs_have_the_published_shape(client: Client) -> None:
    answer = client.call("GET", "/costs")
    assert answer.status == 200
    assert answer.json == {
        "from": "2026-12-17", "to": "2027-01-15", "group_by": "day", "currency": "USD",
        "price_table": PRICE_TABLE_VERSION, "total": SUMS, "groups": [{"key": "2027-01-15", **SUMS}],
    }  # fmt: skip
    assert client.call("GET", "/costs?group_by=gpu_type").json["groups"] == [{"key": None, **SUMS}]
    assert client.call("GET", "/costs?group_by=operation").json["groups"][0]["key"] == "caption"


def test_sums_equal_the_costs_of_the_jobs(client: Client) -> None:
    jobs = [client.call("GET", f"/job/job-{number}").json["cost"] for number in (1, 2)]
    total = client.call("GET", "/costs").json["total"]
    for name in ("gpu_seconds", "billed_seconds", "gpu_usd"):
        assert total[name] == sum(job[name] for job in jobs)


def test_no_owner_reads_the_costs_of_another(client: Client) -> None:
    answer = client.call("GET", "/costs", key="other")
    assert (answer.json["total"], answer.json["groups"]) == (NOTHING, [])


def test_dry_run_estimates_from_the_bills_of_earlier_jobs(client: Client, world: World) -> None:
    body = {"url_video": "https://media.example/v.mp4", "url_srt": "https://media.example/s.srt", "dry_run": True}
    assert client.call("POST", "/video/caption", body).json["estimate"]["basis"] == "benchmark"
    submit_job(world.services, submission())
    finish_job(world, "job-3")
    estimate = client.call("POST", "/video/caption", body).json["estimate"]
    assert (estimate["basis"], estimate["jobs_measured"]) == ("history", 3)
    assert client.call("POST", "/video/caption", body, key="other").json["estimate"]["basis"] == "benchmark"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=2027-02-01", "from: must not be after to."),
        ("from=soon", "from: must be a date such as 2026-12-01"),
        ("to=2026-02-30", "to: must be a date such as 2026-12-01"),
        ("from=2020-01-01", "from: the period has 2572 days; send at most 400."),
        ("group_by=hour", 'group_by: must be "day", "operation" or "gpu_type".'),
        ("groupby=day", "groupby: no such field; did you mean group_by?"),
    ],
)
def test_invalid_query_is_named(client: Client, query: str, says: str) -> None:
    assert says in assert_problem(client.call("GET", f"/costs?{query}"), 422, "invalid_request")["detail"]
