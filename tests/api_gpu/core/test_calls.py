"""One request to the API: its retries, its answer, its errors."""

from __future__ import annotations

import pytest

from api_gpu import errors
from api_gpu.core.calls import call
from tests.support.flows import LOST, Played, reply

PROBLEM = {"type": "urn:x", "title": "Too many jobs", "status": 429, "detail": "Wait for jobs to finish.",
           "code": "too_many_jobs", "request_id": "r-1", "errors": [], "open_jobs": 1000}  # fmt: skip


def test_json_goes_out_and_comes_back() -> None:
    played = Played([reply(200, {"a": "ü"})])
    answer = played.run(call(played.context(), "POST", "/x", json={"t": "ü"}, params={"limit": 2, "cursor": None}))
    request = played.requests[0]
    assert answer == {"a": "ü"}
    assert (request.method, request.url) == ("POST", "https://api.example.com/v1/x?limit=2")
    assert request.content == '{"t": "ü"}'.encode()
    assert request.headers == {"X-API-Key": "secret-key", "Content-Type": "application/json"}


def test_empty_answer_is_none() -> None:
    played = Played([reply(204)])
    assert played.run(call(played.context(), "DELETE", "/x")) is None


def test_passing_errors_are_outlived() -> None:
    played = Played([LOST, reply(503), reply(429, PROBLEM, retry_after="7"), reply(200, {})])
    assert played.run(call(played.context(), "GET", "/x")) == {}
    assert played.sleeps == [0.5, 1.0, 7.0]


def test_retries_are_spent() -> None:
    played = Played([LOST])
    with pytest.raises(errors.APIConnectionError, match="lost"):
        played.run(call(played.context(max_retries=2), "GET", "/x"))
    assert len(played.requests) == 3


def test_patience_multiplies_retries() -> None:
    played = Played([LOST])
    with pytest.raises(errors.APIConnectionError):
        played.run(call(played.context(max_retries=1), "GET", "/x", patience=3))
    assert len(played.requests) == 4


def test_error_has_all_members_of_the_problem() -> None:
    played = Played([reply(429, PROBLEM, retry_after="3600")])
    with pytest.raises(errors.RateLimitedError) as raised:
        played.run(call(played.context(), "GET", "/x"))
    error = raised.value
    assert (error.status, error.code, error.title, error.request_id) == (429, "too_many_jobs", "Too many jobs", "r-1")
    assert error.retry_after == 3600
    assert error.problem["open_jobs"] == 1000
    assert str(error) == "Wait for jobs to finish. (429, too_many_jobs)"
    assert played.sleeps == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError), (401, errors.UnauthorizedError), (403, errors.UnauthorizedError),
        (404, errors.NotFoundError), (409, errors.ConflictError), (413, errors.BadRequestError),
        (422, errors.UnprocessableError), (429, errors.RateLimitedError), (418, errors.APIStatusError),
        (500, errors.ServerError), (599, errors.ServerError),
    ],
)  # fmt: skip
def test_each_status_has_its_error(status: int, kind: type[errors.APIStatusError]) -> None:
    played = Played([reply(status, {"detail": 7, "errors": "none", "new": True})])
    with pytest.raises(errors.APIStatusError) as raised:
        played.run(call(played.context(max_retries=0), "GET", "/x"))
    assert type(raised.value) is kind
    assert raised.value.detail is None
    assert raised.value.errors == []


def test_refusal_of_the_gateway_in_front_has_its_message() -> None:
    played = Played([reply(413, {"message": "Request Too Long"})])
    with pytest.raises(errors.BadRequestError, match="Request Too Long"):
        played.run(call(played.context(), "POST", "/x", json={}))


def test_page_instead_of_json_says_what_to_check() -> None:
    played = Played([reply(200, b"<html>Sign in")])
    with pytest.raises(errors.ApiGpuError, match="check that base_url"):
        played.run(call(played.context(), "GET", "/x"))


def test_redirect_says_what_to_change() -> None:
    played = Played([reply(308, b"", location="https://b.example.com")])
    with pytest.raises(errors.APIStatusError, match="final address"):
        played.run(call(played.context(), "GET", "/x"))


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": object()}])
def test_what_json_cannot_hold_is_refused(body: object) -> None:
    played = Played([reply(200, {})])
    with pytest.raises(errors.ApiGpuError, match="as JSON"):
        played.run(call(played.context(), "POST", "/x", json=body))
    assert played.requests == []
