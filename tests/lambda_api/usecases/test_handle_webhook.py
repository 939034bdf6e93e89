"""RunPod's webhook: its token, and what its unsigned body may change."""

from __future__ import annotations

import pytest

from contract.errors import Code, Failure
from lambda_api.domain.access.tokens import make_token
from lambda_api.domain.errors import NotFound
from lambda_api.domain.job import State
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.handle_webhook import handle_webhook
from tests.support.examples import advance_and_sweep, manifest, publish, ring_webhook, stored_job
from tests.support.fakes import HOOK_SECRET, World

pytestmark = pytest.mark.usefixtures("running_job")


def test_second_webhook_changes_nothing(world: World) -> None:
    publish(world, manifest())
    ring_webhook(world)
    before = stored_job(world)
    ring_webhook(world)
    advance_and_sweep(world, HOUR * 2)
    assert stored_job(world) == before


@pytest.mark.fault("D5")
def test_webhook_alone_cannot_complete_a_running_job(world: World) -> None:
    ring_webhook(world, error_text="COMPLETED")
    assert stored_job(world).state is State.IN_PROGRESS


def test_webhook_token_of_an_earlier_attempt_is_accepted(world: World) -> None:
    publish(world, manifest())
    ring_webhook(world, attempt=3)
    assert stored_job(world).state is State.COMPLETED


@pytest.mark.parametrize("job_id", ["job-1", "job-404"])
def test_wrong_token_reads_nothing(world: World, job_id: str) -> None:
    with pytest.raises(NotFound):
        handle_webhook(world.services, job_id, make_token(HOOK_SECRET, "progress", job_id, 1), None)
    assert world.provider.status_calls == 0


def test_webhook_error_is_used_only_if_runpod_confirms_failure(world: World) -> None:
    error_text = Failure.of(Code.SUBTITLES_EMPTY, field="url_srt").model_dump_json()
    ring_webhook(world, error_text=error_text)
    assert stored_job(world).state is State.IN_PROGRESS
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED")
    ring_webhook(world, error_text=error_text)
    assert stored_job(world).error == Failure.of(Code.SUBTITLES_EMPTY, field="url_srt")


def test_runpods_error_takes_precedence_over_the_webhooks(world: World) -> None:
    """Anyone who knows the URL can send any text."""
    confirmed, error_text = (Failure.of(code, field="url_srt") for code in (Code.SOURCE_TIMEOUT, Code.SUBTITLES_EMPTY))
    world.provider.statuses["runpod-1"] = ProviderStatus("FAILED", confirmed.model_dump_json())
    ring_webhook(world, error_text=error_text.model_dump_json())
    assert stored_job(world).error == confirmed
