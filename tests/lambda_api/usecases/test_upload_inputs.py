"""Jobs that read uploads: checked before they are stored, signed late, repeatable for a day."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from contract.limits import MIB
from contract.operations import Operation
from contract.operations.caption import Caption
from contract.operations.slideshow import Slideshow
from contract.options.stored import upload_reference
from lambda_api.domain.errors import (
    IdempotencyMismatch,
    InvalidRequest,
    Unavailable,
    UploadExpired,
    UploadNotFound,
    UploadNotReady,
)
from lambda_api.domain.keys import upload_key
from lambda_api.domain.policy import HOUR, MINUTE
from lambda_api.domain.ports import ProviderRefused
from lambda_api.domain.uploads.upload import OBJECT_MS
from lambda_api.usecases.dry_run.dry_run import dry_run
from lambda_api.usecases.submit_job import submit_job
from lambda_api.usecases.sweep import sweep
from tests.support.examples import submission
from tests.support.fakes import FakeObjects, World
from tests.support.uploads import add_upload

SRT = "https://media.example/s.srt"


def caption(upload_id: str) -> Operation:
    return Caption(url_video=upload_reference(upload_id), url_srt=SRT)


def slideshow(*upload_ids: str) -> Operation:
    return Slideshow(images=[upload_reference(name) for name in upload_ids])


def test_the_row_names_the_upload_and_the_message_has_a_signed_url(world: World) -> None:
    upload_id = add_upload(world)
    job = submit_job(world.services, submission(operation=slideshow(upload_id, upload_id))).job
    assert {given.url for given in world.store.jobs[job.job_id].operation.inputs()} == {f"upload:{upload_id}"}
    (run,) = world.provider.runs
    images = run["input"]["operation"]["images"]
    assert images[0]["url_image"].startswith(f"https://bucket.example/{upload_key('ada', upload_id)}?get")
    assert images[0]["url_image"] == images[1]["url_image"]


def test_a_later_dispatch_signs_the_url(world: World) -> None:
    upload_id = add_upload(world)
    world.provider.failures = [ProviderRefused("http_503")]
    submit_job(world.services, submission(operation=caption(upload_id)))
    assert world.provider.runs == []
    world.clock.advance(2 * MINUTE)
    sweep(world.services, 10, lambda: True)
    (run,) = world.provider.runs
    assert run["input"]["operation"]["url_video"].startswith(f"https://bucket.example/{upload_key('ada', upload_id)}?")


def test_unknown_and_foreign_uploads_are_the_same_refusal(world: World) -> None:
    foreign = add_upload(world, owner="bob")
    refusals = []
    for upload_id in ("nobody", foreign):
        with pytest.raises(UploadNotFound) as refused:
            submit_job(world.services, submission(operation=slideshow(add_upload(world), upload_id)))
        refusals.append((refused.value.errors, refused.value.detail))
    assert refusals[0] == refusals[1]
    assert refusals[0][0][0][0] == "images.1.url_image"
    assert world.store.jobs == {}


@pytest.mark.parametrize("data", [None, b"1234", b"123456", b""])
def test_an_upload_counts_only_when_all_its_bytes_are_there(world: World, data: bytes | None) -> None:
    upload_id = add_upload(world, data)
    with pytest.raises(UploadNotReady) as refused:
        submit_job(world.services, submission(operation=caption(upload_id)))
    assert refused.value.errors[0][0] == "url_video"
    assert (world.store.jobs, world.provider.runs) == ({}, [])
    world.objects.objects[upload_key("ada", upload_id)] = b"12345"
    assert not submit_job(world.services, submission(operation=caption(upload_id))).replayed


def test_an_upload_whose_url_has_expired_says_so(world: World) -> None:
    upload_id = add_upload(world, None)
    world.clock.advance(HOUR)
    with pytest.raises(UploadNotReady, match="upload the file again"):
        submit_job(world.services, submission(operation=caption(upload_id)))


def test_an_expired_upload_is_refused_though_its_bytes_are_still_there(world: World) -> None:
    upload_id = add_upload(world)
    world.clock.advance(OBJECT_MS)
    with pytest.raises(UploadExpired, match="url_video"):
        submit_job(world.services, submission(operation=caption(upload_id)))


def test_a_repeated_request_is_answered_after_its_upload_has_expired(world: World) -> None:
    upload_id = add_upload(world)
    world.clock.advance(OBJECT_MS - HOUR)
    request = submission(operation=caption(upload_id), idempotency_key="run-7")
    first = submit_job(world.services, request)
    world.clock.advance(2 * HOUR)
    world.objects.objects.clear()
    again = submit_job(world.services, request)
    assert (again.replayed, again.job.job_id) == (True, first.job.job_id)
    with pytest.raises(IdempotencyMismatch):
        submit_job(world.services, replace(request, metadata={"other": "body"}))
    with pytest.raises(UploadExpired):
        submit_job(world.services, replace(request, owner="ada", idempotency_key="run-8"))
    with pytest.raises(UploadNotFound):
        submit_job(world.services, replace(request, owner="bob"))


def test_a_repeated_command_that_sent_its_file_again_gets_the_same_job(world: World) -> None:
    first, again, other, unknown = (add_upload(world, sha256=sha256) for sha256 in ("a" * 64, "a" * 64, "b" * 64, None))
    job = submit_job(world.services, submission(operation=slideshow(first, first), idempotency_key="run-7")).job
    repeated = submit_job(world.services, submission(operation=slideshow(first, again), idempotency_key="run-7"))
    assert (repeated.replayed, repeated.job.job_id) == (True, job.job_id)
    for upload_id in (other, unknown):
        with pytest.raises(IdempotencyMismatch):
            submit_job(world.services, submission(operation=slideshow(first, upload_id), idempotency_key="run-7"))


def test_a_file_too_large_for_its_field_is_refused_before_the_job(world: World) -> None:
    upload_id = add_upload(world, b"", size_bytes=65 * MIB)
    with pytest.raises(InvalidRequest, match="64 MiB") as refused:
        submit_job(world.services, submission(operation=slideshow(upload_id)))
    assert refused.value.errors[0][0] == "images.0.url_image"


def test_uploads_are_read_once_each_and_at_most_eight_at_a_time(world: World) -> None:
    class Slow(FakeObjects):
        lock = threading.Lock()
        now = most = 0

        def size(self, key: str) -> int | None:
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.005)
            with self.lock:
                self.now -= 1
            return super().size(key)

    objects = Slow(objects=world.objects.objects)
    world.services = replace(world.services, objects=objects)
    world.objects = objects
    ids = [add_upload(world) for _ in range(40)]
    submit_job(world.services, submission(operation=slideshow(*ids, *ids)))
    assert objects.sizes_read == 40
    assert 2 <= objects.most <= 8


def test_a_store_that_does_not_answer_stores_no_job(world: World) -> None:
    ids = [add_upload(world) for _ in range(3)]
    world.objects.down = True
    with pytest.raises(Unavailable):
        submit_job(world.services, submission(operation=slideshow(*ids)))
    assert world.store.jobs == {}


def test_a_dry_run_looks_at_uploads_and_refuses_what_a_submit_refuses(world: World) -> None:
    upload_id = add_upload(world)
    request = submission(operation=slideshow(upload_id, upload_id))
    found = dry_run(world.services, request).inputs
    assert [(one.field, one.host, one.reachable) for one in found] == [
        (f"images.{index}.url_image", None, True) for index in (0, 1)
    ]
    (asked,) = world.inputs.asked
    assert [url.partition("?")[0] for url in asked] == [f"https://bucket.example/{upload_key('ada', upload_id)}"]
    with pytest.raises(UploadNotFound):
        dry_run(world.services, replace(request, owner="bob"))
    world.objects.objects.clear()
    with pytest.raises(UploadNotReady):
        dry_run(world.services, request)
    assert world.store.jobs == {}


def test_requests_without_uploads_read_nothing(world: World) -> None:
    submit_job(world.services, submission(idempotency_key="k"))
    assert world.objects.sizes_read == 0
