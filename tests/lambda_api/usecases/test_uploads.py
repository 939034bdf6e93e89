"""Announce, complete and read uploads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.limits import UPLOAD_PART_BYTES, UPLOAD_SINGLE_BYTES
from lambda_api.domain.errors import (
    InvalidRequest,
    NotFound,
    TooManyUploads,
    Unavailable,
    UploadExpired,
    UploadNotReady,
)
from lambda_api.domain.keys import upload_key
from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.domain.uploads.upload import OBJECT_MS, ROW_MS, SentPart, UploadState
from lambda_api.usecases.uploads.complete_upload import complete_upload
from lambda_api.usecases.uploads.create_upload import create_upload
from lambda_api.usecases.uploads.get_upload import get_upload
from tests.support.fakes import World, etag_of
from tests.support.uploads import add_upload, announced

LARGE = UPLOAD_SINGLE_BYTES + 1
PARTS = [bytes([number]) * UPLOAD_PART_BYTES for number in range(6)] + [b"x" * (LARGE - 6 * UPLOAD_PART_BYTES)]


def send_parts(world: World) -> tuple[str, list[SentPart]]:
    """Announce a large file and send all its parts; return the id and the parts."""
    signed = create_upload(world.services, announced(size_bytes=LARGE))
    (sent,) = world.objects.multiparts.values()
    sent.update(enumerate(PARTS, start=1))
    return signed.upload.upload_id, [SentPart(number, etag_of(part)) for number, part in sent.items()]


def test_a_small_file_is_sent_at_once_with_signed_headers(world: World) -> None:
    signed = create_upload(world.services, announced(sha256="ab" * 32))
    assert signed.headers["Content-Length"] == "5"
    assert signed.headers["Content-Type"] == "image/jpeg"
    assert signed.headers["x-amz-checksum-sha256"].endswith("=")
    assert (signed.parts, world.objects.multiparts) == ((), {})
    assert "planted-signature" not in repr(signed)


def test_a_large_file_is_sent_in_parts(world: World) -> None:
    signed = create_upload(world.services, announced(size_bytes=LARGE))
    assert [part.number for part, _ in signed.parts] == list(range(1, 8))
    assert len({url for _, url in signed.parts}) == 7
    assert (signed.url, signed.headers) == (None, {})


def test_parts_are_dropped_if_the_quota_is_exhausted(world: World) -> None:
    world.services = replace(world.services, upload_allowance=UploadAllowance(uploads=1))
    create_upload(world.services, announced(size_bytes=LARGE))
    with pytest.raises(TooManyUploads):
        create_upload(world.services, announced(size_bytes=LARGE))
    assert world.objects.aborted == ["multipart-2"]
    assert len(world.uploads.uploads) == 1
    create_upload(world.services, announced(owner="bob"))


def test_complete_joins_the_parts_once(world: World) -> None:
    upload_id, parts = send_parts(world)
    assert get_upload(world.services, "ada", upload_id).state is UploadState.WAITING
    # In any order, and again: the response may have been lost.
    for _ in range(2):
        assert complete_upload(world.services, "ada", upload_id, parts[::-1]).state is UploadState.READY
    assert world.objects.objects[upload_key("ada", upload_id)] == b"".join(PARTS)
    assert get_upload(world.services, "ada", upload_id).state is UploadState.READY


def test_complete_refuses_missing_repeated_and_foreign_parts(world: World) -> None:
    upload_id, parts = send_parts(world)
    wrong = [SentPart(1, etag_of(b"other")), *parts[1:]]
    for given in ([], parts[:-1], [*parts, parts[0]], [*parts[1:], SentPart(9, parts[0].etag)], wrong):
        with pytest.raises(InvalidRequest) as refusal:
            complete_upload(world.services, "ada", upload_id, given)
        assert refusal.value.errors[0][0] == "parts"
    assert complete_upload(world.services, "ada", upload_id, parts).state is UploadState.READY


def test_complete_of_a_small_file_checks_that_it_is_there(world: World) -> None:
    upload_id = add_upload(world, None)
    with pytest.raises(UploadNotReady, match="not arrived"):
        complete_upload(world.services, "ada", upload_id, [])
    world.objects.objects[upload_key("ada", upload_id)] = b"12345"
    assert complete_upload(world.services, "ada", upload_id, []).state is UploadState.READY


def test_complete_is_repeated_while_another_request_joins_the_parts(world: World) -> None:
    """S3 may take longer than our timeout, and knows the upload no more from the moment that it begins."""
    upload_id, parts = send_parts(world)
    world.objects.multiparts.clear()
    with pytest.raises(Unavailable, match="again") as busy:
        complete_upload(world.services, "ada", upload_id, parts)
    assert busy.value.retry_after == 2
    world.objects.objects[upload_key("ada", upload_id)] = b"".join(PARTS)
    assert complete_upload(world.services, "ada", upload_id, parts).state is UploadState.READY


def test_an_upload_expires_and_is_forgotten_later(world: World) -> None:
    upload_id = add_upload(world)
    world.clock.advance(OBJECT_MS)
    assert get_upload(world.services, "ada", upload_id).state is UploadState.EXPIRED
    with pytest.raises(UploadExpired):
        complete_upload(world.services, "ada", upload_id, [])
    world.clock.advance(ROW_MS - OBJECT_MS)
    with pytest.raises(NotFound):
        get_upload(world.services, "ada", upload_id)


@pytest.mark.parametrize("upload_id", ["none", "../x", "", "job-1"])
def test_another_owners_upload_looks_like_none(world: World, upload_id: str) -> None:
    add_upload(world)
    with pytest.raises(NotFound):
        get_upload(world.services, "bob", upload_id)
    with pytest.raises(NotFound):
        complete_upload(world.services, "bob", upload_id, [])


def test_store_that_does_not_answer_is_unavailable(world: World) -> None:
    upload_id = add_upload(world)
    world.objects.down = True
    with pytest.raises(Unavailable):
        get_upload(world.services, "ada", upload_id)
