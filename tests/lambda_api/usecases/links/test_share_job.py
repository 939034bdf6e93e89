"""Share links: who may make them, what they open, and when they end."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from contract.artifacts import OUTPUT_VIDEO, POSTER
from contract.errors import Code, Failure
from lambda_api.domain.errors import ArtifactNotFound, JobHasNoFiles, JobNotFinished, NotFound, Unavailable
from lambda_api.domain.events import Failed
from lambda_api.domain.job import Job, Source
from lambda_api.domain.policy import HOUR, MINUTE, SECOND
from lambda_api.usecases.job_record.apply_event import apply_event
from lambda_api.usecases.links.open_file import Visit, open_own_file, open_shared_file
from lambda_api.usecases.links.share_job import DEFAULT_SECONDS, revoke_links, share_job
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import artifact_facts, finish_job, stored_job, submission
from tests.support.fakes import START, World

PLAY = Visit(is_download=False, is_head=False)
SAVE = Visit(is_download=True, is_head=False)
HEAD = Visit(is_download=False, is_head=True)
DAY = 24 * HOUR


@pytest.fixture
def world() -> World:
    world = World()
    submit_job(world.services, submission())
    finish_job(world)
    job = stored_job(world)
    world.store.jobs["job-1"] = replace(job, artifacts=artifact_facts(OUTPUT_VIDEO, POSTER))
    return world


def token(world: World, artifact: str | None = None, seconds: int = DEFAULT_SECONDS) -> str:
    link = share_job(world.services, "ada", "job-1", artifact, seconds)
    assert link.url.startswith("https://api.example/s/")
    return urlsplit(link.url).path.removeprefix("/s/")


def test_link_opens_the_main_file_without_an_owner(world: World) -> None:
    url = open_shared_file(world.services, token(world), PLAY)
    assert url.startswith("https://bucket.example/jobs/job-1/output.mp4?get&X-Amz-Expires=3600")
    assert "?get&saved_as=output.mp4" in open_shared_file(world.services, token(world), SAVE)
    assert "/poster.jpg?get" in open_shared_file(world.services, token(world, "poster.jpg"), PLAY)
    assert "?head&" in open_shared_file(world.services, token(world), HEAD)


def test_download_has_the_name_that_the_request_stated(world: World) -> None:
    job = stored_job(world)
    operation = job.operation.model_copy(update={"output_filename": "my-short"})
    world.store.jobs["job-1"] = replace(job, operation=operation)
    assert "&saved_as=my-short.mp4&" in open_own_file(world.services, "ada", "job-1", None, SAVE)
    assert "&saved_as=poster.jpg&" in open_own_file(world.services, "ada", "job-1", "poster.jpg", SAVE)
    assert "saved_as" not in open_own_file(world.services, "ada", "job-1", None, PLAY)


def test_link_lasts_as_long_as_requested_and_no_file_longer(world: World) -> None:
    assert share_job(world.services, "ada", "job-1", None, 60).expires_at == START + MINUTE
    world.clock.advance(HOUR)
    assert share_job(world.services, "ada", "job-1", None, 30 * 24 * 3600).expires_at == START + 7 * DAY
    world.clock.advance(7 * DAY - HOUR)
    # A job with work left, such as a callback, outlives its files.
    world.store.jobs["job-1"] = replace(stored_job(world), due_at=world.clock.now)
    with pytest.raises(JobHasNoFiles, match="have been deleted"):
        share_job(world.services, "ada", "job-1", None, 60)


def test_expired_link_opens_nothing_and_reads_nothing(world: World) -> None:
    short = token(world, seconds=60)
    world.clock.advance(59 * SECOND)
    assert "X-Amz-Expires=1&" in open_shared_file(world.services, short, PLAY)
    world.clock.advance(SECOND)
    world.store.down = True
    with pytest.raises(NotFound):
        open_shared_file(world.services, short, PLAY)


def test_revocation_ends_all_links_and_new_ones_work(world: World) -> None:
    old = [token(world), token(world, "poster.jpg")]
    revoke_links(world.services, "ada", "job-1")
    for link in old:
        with pytest.raises(NotFound):
            open_shared_file(world.services, link, PLAY)
    new = token(world)
    assert new not in old
    open_shared_file(world.services, new, PLAY)


def test_revocation_survives_a_callback_that_is_stored_meanwhile(world: World) -> None:
    link = token(world)

    def deliver(job: Job) -> None:
        current = stored_job(world)
        world.store.jobs["job-1"] = replace(current, version=current.version + 1, metadata={"delivered": "yes"})

    world.store.before_save = deliver
    revoke_links(world.services, "ada", "job-1")
    assert (stored_job(world).metadata, stored_job(world).share_generation) == ({"delivered": "yes"}, 1)
    with pytest.raises(NotFound):
        open_shared_file(world.services, link, PLAY)


def test_revocation_gives_up_after_five_lost_races(world: World) -> None:
    def race(_: Job) -> None:
        current = stored_job(world)
        world.store.jobs["job-1"] = replace(current, version=current.version + 1)
        world.store.before_save = race

    world.store.before_save = race
    with pytest.raises(Unavailable):
        revoke_links(world.services, "ada", "job-1")
    assert stored_job(world).share_generation == 0


def test_no_other_owner_shares_reads_or_revokes(world: World) -> None:
    link = token(world)
    for attempt in (
        lambda: share_job(world.services, "bob", "job-1", None, 60),
        lambda: revoke_links(world.services, "bob", "job-1"),
        lambda: open_own_file(world.services, "bob", "job-1", None, PLAY),
    ):
        with pytest.raises(NotFound):
            attempt()
    open_shared_file(world.services, link, PLAY)


def test_unfinished_and_failed_jobs_say_what_to_do(world: World) -> None:
    submit_job(world.services, submission())
    with pytest.raises(JobNotFinished, match="Read the job until it is COMPLETED") as waiting:
        share_job(world.services, "ada", "job-2", None, 60)
    assert waiting.value.extra == {"job_status": "IN_QUEUE"}
    apply_event(world.services, stored_job(world, "job-2"), Failed(Failure.of(Code.INTERNAL), Source.WEBHOOK))
    with pytest.raises(JobHasNoFiles, match="FAILED") as failed:
        open_own_file(world.services, "ada", "job-2", None, PLAY)
    assert failed.value.extra == {"job_status": "FAILED"}
    revoke_links(world.services, "ada", "job-2")
    assert stored_job(world, "job-2").share_generation == 0


def test_unknown_file_is_refused_with_those_that_exist(world: World) -> None:
    with pytest.raises(ArtifactNotFound, match=r"It has: output\.mp4, poster\.jpg\."):
        share_job(world.services, "ada", "job-1", "captions.srt", 60)
