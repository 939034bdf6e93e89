"""The routes of uploads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contract.limits import MAX_UPLOAD_BYTES, UPLOAD_PART_BYTES, UPLOAD_SINGLE_BYTES
from lambda_api.domain.keys import upload_key
from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.domain.uploads.upload import OBJECT_MS
from lambda_api.web.validation.uploads import guess_content_type
from tests.support.fakes import World, etag_of
from tests.support.gateway import Answer, Client, assert_problem
from tests.support.uploads import add_upload

PHOTO: dict[str, Any] = {"filename": "photo.jpg", "size_bytes": 5}
LARGE = {"filename": "clip.mp4", "size_bytes": UPLOAD_SINGLE_BYTES + 1}
JSON = {"content-type": "application/json"}


def post(client: Client, path: str, body: object, **options: Any) -> Answer:
    return client.call("POST", path, body, headers=JSON, **options)


def test_small_file_gets_one_url_and_its_headers(client: Client) -> None:
    created = post(client, "/uploads", PHOTO | {"sha256": "AB" * 32})
    assert (created.status, created.headers["location"]) == (201, "/uploads/job-1")
    upload = created.json
    assert upload.pop("url").startswith("https://bucket.example/uploads/ada/job-1?put")
    assert upload == {
        "upload_id": "job-1", "state": "waiting", "filename": "photo.jpg", "content_type": "image/jpeg",
        "size_bytes": 5, "method": "PUT", "part_size": None, "parts": None,
        "headers": {
            "Content-Type": "image/jpeg", "Content-Length": "5",
            "x-amz-checksum-sha256": "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
        },
        "expires_at": "2027-01-15T09:00:00.000Z", "object_expires_at": "2027-01-16T08:00:00.000Z",
        "links": {"self": "/uploads/job-1", "complete": "/uploads/job-1/complete"},
    }  # fmt: skip


def test_large_file_gets_a_url_for_each_part(client: Client, world: World) -> None:
    upload = post(client, "/uploads", LARGE).json
    assert (upload["url"], upload["headers"], upload["part_size"]) == (None, {}, UPLOAD_PART_BYTES)
    assert [part["number"] for part in upload["parts"]] == list(range(1, 8))
    assert sum(part["size_bytes"] for part in upload["parts"]) == LARGE["size_bytes"]
    (sent,) = world.objects.multiparts.values()
    sent.update({part["number"]: b"\0" * part["size_bytes"] for part in upload["parts"]})
    parts = [{"number": number, "etag": f'"{etag_of(data)}"'} for number, data in sent.items()]
    done = post(client, upload["links"]["complete"], {"parts": parts})
    assert (done.status, done.json["state"]) == (200, "ready")
    assert "url" not in done.json


def test_largest_response_fits_into_that_of_a_function(client: Client) -> None:
    created = post(client, "/uploads", LARGE | {"size_bytes": MAX_UPLOAD_BYTES})
    parts = created.json["parts"]
    # A URL that is signed with the credentials of a role has a session token of about 1,500 characters.
    assert len(created.text) + len(parts) * 2_000 < 6_000_000 / 2


def test_upload_is_read_without_urls(client: Client, world: World) -> None:
    upload_id = add_upload(world)
    read = client.call("GET", f"/uploads/{upload_id.upper()}")
    assert (read.status, read.json["state"]) == (200, "ready")
    assert "planted-signature" not in read.text
    world.clock.advance(OBJECT_MS)
    assert client.call("GET", f"/uploads/{upload_id}").json["state"] == "expired"
    assert_problem(post(client, f"/uploads/{upload_id}/complete", {}), 422, "upload_expired")


@pytest.mark.parametrize("raw", [None, "", "{}", '{"parts": null}', '{"parts": []}'])
def test_file_that_was_sent_at_once_needs_no_parts(client: Client, world: World, raw: str | None) -> None:
    headers = JSON if raw else {}
    done = client.call("POST", f"/uploads/{add_upload(world)}/complete", raw=raw, headers=headers)
    assert (done.status, done.json["state"]) == (200, "ready")


def test_another_owner_sees_no_upload(client: Client, world: World) -> None:
    upload_id = add_upload(world)
    unknown = assert_problem(client.call("GET", "/uploads/none", key="other"), 404, "not_found")
    foreign = assert_problem(client.call("GET", f"/uploads/{upload_id}", key="other"), 404, "not_found")
    assert {**unknown, "request_id": ""} == {**foreign, "request_id": ""}
    assert_problem(post(client, f"/uploads/{upload_id}/complete", {}, key="other"), 404, "not_found")
    assert_problem(client.call("GET", f"/uploads/{upload_id}", key=None), 401, "unauthorized")


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"filename": None}, "filename", "missing"),
        ({"filename": " "}, "filename", "missing"),
        ({"filename": "x" * 256}, "filename", "255"),
        ({"size_bytes": 0}, "size_bytes", "from 1 to 2147483648"),
        ({"size_bytes": MAX_UPLOAD_BYTES + 1}, "size_bytes", "from 1 to 2147483648"),
        ({"size_bytes": 1.5}, "size_bytes", "a whole number"),
        ({"size_bytes": True}, "size_bytes", "a whole number"),
        ({"content_type": "application/zip"}, "content_type", "leave it out"),
        ({"content_type": "video/mp4\r\nx: y"}, "content_type", "leave it out"),
        ({"content_type": "video"}, "content_type", "leave it out"),
        ({"sha256": "ab"}, "sha256", "64 digits"),
        ({"sha256": "ab" * 32, "size_bytes": UPLOAD_SINGLE_BYTES + 1}, "body", "leave it out"),
        ({"filesize": 5}, "filesize", "no such field"),
    ],
)
def test_a_wrong_field_is_named(client: Client, change: dict[str, Any], field: str, says: str) -> None:
    refused = assert_problem(post(client, "/uploads", PHOTO | change), 422, "invalid_request")
    assert [error["field"] for error in refused["errors"]] == [field]
    assert says in refused["detail"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"filename": " C:\\films\\Clip.MP4 "}, ("Clip.MP4", "video/mp4")),
        ({"filename": "/home/a/ü.srt", "content_type": ""}, ("ü.srt", "application/x-subrip")),
        ({"filename": "x", "content_type": "Text/VTT; charset=utf-8"}, ("x", "text/vtt")),
        ({"filename": "a\nb\ud83d.mp4"}, ("ab.mp4", "video/mp4")),
        ({"filename": "folder/"}, ("file", "application/octet-stream")),
        ({"filename": "x.zip"}, ("x.zip", "application/octet-stream")),
        ({"filename": "p.jpg", "size_bytes": "5"}, ("p.jpg", "image/jpeg")),
    ],
)
def test_names_and_types_are_normalized(client: Client, sent: dict[str, Any], kept: tuple[str, str]) -> None:
    upload = post(client, "/uploads", PHOTO | sent).json
    assert (upload["filename"], upload["content_type"]) == kept
    assert upload["headers"]["Content-Type"] == kept[1]


@pytest.mark.parametrize(
    ("name", "guessed"),
    [
        ("a.srt", "application/x-subrip"), ("a.vtt", "text/vtt"), ("a.ass", "text/x-ssa"), ("a.heic", "image/heic"),
        ("a.avif", "image/avif"), ("a.mkv", "video/x-matroska"), ("a.mov", "video/quicktime"), ("a.wav", "audio/x-wav"),
        ("a.m4a", "audio/mp4"), ("a.exe", "application/octet-stream"), ("a", "application/octet-stream"),
    ],
)  # fmt: skip
def test_type_is_guessed_from_the_name(name: str, guessed: str) -> None:
    assert guess_content_type(name) == guessed


@pytest.mark.parametrize(
    "parts",
    [
        [{"number": 1}], [{"number": 0, "etag": "a"}], [{"number": 129, "etag": "a"}], [{"number": 1, "etag": ""}],
        [{"number": 1, "etag": '"a\nb"'}], [{"number": 1, "etag": "a", "size": 5}], "[]", {"1": "a"},
    ],
)  # fmt: skip
def test_malformed_parts_are_refused(client: Client, parts: object) -> None:
    upload = post(client, "/uploads", LARGE).json
    refused = assert_problem(post(client, upload["links"]["complete"], {"parts": parts}), 422, "invalid_request")
    assert refused["errors"][0]["field"].startswith("parts")


def test_wrong_parts_say_what_to_send(client: Client) -> None:
    upload = post(client, "/uploads", LARGE).json
    refused = assert_problem(post(client, upload["links"]["complete"], {"parts": []}), 422, "invalid_request")
    assert refused["detail"] == "parts: must name each of the 7 parts once, by its number from 1 to 7, with its etag."


def test_exhausted_quota_is_a_429_with_its_headers(world: World) -> None:
    world.services = replace(world.services, upload_allowance=UploadAllowance(uploads=1))
    client = Client(world)
    assert post(client, "/uploads", PHOTO).status == 201
    refused = post(client, "/uploads", PHOTO)
    assert_problem(refused, 429, "too_many_uploads")
    assert refused.headers["retry-after"] == "3600"
    assert refused.headers["ratelimit-policy"] == '"uploads";q=1;w=3600'
    assert refused.headers["ratelimit"] == '"uploads";r=0;t=3600'


def test_exhausted_bytes_are_a_429_with_their_unit(world: World) -> None:
    world.services = replace(world.services, upload_allowance=UploadAllowance(bytes=MAX_UPLOAD_BYTES))
    client = Client(world)
    assert post(client, "/uploads", LARGE | {"size_bytes": MAX_UPLOAD_BYTES}).status == 201
    refused = post(client, "/uploads", PHOTO)
    assert_problem(refused, 429, "upload_bytes_exceeded")
    assert refused.headers["ratelimit-policy"] == f'"upload-bytes";q={MAX_UPLOAD_BYTES};qu="content-bytes";w=86400'


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url_image": "upload:nobody"}, "url_image"),
        ({"url_image": "https://media.example/p.jpg", "overlay": "upload:nobody"}, "overlay.url_image"),
    ],
)
def test_submit_names_the_field_of_an_upload(client: Client, body: dict[str, Any], field: str) -> None:
    refused = assert_problem(post(client, "/video/img2vid", body), 422, "upload_not_found")
    assert [error["field"] for error in refused["errors"]] == [field]


def test_callbacks_do_not_go_to_uploads(client: Client, world: World) -> None:
    body = {"url_image": f"upload:{add_upload(world)}", "webhook_url": f"upload:{add_upload(world)}"}
    refused = assert_problem(post(client, "/video/img2vid", body), 422, "invalid_request")
    assert [error["field"] for error in refused["errors"]] == ["webhook_url"]


def test_stored_references_of_clients_are_refused(client: Client) -> None:
    body = {"url_image": "stored:captions"}
    assert_problem(post(client, "/video/img2vid", body), 422, "invalid_request")


def test_job_is_accepted_with_an_upload(client: Client, world: World) -> None:
    upload_id = add_upload(world)
    assert post(client, "/video/img2vid", {"url_image": f"upload:{upload_id}"}).status == 202
    key = upload_key("ada", upload_id)
    assert key in world.provider.runs[0]["input"]["operation"]["url_image"]
