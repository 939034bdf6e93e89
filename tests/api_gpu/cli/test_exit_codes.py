"""Exit codes and sentences of errors."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from api_gpu.cli.exits import MEANINGS, Code
from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import JOB, FakeApi, problem

DOCS = Path(__file__).resolve().parents[3] / "docs" / "cli.md"


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (problem(401, "unauthorized", "Send a valid X-API-Key."), 3, "Send a valid X-API-Key; check the key with"),
        (problem(404, "not_found", "There is no such job."), 4, "There is no such job (not_found)"),
        (problem(409, "job_not_finished", "The job still runs.", job_status="IN_QUEUE"), 6, "The job still runs"),
        (problem(409, "conflict", "The job has finished."), 2, "The job has finished (conflict)"),
    ],
)
def test_refusals_have_their_exit_codes(
    cli: Cli, api: FakeApi, answer: tuple[int, object], code: int, says: str
) -> None:
    api.answers["GET", f"/job/{JOB}"] = answer
    ran = cli("job", JOB)
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
    assert "request: req-7" in ran.err
    assert "Traceback" not in ran.err


def test_wrong_key_exits_with_3_and_an_unknown_job_with_4(cli: Cli, api: FakeApi) -> None:
    assert cli("jobs", environ={"API_GPU_URL": api.url, "API_GPU_KEY": "wrong"}).code == 3
    assert cli("jobs", environ={}).code == 3
    assert cli("cancel", "no-such-job").code == 4


def test_unreachable_api_exits_with_5(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    cli.changes["make_client"] = without_retries
    ran = cli("jobs", "--url", url)
    assert (ran.code, "`api-gpu doctor` checks the way to it" in ran.err) == (5, True)
    assert "Traceback" not in ran.err


def test_errors_of_the_server_exit_with_5(cli: Cli, api: FakeApi) -> None:
    cli.changes["make_client"] = without_retries
    for status in (429, 500, 503):
        api.answers["GET", "/jobs"] = problem(status, "busy", "Try again.")
        assert cli("jobs").code == 5
    assert json.loads(cli("jobs", "--json").out)["error"]["exit_code"] == 5


def without_retries(settings: object) -> object:
    from api_gpu import Client  # noqa: PLC0415 - only these tests

    return Client(settings.need_url(), settings.need_key(), max_retries=0)  # type: ignore[attr-defined]


def test_exit_codes_are_documented(cli: Cli) -> None:
    shown = " ".join(cli("--help").out.split())
    text = DOCS.read_text(encoding="utf-8")
    for code in Code:
        assert f"{code.value} {MEANINGS[code]}" in shown
        assert f"| {code.value} | {MEANINGS[code]}" in text


def test_traceback_is_shown_only_on_request(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", "/jobs"] = problem(404, "not_found", "There is no such job.")
    assert "Traceback" not in cli("jobs", "-v").err
    assert "Traceback" in cli("jobs", "-vv").err


def test_mistake_of_this_program_says_so(cli: Cli, api: FakeApi) -> None:
    def fail(_settings: object) -> None:
        raise LookupError("a bug")

    cli.changes["make_client"] = fail
    ran = cli("jobs")
    assert (ran.code, "a mistake in api-gpu itself: LookupError: a bug" in ran.err) == (1, True)


def test_full_disk_is_an_error_of_its_own(cli: Cli, api: FakeApi) -> None:
    def fail(_settings: object) -> None:
        raise OSError(28, "No space left on device", "output.mp4")

    cli.changes["make_client"] = fail
    ran = cli("jobs")
    assert (ran.code, ran.err) == (1, "error: output.mp4: No space left on device (file_error)\n")
