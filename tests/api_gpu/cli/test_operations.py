"""The commands of the operations: what they send, print, save and refuse."""

from __future__ import annotations

import json
import shlex

import pytest

from contract.operations import OPERATIONS
from tests.api_gpu.cli.conftest import Cli
from tests.api_gpu.cli.fake_api import JOB, FakeApi, problem


def test_local_files_become_a_finished_file(cli: Cli, api: FakeApi) -> None:
    api.finds(api.job("IN_QUEUE"), api.job())
    ran = cli("slideshow", "one.jpg", "two.jpg", "--audio", "voice.mp3", "--captions", "auto", "--style", "karaoke",
              "-o", "short.mp4")  # fmt: skip
    assert (ran.code, ran.out) == (0, "short.mp4\n"), ran.err
    assert (cli.folder / "short.mp4").read_bytes() == b"video"
    [submitted] = api.sent("POST", "/video/slideshow")
    assert submitted.body == {
        "images": ["upload:one.jpg", "upload:two.jpg"], "url_audio": "upload:voice.mp3",
        "captions": "auto", "style": "karaoke",
    }  # fmt: skip
    assert api.bucket["/bucket/voice.mp3"] == b"voice.mp3"
    assert submitted.headers["idempotency-key"]
    assert sorted(path.name for path in cli.folder.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ("caption clip.mp4 --srt words.srt", {"url_video": "upload:clip.mp4", "url_srt": "upload:words.srt"}),
        ("caption clip.mp4 words.srt", {"url_video": "upload:clip.mp4", "url_srt": "upload:words.srt"}),
        ("img2vid one.jpg", {"url_image": "upload:one.jpg"}),
        ("img2vid one.jpg two.jpg", {"images": ["upload:one.jpg", "upload:two.jpg"]}),
        ("probe voice.mp3", {"url_audio": "upload:voice.mp3"}),
        ("trim clip.mp4 --start 12 --end 0:20 --reencode",
         {"url_video": "upload:clip.mp4", "start": "12", "end": "0:20", "reencode": True}),
        ("trim https://x.example.com/t.mp4 --start 1 --metadata scene=7 --webhook-url listen: --webhook-events failed",
         {"url_video": "https://x.example.com/t.mp4", "start": "1", "metadata": {"scene": "7"},
          "webhook_url": "listen:", "webhook_events": ["job.failed"]}),
        ("slideshow one.jpg {\"url_image\":\"two.jpg\",\"duration\":3} --music voice.mp3 --music.volume-db -15",
         {"images": ["upload:one.jpg", {"url_image": "upload:two.jpg", "duration": 3}],
          "music": {"url_audio": "upload:voice.mp3", "volume_db": "-15"}}),
        ("caption clip.mp4 --captions hi --style karaoke --style.size 9 --style.colors.text #fff --style.bold true",
         {"url_video": "upload:clip.mp4", "captions": "hi",
          "style": {"preset": "karaoke", "size": "9", "colors": {"text": "#fff"}, "bold": True}}),
        ("trim clip.mp4 --start 1 --webhook-events=",
         {"url_video": "upload:clip.mp4", "start": "1", "webhook_events": []}),
        ("trim clip.mp4 --start 1 -o x.webm", {"url_video": "upload:clip.mp4", "start": "1", "format": "webm"}),
    ],
)  # fmt: skip
def test_command_line_becomes_the_request(cli: Cli, api: FakeApi, arguments: str, body: dict[str, object]) -> None:
    api.finds()
    ran = cli(*arguments.split(), "--no-wait")
    assert (ran.code, ran.out) == (0, f"{JOB}\n"), ran.err
    [submitted] = [seen for seen in api.seen if seen.method == "POST" and not seen.path.startswith("/uploads")]
    assert submitted.body == body


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("caption clip.mp4 --srt nowhere.srt", "--srt: there is no file nowhere.srt"),
        ("caption clip.mp4", "send --srt, --captions or --words, exactly one of them"),
        ("caption clip.mp4 --captions words.srt", "--captions takes the captions themselves; for the file words.srt"),
        ("caption clip.mp4 --captions nowhere.srt", "for the file nowhere.srt use --srt"),
        ("slideshow", "send --images: "),
        ("upload /", "/ is no file; name a file"),
        ("caption clip.mp4 --captions hi --style bold", "--style: no such preset"),
        ('caption clip.mp4 --captions hi --style {"size"', "--style: not valid JSON"),
        ("caption clip.mp4 one.jpg words.srt --captions hi", "there is no input left for this file"),
        ("caption clip.mp4 --captions hi -o nowhere/x.mp4", "there is no folder"),
        ("caption clip.mp4 --captions hi -o clip.mp4 --force", "clip.mp4 is an input file, which would be lost"),
        ("caption clip.mp4 --captions hi -o taken.mp4", "taken.mp4 exists; name another, or replace it with --force"),
        (
            "caption clip.mp4 --captions hi --webhook-events done",
            "there is no event done; choose from",
        ),
        (
            "webhooks listen --events done",
            "cancelled, timed_out, progress, webhook.test",
        ),
        ("webhooks listen --since 2026-11-30T12:00:00", "a time with its zone such as"),
        ("webhooks default --events failed", "--events belong to a URL"),
        ("caption clip.mp4 --captions hi --metadata scene", "--metadata scene: give KEY=VALUE"),
        ("caption / --captions hi", "--video: / is a folder, a device or a pipe; name a file"),
        ("caption empty.mp4 --captions hi", "--video: empty.mp4 is empty"),
        ("caption clip.mp4 --words @nowhere.json", "--words: the file nowhere.json cannot be read"),
        ('caption clip.mp4 --captions hi --style.colors {"text"', "--style.colors: not valid JSON"),
        ("caption clip.mp4 --captions hi -o -", "-o -: stdout has the names of the files"),
        ("slideshow one.jpg --duration 3", "No such option: --duration"),
        ("dance clip.mp4", "No such command 'dance'"),
        ("job", "Missing argument 'JOB'"),
    ],
)
def test_wrong_command_lines_exit_with_2_and_send_nothing(cli: Cli, api: FakeApi, arguments: str, says: str) -> None:
    (cli.folder / "taken.mp4").write_bytes(b"old")
    (cli.folder / "empty.mp4").touch()
    ran = cli(*arguments.split())
    assert ran.code == 2
    assert says in " ".join(ran.err.replace("│", " ").split())
    assert ran.out == ""
    assert api.seen == []


def test_captions_come_from_a_pipe(cli: Cli, api: FakeApi) -> None:
    api.finds()
    assert cli("caption", "clip.mp4", "--captions", "-", "--no-wait", stdin="Hello\nthere").code == 0
    assert api.sent("POST", "/video/caption")[0].body["captions"] == "Hello\nthere"


def test_json_comes_from_a_file(cli: Cli, api: FakeApi) -> None:
    api.finds()
    (cli.folder / "words.json").write_text('[{"word": "Hello", "start": 0, "end": 0.5}]')
    colors = '{"text": "#fff"}'
    ran = cli("caption", "clip.mp4", "--words", "@words.json", "--style.colors", colors, "--no-wait")
    assert ran.code == 0, ran.err
    body = api.sent("POST", "/video/caption")[0].body
    assert (body["words"][0]["word"], body["style"]) == ("Hello", {"colors": {"text": "#fff"}})


def test_refused_upload_ends_the_command(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", "/uploads"] = problem(422, "file_too_large", "The file is too large.")
    ran = cli("slideshow", "one.jpg", "two.jpg")
    assert (ran.code, "The file is too large (file_too_large)" in ran.err) == (2, True)
    assert api.sent("POST", "/video/slideshow") == []


def test_equal_files_are_sent_once(cli: Cli, api: FakeApi) -> None:
    api.finds()
    for name in ("one.jpg", "two.jpg"):
        (cli.folder / name).write_bytes(b"equal contents")
    assert cli("slideshow", "one.jpg", "two.jpg", "--no-wait").code == 0
    # A thread of an earlier test may still send.
    assert len([seen for seen in api.sent("POST", "/uploads") if seen.body["size_bytes"] == len("equal contents")]) == 1
    # Either is the first.
    assert len(set(api.sent("POST", "/video/slideshow")[0].body["images"])) == 1
    found = json.loads(cli("upload", "one.jpg", "two.jpg", "--json").out)
    assert len({entry["upload"] for entry in found["uploads"]}) == 1


def test_failed_job_exits_with_1_and_its_reason(cli: Cli, api: FakeApi) -> None:
    cause = {"code": "source_http", "message": "The server answered 404. Check the URL.", "blame": "caller"}
    api.finds(api.job("FAILED", error=cause))
    ran = cli("caption", "https://x.example.com/v.mp4", "--captions", "hi")
    assert (ran.code, ran.out) == (1, "")
    assert "error: The server answered 404. Check the URL. (source_http)" in ran.err
    ran = cli("-q", "--json", "caption", "https://x.example.com/v.mp4", "--captions", "hi")
    assert (ran.code, json.loads(ran.out)["status"]) == (1, "FAILED")


def test_wait_that_times_out_exits_with_6_and_tells_how_to_go_on(cli: Cli, api: FakeApi) -> None:
    api.finds(api.job("IN_PROGRESS"))
    ran = cli("caption", "https://x.example.com/v.mp4", "--captions", "hi", "--timeout", "0.2")
    assert (ran.code, ran.out) == (6, "")
    assert f"still running: api-gpu wait {JOB}" in ran.err


def test_existing_file_is_replaced_only_with_force(cli: Cli, api: FakeApi) -> None:
    api.finds()
    (cli.folder / "output.mp4").write_bytes(b"old")
    assert cli("wait", JOB).code == 2
    assert (cli.folder / "output.mp4").read_bytes() == b"old"
    ran = cli("wait", JOB, "--force")
    assert (ran.code, ran.out) == (0, "output.mp4\n")
    assert (cli.folder / "output.mp4").read_bytes() == b"video"


def test_json_has_the_job_and_its_files(cli: Cli, api: FakeApi) -> None:
    api.finds(api.job("IN_PROGRESS"), api.job())
    found = json.loads(cli("wait", JOB, "--json", "-o", "out/").out)
    assert (found["job_id"], found["files"]) == (JOB, ["out/output.mp4"])
    lines = cli("wait", JOB, "--json", "--watch", "--force").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events][-1] == "finished"
    assert events[-1]["job"]["files"] == ["output.mp4"]


def test_dry_run_prints_the_price_only(cli: Cli, api: FakeApi) -> None:
    answer = {"dry_run": True, "operation": "caption", "valid": True, "artifacts": ["output.mp4"], "warnings": [],
              "inputs": [{"field": "url_video", "reachable": True, "status": 200, "size_bytes": 2_500_000}],
              "estimate": {"gpu_seconds": 4, "queue_seconds": 9, "gpu_usd": 0.0021, "basis": "history"}}  # fmt: skip
    api.answers["POST", "/video/caption"] = (200, answer)
    ran = cli("caption", "https://x.example.com/v.mp4", "--captions", "hi", "--dry-run")
    assert (ran.code, ran.out) == (0, "$0.0021\n")
    assert "url_video: ok  2.5 MB" in ran.err
    ran = cli("caption", "https://x.example.com/v.mp4", "--captions", "hi", "--dry-run", "--json")
    assert json.loads(ran.out) == answer
    assert api.sent("POST", "/video/caption")[0].body["dry_run"] is True


def test_refused_request_names_the_field_and_the_request(cli: Cli, api: FakeApi) -> None:
    errors = [{"field": "style.font", "message": "no such font"}]
    api.answers["POST", "/video/caption"] = problem(422, "invalid_request", "The request is not valid.", errors=errors)
    ran = cli("caption", "https://x.example.com/v.mp4", "--captions", "hi", "--json")
    assert ran.code == 2
    assert "The request is not valid: style.font: no such font (invalid_request)" in ran.err
    assert "request: req-7" in ran.err
    assert json.loads(ran.out)["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_field_is_in_the_help(cli: Cli, kind: str) -> None:
    shown = cli(kind, "--help").out
    for field in OPERATIONS[kind].model_fields:
        if field != "kind":
            assert f"--{field.removeprefix('url_').replace('_', '-')}" in shown


@pytest.mark.parametrize("kind", OPERATIONS)
def test_example_in_the_help_is_a_valid_command(
    cli: Cli, api: FakeApi, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    example = cli(kind, "--help").out.partition("Example: api-gpu ")[2].partition("\n")[0]
    for name in ("photo.jpg", "second.jpg", "second.mp4", "narration.mp3", "captions.srt", "music.mp3", "logo.png"):
        (cli.folder / name).write_bytes(b"x")
    api.answers["POST", OPERATIONS[kind].path] = (202, api.job("ACCEPTED"))
    ran = cli(*shlex.split(example), "--no-wait")
    assert (ran.code, ran.out) == (0, f"{JOB}\n"), ran.err
