"""Commands for jobs, files, callbacks, costs and the account."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from api_gpu import Job
from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import JOB, KEY, FakeApi


def test_jobs_are_rows_for_a_pipe_and_an_object_with_json(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", "/jobs"] = (200, {"jobs": [api.job("IN_PROGRESS")], "next_cursor": None})
    ran = cli("jobs", "--state", "in_progress", "--operation", "caption", "--metadata", "scene=7", "--metadata",
              "take=2", "--created-after", "2026-11-30")  # fmt: skip
    assert ran.code == 0, ran.err
    [row] = [line.split("\t") for line in ran.out.splitlines()]
    assert row[:3] == [JOB, "caption", "IN_PROGRESS"]
    query = api.sent("GET", "/jobs")[0].query
    assert "state=IN_PROGRESS" in query
    assert "metadata=scene%3A7&metadata=take%3A2" in query
    assert "created_after=2026-11-30" in query
    assert json.loads(cli("jobs", "--json").out)["jobs"][0]["job_id"] == JOB


def test_finished_files_are_downloaded_shared_and_opened(cli: Cli, api: FakeApi) -> None:
    api.finds()
    assert cli("download", JOB, "-o", "mine.mp4").out == "mine.mp4\n"
    assert (cli.folder / "mine.mp4").read_bytes() == b"video"
    api.answers["POST", f"/job/{JOB}/share"] = (201, {"url": f"{api.url}/s/t", "expires_at": "2026-12-08T00:00:00Z"})
    assert cli("share", JOB, "--expires-in", "2d").out == f"{api.url}/s/t\n"
    assert cli("share", JOB, "--artifact", "poster.jpg").code == 0
    bodies = [seen.body for seen in api.sent("POST", f"/job/{JOB}/share")]
    assert bodies == [{"expires_in": 172800}, {"artifact": "poster.jpg"}]
    api.answers["DELETE", f"/job/{JOB}/share"] = (204, b"")
    assert cli("unshare", JOB).err == f"no link to {JOB} works any longer\n"
    for command in ("download", "open"):
        ran = cli(command, JOB, "--artifact", "poster.jpg")
        assert (ran.code, f"{JOB} has no file poster.jpg; it has output.mp4" in ran.err) == (4, True)
    assert cli("open", JOB).code == 0
    assert cli.opened == [f"{api.url}/files/output.mp4"]


def test_download_goes_on_where_it_was_interrupted(cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_job: Job, path: Path, **_: object) -> None:
        path.with_name(path.name + ".part").write_bytes(b"vid")
        raise KeyboardInterrupt

    api.finds()
    with monkeypatch.context() as patched:
        patched.setattr(Job, "download", interrupted)
        ran = cli("download", JOB, "-o", "mine.mp4")
    assert (ran.code, f"`api-gpu download {JOB} -o mine.mp4` goes on" in ran.err) == (130, True)
    assert not (cli.folder / "mine.mp4").exists()
    assert cli("download", JOB, "-o", "mine.mp4").code == 0
    assert api.sent("GET", "/files/output.mp4")[0].headers["range"] == "bytes=3-"
    assert (cli.folder / "mine.mp4").read_bytes() == b"video"
    assert list(cli.folder.glob(".api-gpu-*")) == []


def test_unfinished_job_is_not_downloaded(cli: Cli, api: FakeApi) -> None:
    api.finds(api.job("IN_PROGRESS"))
    ran = cli("download", JOB)
    assert (ran.code, ran.out) == (6, "")
    assert f"api-gpu wait {JOB}" in ran.err


def test_upload_prints_what_to_send(cli: Cli, api: FakeApi) -> None:
    assert cli("upload", "one.jpg", "voice.mp3").out == "upload:one.jpg\nupload:voice.mp3\n"


def test_costs_end_with_the_total(cli: Cli, api: FakeApi) -> None:
    numbers = {"jobs": 3, "gpu_seconds": 12.0, "start_seconds": 2.0, "idle_seconds": 5.0, "billed_seconds": 19.0,
               "gpu_usd": 0.0042}  # fmt: skip
    answer = {"price_table": "2026-08", "total": numbers, "groups": [{"key": "caption", **numbers}]}
    api.answers["GET", "/costs"] = (200, answer)
    ran = cli("cost", "--by", "operation")
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["caption", "total"], ran.err
    assert "group_by=operation" in api.sent("GET", "/costs")[0].query
    assert cli("cost", "--by", "moon").code == 2


def test_login_checks_the_key_and_stores_it_for_this_user_only(cli: Cli, api: FakeApi) -> None:
    ran = cli("login", "--url", api.url, stdin=f"{KEY}\n", environ={})
    assert ran.code == 0, ran.err
    assert KEY not in ran.out + ran.err
    assert stat.S_IMODE(cli.user_file.stat().st_mode) == 0o600
    found = json.loads(cli("whoami", "--json", environ={}).out)
    assert (found["url"], found["valid"], sorted(found["from"])) == (api.url, True, ["key", "url"])
    assert KEY not in json.dumps(found)
    assert cli("login", "--url", api.url, stdin="wrong\n", environ={}).code == 3
    assert cli("whoami", environ={}).code == 0
    assert "the key of profile default is removed" in cli("logout", environ={}).err
    assert "profile default has no stored key" in cli("logout", environ={}).err
    ran = cli("whoami", "--profile", "wrk", environ={})
    assert (ran.code, "no API address is known for the profile wrk (from --profile)" in ran.err) == (3, True)


def test_config_never_takes_or_prints_a_key(cli: Cli, api: FakeApi) -> None:
    assert cli("config", "set", "url", "https://api.example.com/", environ={}).code == 0
    assert cli("config", "get", "url", environ={}).out == "https://api.example.com\n"
    ran = cli("config", "set", "api_key", KEY)
    assert (ran.code, "api-gpu login" in ran.err) == (2, True)
    assert KEY not in cli("config", "list").out
    assert cli("config", "unset", "url", environ={}).code == 0
    assert cli("config", "get", "url", environ={}).code == 4
    assert cli("config", "path").out == f"{cli.user_file}\n"


@pytest.mark.parametrize("has_key", [True, False])
def test_doctor_says_what_to_do(cli: Cli, api: FakeApi, has_key: bool) -> None:
    api.answers["GET", "/runpod/health"] = (200, {"endpoint_id": "x", "jobs": {}, "workers": {"idle": 2}})
    environ = {"API_GPU_URL": api.url, "API_GPU_KEY": KEY if has_key else "wrong"}
    ran = cli("doctor", environ=environ)
    assert ran.code == (0 if has_key else 3), ran.out
    assert ("✓ uploads" in ran.out) is has_key
    assert ("✗ key" in ran.out) is not has_key
    assert "✓ clock" in ran.out
    found = json.loads(cli("doctor", "--json", environ=environ).out)
    assert found["ok"] is has_key


def test_doctor_stops_at_the_first_step_that_fails(cli: Cli, api: FakeApi) -> None:
    ran = cli("doctor", "--url", "http://127.0.0.1:9", "--no-upload")
    assert (ran.code, ran.out.count("\n")) == (5, 1)
    assert "✗ address: http://127.0.0.1:9 cannot be reached" in ran.out
    ran = cli("doctor", environ={})
    assert (ran.code, "✗ address: not known; run `api-gpu login`" in ran.out) == (3, True)
    ran = cli("doctor", "--url", f"{api.url}/elsewhere")
    assert (ran.code, "answers 401; check the address" in ran.out) == (2, True)
    ran = cli("doctor", environ={"API_GPU_URL": api.url, "API_GPU_KEY": "wrong"})
    assert "✗ key: refused; run `api-gpu login` with a valid key; `make callers` makes one\n" in ran.out
    ran = cli("doctor", environ={"API_GPU_URL": api.url})
    assert (ran.code, "✗ key: not known" in ran.out) == (3, True)


def test_webhook_commands(cli: Cli, api: FakeApi) -> None:
    answer = {"type": "webhook.test", "result": "http_200", "status": "delivered", "duration_ms": 12, "response": None}
    api.answers["POST", "/webhooks/test"] = (200, answer)
    assert cli("webhooks", "test").out == "http_200  12 ms\n"
    api.answers["POST", "/webhooks/test"] = (200, {**answer, "result": "http_500", "status": "failed"})
    ran = cli("webhooks", "test")
    assert (ran.code, ran.out, "did not accept the test" in ran.err) == (1, "http_500  12 ms\n", True)
    assert json.loads(cli("webhooks", "test", "--json").out)["result"] == "http_500"
    api.answers["POST", "/webhooks/test"] = (200, {**answer, "result": "held", "status": "held"})
    ran = cli("webhooks", "test")
    assert (ran.code, "held for `api-gpu webhooks listen`" in ran.err) == (0, True)
    api.answers["POST", f"/job/{JOB}/redeliver"] = (202, api.job())
    assert cli("webhooks", "resend", JOB).out == f"{JOB}\n"
    ran = cli("webhooks", "default")
    assert (ran.code, ran.out, "no default URL" in ran.err) == (0, "", True)
    api.answers["PUT", "/webhooks/default"] = (200, {"url": "https://x.example.com/hook", "events": None})
    assert cli("webhooks", "default", "https://x.example.com/hook").out == "https://x.example.com/hook\n"
    chosen = {"url": "https://x.example.com/hook", "events": ["job.failed"]}
    api.answers["GET", "/webhooks/default"] = (200, chosen)
    ran = cli("webhooks", "default")
    assert (ran.out, "only job.failed" in ran.err) == ("https://x.example.com/hook\n", True)
    one = {"type": "job.failed", "job_id": JOB, "attempt": 2, "status": "failed", "result": "http_401",
           "url": "https://x.example.com/hook", "created_at": "2026-12-01T12:00:00Z", "response": "no"}  # fmt: skip
    api.answers["GET", "/webhooks/deliveries"] = (200, {"deliveries": [one], "next_cursor": None})
    assert "http_401\thttps://x.example.com/hook\tno\n" in cli("webhooks", "deliveries", JOB).out


@pytest.mark.parametrize("command", ["", "jobs", "webhooks", "webhooks deliveries", "cost"])
def test_help_shows_no_types_of_the_library(cli: Cli, command: str) -> None:
    shown = cli(*command.split(), "--help").out
    assert "show this text" in shown
    assert "<bool>" not in shown
    assert "<int" not in shown
