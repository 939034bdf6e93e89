"""Requests as n8n, Make, spreadsheets and people send them, and the error sentences they get."""

from __future__ import annotations

import re
from typing import Any

import pytest

from contract.operations import AudioMode, Fit
from tests.support.fakes import World
from tests.support.gateway import Answer, Client

VIDEO, IMAGE = "https://media.example/v.mp4", "https://media.example/p.jpg"
CAPTION = {"url_video": VIDEO, "url_srt": "https://media.example/s.srt"}
STILL = {"url_image": IMAGE}
SOUND = {"url_video": VIDEO, "url_audio": "https://media.example/a.mp3"}
PATHS = {"caption": CAPTION, "img2vid": STILL, "addaudio": SOUND, "compose": STILL}
JARGON = re.compile(
    r"\^\[|\\d|valid dictionary|Input should|pydantic|Python|NoneType|value_error|JSONDecode", re.IGNORECASE
)


def detail(answer: Answer, status: int = 422) -> str:
    assert answer.status == status, answer.text
    text: str = answer.json["detail"]
    assert not JARGON.search(answer.text)
    return text


@pytest.mark.parametrize("blank", [None, "", " \t\r\n", "\u00a0"])
@pytest.mark.parametrize("kind", PATHS)
def test_blank_fields_count_as_not_sent(client: Client, world: World, kind: str, blank: str | None) -> None:
    optional = ["webhook_url", "metadata", "frame_rate", "duration", "size", "fit", "mode", "volume", "url_audio_2"]
    body = PATHS[kind] | dict.fromkeys(optional, blank)
    if kind == "compose":
        body |= dict.fromkeys(["url_video", "url_audio", "url_srt"], blank)
    assert client.call("POST", f"/video/{kind}", body).status == 202
    plain = client.call("POST", f"/video/{kind}", PATHS[kind])
    jobs = world.store.jobs
    assert jobs["job-1"].operation == jobs[plain.json["job_id"]].operation
    assert (jobs["job-1"].callback, jobs["job-1"].metadata) == (None, {})


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blank_required_fields_are_missing(client: Client, blank: str | None) -> None:
    answer = client.call("POST", "/video/caption", {"url_video": blank, "url_srt": blank})
    assert detail(answer) == "url_video: missing."
    answer = client.call("POST", "/video/caption", {"url_video": VIDEO, "url_srt": blank, "captions": blank})
    assert detail(answer).startswith("send `url_srt`, `captions` or `words`, exactly one of them")


@pytest.mark.parametrize("blank", ["", " "])
def test_blank_headers_count_as_not_sent(client: Client, blank: str) -> None:
    headers = {"idempotency-key": blank, "prefer": blank, "content-encoding": blank}
    for job in ("job-1", "job-2"):
        answer = client.call("POST", "/video/caption", CAPTION, headers=headers)
        assert (answer.status, answer.json["job_id"]) == (202, job)
    assert client.call("GET", "/jobs", key=blank).headers["www-authenticate"].startswith("ApiKey ")
    assert client.call("GET", "/jobs", key=blank).status == 401


def test_equivalent_requests_are_the_same_job(client: Client) -> None:
    key = {"idempotency-key": "run-7"}
    body = STILL | {"size": "1080x1920", "fit": "cover", "duration": 2.5, "metadata": {"row": "7"}}
    first = client.call("POST", "/video/img2vid", body, headers=key)
    same = STILL | {
        "size": "1080 × 1920", "fit": " Cover", "duration": "2,5", "webhook_url": "", "frame_rate": None,
        "metadata": {"row": 7.0, "none": None},
    }  # fmt: skip
    repeated = client.call("POST", "/video/img2vid", same, headers=key)
    assert (repeated.status, repeated.json["job_id"]) == (202, first.json["job_id"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (0.1, "0.1"),
        (-3, "-3"),
        (True, "true"),
        (False, "false"),
        (" x ", "x"),
        ("", ""),
        (2**60, str(2**60)),
    ],
)
def test_metadata_scalars_become_text(client: Client, value: object, text: str) -> None:
    answer = client.call("POST", "/video/caption", CAPTION | {"metadata": {"a": value, "none": None}})
    assert answer.json["metadata"] == {"a": text}


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"a": {"b": 1}}, "metadata.a: must be text, a number, true or false"),
        ({"a": [1]}, "metadata.a: must be text"),
        ('{"a": 1}', "metadata: this is JSON inside a string"),
        ([1], "metadata: must be an object"),
        ("abc", 'metadata: must be an object, for example {"row": "7"}'),
        (7, "metadata: must be an object"),
        ({str(n): n for n in range(51)}, "metadata: must not have more than 50 entries"),
    ],
)
def test_invalid_metadata_is_explained(client: Client, metadata: object, sentence: str) -> None:
    assert sentence in detail(client.call("POST", "/video/caption", CAPTION | {"metadata": metadata}))


@pytest.mark.parametrize(
    "size", ["1080×1920", "1080 x 1920", "1080*1920", "1080X1920", " 1080 × 1920 ", "1080px x 1920px", "1080х1920"]
)
def test_common_size_spellings_are_accepted(client: Client, world: World, size: str) -> None:
    assert client.call("POST", "/video/img2vid", STILL | {"size": size}).status == 202
    assert world.store.jobs["job-1"].operation.size == "1080x1920"  # type: ignore[union-attr]


def test_choices_are_case_insensitive(client: Client, world: World) -> None:
    client.call("POST", "/video/img2vid", STILL | {"fit": " CONTAIN\n"})
    client.call("POST", "/video/addaudio", SOUND | {"mode": "Mix"})
    assert world.store.jobs["job-1"].operation.fit is Fit.CONTAIN  # type: ignore[union-attr]
    assert world.store.jobs["job-2"].operation.mode is AudioMode.MIX  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "number"), [(" 30 ", 30), ("29,97", 29.97), ("23,976", 23.976), ("24.0", 24), ("12,5", 12.5)]
)
def test_numbers_may_be_sent_as_text(client: Client, world: World, given: str, number: float) -> None:
    assert client.call("POST", "/video/img2vid", STILL | {"frame_rate": given}).status == 202
    assert world.store.jobs["job-1"].operation.frame_rate == number  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("duration", "1,000", "duration: must be a number from 0.1 to 300, for example 5."),
        ("duration", 301, "duration: must be a number from 0.1 to 300, for example 5."),
        ("frame_rate", True, "frame_rate: must be a number from 1 to 60, for example 24."),
        ("frame_rate", "fast", "frame_rate: must be a number from 1 to 60, for example 24."),
        ("frame_rate", [24], "frame_rate: must be a number from 1 to 60, for example 24."),
        ("size", "16:9", 'size: must be width and height in pixels, for example "1080x1920".'),
        ("size", 1080, 'size: must be text, for example "1080x1920".'),
        ("size", "1081x1920", "size: width and height must be even numbers from 64 to 3840"),
        ("fit", "stretch", 'fit: must be "cover", "contain" or "blur".'),
        ("fit", 7, 'fit: must be "cover", "contain" or "blur".'),
        ("url_image", 7, 'url_image: must be text, for example "https://media.example.com/photo.jpg".'),
        ("url_image", [IMAGE, IMAGE], "url_image: must be one URL as text, not a list."),
        ("url_image", {"url": IMAGE}, "url_image: must be a URL as text, not an object or a file."),
        ("url_image", "https://https://media.example/p.jpg", "url_image: https:// appears twice"),
        ("url_image", "https://youtu.be/x", "url_image: the URL leads to a page of YouTube"),
        ("url_image", "https://media.example:22/p.jpg", "use 443, 80, 8443 or 8080"),
        ("url_image", "http://192.168.1.5/p.jpg", "upload the file (POST /uploads) and send upload:<upload_id>, or"),
        ("url_image", "http://localhost:8000/p.jpg", "upload the file (POST /uploads) and send upload:<upload_id>, or"),
        ("url_image", "htps://media.example/p.jpg", "must start with https:// or http://"),
        ("url_image", "https://me:pw@media.example/p.jpg", "use a presigned"),
        ("webhook_url", "http://hooks.example/", "must start with https://"),
        ("webhook_url", "https://api.example/jobs", "send the URL of your own receiver"),
    ],
)
def test_error_states_the_expectation_with_an_example(client: Client, field: str, value: object, sentence: str) -> None:
    assert sentence in detail(client.call("POST", "/video/img2vid", STILL | {field: value}))


@pytest.mark.parametrize(
    ("path", "name", "meant"),
    [
        ("img2vid", "image_url", "url_image"),
        ("img2vid", "imageUrl", "url_image"),
        ("img2vid", "URL_IMAGE", "url_image"),
        ("img2vid", "fps", "frame_rate"),
        ("img2vid", "frameRate", "frame_rate"),
        ("img2vid", "width", "size"),
        ("img2vid", "aspect", "aspect_ratio"),
        ("img2vid", "kenburns", "motion"),
        ("addaudio", "bgm", "music"),
        ("img2vid", "seconds", "duration"),
        ("img2vid", "duraton", "duration"),
        ("caption", "srt_url", "url_srt"),
        ("caption", "subtitles", "url_srt"),
        ("caption", "Captions", "captions"),
        ("caption", "script", "captions"),
        ("caption", "settings", "style"),
        ("compose", "font_size", "style"),
        ("caption", "lang", "language"),
        ("caption", "exclude_time_ranges", "exclude"),
        ("caption", "video", "url_video"),
        ("caption", "callback_url", "webhook_url"),
        ("caption", "webhookUrl", "webhook_url"),
        ("addaudio", "audio", "url_audio"),
        ("compose", "narration", "url_audio"),
        ("compose", "meta", "metadata"),
        ("addaudio", "gain", "volume"),
    ],
)
def test_unknown_field_suggests_the_closest_one(client: Client, path: str, name: str, meant: str) -> None:
    answer = client.call("POST", f"/video/{path}", PATHS[path] | {name: "x"})
    assert detail(answer) == f"{name}: no such field; did you mean {meant}?"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"images": [IMAGE, {"url_image": "https://youtu.be/x"}]}, "images.1.url_image: the URL leads to a page of"),
        ({"images": [IMAGE, {"url_image": IMAGE, "dur": 3}]}, "images.1.dur: no such field; known fields: url_image,"),
        ({"images": [IMAGE] * 21}, "images: must not have more than 20 entries."),
        ({"images": [IMAGE], "url_image": IMAGE}, "send `url_image` or `images`, exactly one of the two"),
    ],
)
def test_wrong_entry_of_several_pictures_is_named(client: Client, body: dict[str, Any], sentence: str) -> None:
    assert sentence in detail(client.call("POST", "/video/img2vid", body))
    assert (
        client.call("POST", "/video/img2vid", {"images": [IMAGE, {"url_image": IMAGE}], "url_image": ""}).status == 202
    )


def test_detail_names_the_first_errors(client: Client) -> None:
    body = {"image_url": IMAGE, "fps": 24, "width": 1080, "height": 1920}
    answer = client.call("POST", "/video/img2vid", body)
    assert detail(answer) == (
        "image_url: no such field; did you mean url_image? fps: no such field; did you mean frame_rate? "
        "width: no such field; did you mean size? And 1 more."
    )
    assert len(answer.json["errors"]) == 4
    answer = client.call("POST", "/video/img2vid", STILL | {"planted": "blue"})
    assert detail(answer) == (
        "planted: no such field; known fields: url_image, images, overlay, webhook_url, webhook_events, metadata, "
        "dry_run, quality, format, poster, output_filename, size, aspect_ratio, resolution, fit, background, "
        "frame_rate, motion, duration."
    )


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ('"{\\"url_image\\": 1}"', "the body is JSON inside a string"),
        ("[{}]", "the body is a list"),
        ("null", "null"),
        ("7", "the body is a single value"),
        ('"hello"', "the body is text"),
        ("", "no body"),
        (" \n", "no body"),
    ],
)
def test_non_object_body_is_explained(client: Client, raw: str, sentence: str) -> None:
    answer = client.call("POST", "/video/img2vid", raw=raw)
    assert sentence in detail(answer)
    assert [error["field"] for error in answer.json["errors"]] == ["body"]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ('{\n "a": 1,\n}', "Line 3, column 1"),
        ('{"a": "x\ny"}', "Line 1, column 9: a line break"),
        ('{"a": "x" "b": 1}', "Line 1, column 11: a comma is missing"),
        ("{'a': 1}", "Line 1, column 2: a field name"),
        ('{"a": {{ $json.x }}}', "placeholder"),
        ('{"a": "C:\\x"}', "Line 1, column 10: a backslash"),
        ('{"a": "x', "no closing double quote"),
        ('{"a": 1} {', "more text follows"),
        ("url_image=https://x&b=1", "a form"),
        ('{"a": "é😀", b}', "Line 1, column 13"),
    ],
)
def test_json_error_states_its_position(client: Client, raw: str, sentence: str) -> None:
    assert sentence in detail(client.call("POST", "/video/img2vid", raw=raw), 400)


def test_form_body_is_explained(client: Client) -> None:
    for media_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.call("POST", "/video/img2vid", raw="a=b", headers={"content-type": media_type})
        assert "sent as a form" in detail(answer, 415)


def test_matching_kind_is_accepted_and_no_other(client: Client) -> None:
    assert client.call("POST", "/video/caption", CAPTION | {"kind": "caption"}).status == 202
    assert detail(client.call("POST", "/video/caption", CAPTION | {"kind": "compose"})).startswith(
        "kind: no such field"
    )


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/jobs?limt=3", "limt: no such field; did you mean limit?"),
        ("/jobs?page=2", "page: no such field; did you mean cursor?"),
        ("/jobs?planted=1", "query: no such field; known fields: state, operation, metadata, created_after,"),
        ("/job/job-1?x=1", "query: no such field"),
        ("/runpod/health?x=1", "query: no such field"),
        ("/jobs?limit=many", "limit: must be a whole number from 1 to 100"),
        ("/jobs?limit=500", "limit: must be a whole number from 1 to 100"),
        ("/jobs?cursor=" + "x" * 300, "cursor: must not have more than 256"),
    ],
)
def test_unknown_query_parameters_are_refused(client: Client, path: str, sentence: str) -> None:
    text = client.call("GET", path)
    assert sentence in detail(text)
    assert "planted" not in text.text


@pytest.mark.parametrize(
    "path", ["/jobs?limit=&cursor=", "/jobs?limit=%205%20", "/jobs?unknown=", "/health?utm_source=x", "/?utm_source=x"]
)
def test_blank_and_tracking_parameters_are_ignored(client: Client, path: str) -> None:
    assert client.call("GET", path).status == 200


def test_upper_case_ids_are_found(client: Client) -> None:
    client.call("POST", "/video/caption", CAPTION)
    assert client.call("GET", "/job/JOB-1").json["job_id"] == "job-1"
    assert client.call("POST", "/job/Job-1/cancel").json["status"] == "CANCELLED"
    assert client.call("GET", "/job/JOB-1", key="other").status == 404


def test_401_names_the_header(client: Client) -> None:
    answer: Any = client.call("GET", "/jobs", key="wrong")
    assert answer.headers["www-authenticate"] == 'ApiKey realm="api-gpu", header="X-API-Key"'
