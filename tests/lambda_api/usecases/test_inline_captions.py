"""Captions inside a request: stored as a file, never in a row, a message or a log."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from contract.errors import Code, Failure
from contract.messages import WorkerJob
from contract.operations.caption import Caption
from lambda_api.adapters.aws.job_row import to_item, to_job
from lambda_api.domain.errors import IdempotencyMismatch, InvalidRequest, TooManyRequests, Unavailable
from lambda_api.domain.job import State
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import ProviderStatus
from lambda_api.observability.observer import PowertoolsObserver
from lambda_api.usecases.submit_job import Submission, fingerprint, submit_job
from tests.support.examples import CAPTION, INLINE_CAPTION, advance_and_sweep, ring_webhook, stored_job, submission
from tests.support.fakes import World

INLINE = submission(operation=INLINE_CAPTION)
WORDS = submission(
    operation=Caption.model_validate(
        {"url_video": CAPTION.url_video, "words": [{"word": "planted", "start": 0, "end": 1}], "style": "pop"}
    )
)


def last_message(world: World) -> WorkerJob:
    return WorkerJob.model_validate(world.provider.runs[-1]["input"])


@pytest.mark.parametrize(("given", "field"), [(INLINE, "captions"), (WORDS, "words")], ids=["text", "words"])
def test_text_is_stored_and_the_worker_gets_a_signed_url(world: World, given: Submission, field: str) -> None:
    submit_job(world.services, given)
    assert isinstance(given.operation, Caption)
    assert world.objects.objects == {f"jobs/job-1/inputs/{field}": given.operation.inline_captions()}
    sent = last_message(world).operation
    assert isinstance(sent, Caption)
    assert (sent.captions, sent.words, sent.style) == (None, None, given.operation.style)
    assert sent.url_srt is not None
    assert sent.url_srt.startswith(f"https://bucket.example/jobs/job-1/inputs/{field}?get&X-Amz-Expires=")


@pytest.mark.fault("A19")
def test_row_message_and_log_have_no_text(world: World, log: io.StringIO) -> None:
    services = replace(world.services, observer=PowertoolsObserver())
    job = submit_job(services, INLINE).job
    item = to_item(job, HOUR)
    assert to_job(item) == job
    assert "stored:captions" in item["doc"]["S"]
    for text in (json.dumps(item), json.dumps(world.provider.runs), log.getvalue()):
        assert text
        assert "planted text" not in text


def test_later_dispatch_signs_the_stored_file_again(world: World) -> None:
    world.provider.failures = [Unavailable("no response")]  # type: ignore[list-item]
    submit_job(world.services, INLINE)
    assert world.provider.runs == []
    advance_and_sweep(world)
    assert "/jobs/job-1/inputs/captions?get" in json.dumps(world.provider.runs)
    assert stored_job(world).state is State.IN_QUEUE


@pytest.mark.fault("B13")
def test_bucket_outage_stores_no_job(world: World) -> None:
    world.objects.down = True
    with pytest.raises(Unavailable):
        submit_job(world.services, INLINE)
    assert world.store.jobs == {}
    assert submit_job(world.services, submission()).job.state is State.IN_QUEUE, "other jobs need no bucket"


@pytest.mark.fault("A18")
def test_references_from_clients_are_refused(world: World) -> None:
    forged = Caption(url_video=CAPTION.url_video, url_srt="stored:captions")
    with pytest.raises(InvalidRequest) as refused:
        submit_job(world.services, submission(operation=forged))
    assert [field for field, _ in refused.value.errors] == ["url_srt"]
    assert (world.store.jobs, world.provider.runs) == ({}, [])


def test_fingerprint_is_that_of_the_text(world: World) -> None:
    first = submit_job(world.services, replace(INLINE, idempotency_key="k"))
    assert submit_job(world.services, replace(INLINE, idempotency_key="k")).job == first.job
    assert isinstance(INLINE.operation, Caption)
    other = INLINE.operation.model_copy(update={"captions": "another text"})
    with pytest.raises(IdempotencyMismatch):
        submit_job(world.services, replace(INLINE, operation=other, idempotency_key="k"))
    assert len(world.store.jobs) == 1


def test_fingerprint_without_the_new_fields_is_unchanged() -> None:
    """The request of a client of release 0.2.0, repeated across the update."""
    assert fingerprint(submission()) == "4253350625944e9c828a851d631a4be744504b787e594d5a7fb703e05020eb2c"


def test_exhausted_quota_stores_no_job(world: World) -> None:
    services = replace(world.services, allowance=replace(world.allowance, jobs_in_flight=0))
    with pytest.raises(TooManyRequests):
        submit_job(services, INLINE)
    assert world.store.jobs == {}


@pytest.mark.parametrize(
    ("given", "named"),
    [(INLINE, "captions"), (WORDS, "words"), (submission(), "url_srt")],
    ids=["text", "words", "url"],
)
def test_failure_names_the_field_that_the_client_sent(world: World, given: Submission, named: str) -> None:
    submit_job(world.services, given)
    failure = Failure.of(Code.SUBTITLES_EMPTY, field="url_srt")
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", failure.model_dump_json())
    ring_webhook(world)
    assert stored_job(world).error == Failure.of(Code.SUBTITLES_EMPTY, field=named)
