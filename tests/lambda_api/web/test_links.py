"""The routes of links: redirects and their headers, and sentences for what cannot be opened."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest

from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import finish_job, submission
from tests.support.fakes import World
from tests.support.gateway import Client, assert_problem


@pytest.fixture
def world() -> World:
    """One finished job, and one in the queue."""
    world = World()
    submit_job(world.services, submission())
    finish_job(world)
    submit_job(world.services, submission())
    return world


def shared_path(client: Client, body: object = None) -> str:
    answer = client.call("POST", "/job/job-1/share", body)
    assert answer.status == 201, answer.text
    return urlsplit(answer.json["url"]).path


def test_job_links_to_its_video_once_it_is_finished(client: Client) -> None:
    assert client.call("GET", "/job/job-1").json["links"]["video"] == "/job/job-1/video"
    assert client.call("GET", "/job/job-2").json["links"]["video"] is None


@pytest.mark.parametrize(
    ("method", "query", "leads_to"),
    [
        ("GET", "", "output.mp4?get&X-Amz"),
        ("HEAD", "", "output.mp4?head&X-Amz"),
        ("GET", "?download=1", "output.mp4?get&saved_as=output.mp4&"),
        ("GET", "?download=true&artifact=output.mp4", "output.mp4?get&saved_as=output.mp4&"),
        ("GET", "?download=&artifact=", "output.mp4?get&X-Amz"),
    ],
)
def test_video_redirects_to_a_new_url(client: Client, method: str, query: str, leads_to: str) -> None:
    answer = client.call(method, f"/job/job-1/video{query}")
    assert (answer.status, answer.text) == (302, "")
    assert answer.headers["location"].startswith(f"https://bucket.example/jobs/job-1/{leads_to}")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/job/job-9/video", 404, "not_found"),
        ("GET", "/job/job-1/video?artifact=poster.jpg", 404, "artifact_not_found"),
        ("GET", "/job/job-2/video", 409, "job_not_finished"),
        ("POST", "/job/job-2/share", 409, "job_not_finished"),
        ("POST", "/job/job-9/share", 404, "not_found"),
        ("DELETE", "/job/job-9/share", 404, "not_found"),
        ("GET", "/job/job-1/video?download=maybe", 422, "invalid_request"),
    ],
)
def test_what_cannot_be_opened_is_a_problem(client: Client, method: str, path: str, status: int, code: str) -> None:
    problem = assert_problem(client.call(method, path), status, code)
    assert (problem.get("job_status") == "IN_QUEUE") == (code == "job_not_finished")


def test_share_link_works_without_a_key_until_it_is_revoked(client: Client) -> None:
    path = shared_path(client, {"expires_in": "3600"})
    visits = [("GET", "", "?get&X-Amz"), ("GET", "?download=1&fbclid=x", "?get&saved_as="), ("HEAD", "", "?head")]
    for method, query, leads_to in visits:
        answer = client.call(method, path + query, key=None)
        assert answer.status == 302
        assert leads_to in answer.headers["location"]
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    revoked = client.call("DELETE", "/job/job-1/share")
    assert (revoked.status, revoked.text) == (204, "")
    assert_problem(client.call("GET", path, key=None), 404, "not_found")
    assert client.call("GET", shared_path(client), key=None).status == 302


@pytest.mark.parametrize("path", ["/s/x", "/s/a.b", "/s/%00", "/s/" + "a" * 5000])
def test_every_bad_link_gets_the_same_404(client: Client, path: str) -> None:
    problem = assert_problem(client.call("GET", path, key=None), 404, "not_found")
    assert problem["detail"] == "There is no such link, or it has expired."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"expires_in": 59}, "expires_in: must be a whole number from 60 to 2592000, for example 86400."),
        ({"expires_in": 2_592_001}, "expires_in: must be a whole number from 60 to 2592000"),
        ({"expires_in": "a week"}, "expires_in: must be a whole number"),
        ({"expire": 60}, "expire: no such field; did you mean expires_in?"),
        ([], "the body is a list"),
    ],
)
def test_invalid_body_is_named(client: Client, body: object, says: str) -> None:
    problem = assert_problem(client.call("POST", "/job/job-1/share", body), 422, "invalid_request")
    assert says in problem["detail"]


@pytest.mark.parametrize("body", [None, {}, {"expires_in": None, "artifact": ""}])
def test_body_may_be_left_out(client: Client, body: object) -> None:
    answer = client.call("POST", "/job/job-1/share", body)
    assert (answer.status, answer.json["artifact"]) == (201, "output.mp4")
    # Seven days after the submit, when the bucket deletes the file.
    assert answer.json["expires_at"] == "2027-01-22T08:00:00.000Z"


def test_token_is_never_logged(client: Client, log: io.StringIO) -> None:
    path = shared_path(client)
    for method in ("GET", "HEAD", "POST"):
        client.call(method, path, key=None)
    client.call("GET", path + "A", key=None)
    client.call("GET", path + "/more", key=None)
    assert "/s/{token}" in log.getvalue()
    assert path.removeprefix("/s/")[:20] not in log.getvalue()
