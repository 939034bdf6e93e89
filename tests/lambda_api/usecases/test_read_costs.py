"""What an owner's jobs cost, added up."""

from __future__ import annotations

import pytest

from contract.messages import ExecutionFacts
from contract.operations.img2vid import Img2Vid
from lambda_api.domain.bill.history import GroupBy
from lambda_api.domain.bill.job_cost import job_cost
from lambda_api.domain.errors import InvalidRequest
from lambda_api.domain.policy import HOUR
from lambda_api.domain.ports import ProviderStatus
from lambda_api.usecases.read_costs import Costs, read_costs
from lambda_api.usecases.submit_job import submit_job
from tests.support.examples import manifest, publish, ring_webhook, stored_job, submission
from tests.support.fakes import World

TODAY, TOMORROW = "2027-01-15", "2027-01-16"


def run(
    world: World, number: int, *, gpu: str | None = "NVIDIA L4", execution_ms: int = 4200, **changes: object
) -> None:
    """Run job number `number`, its attempts to end it twice included."""
    submit_job(world.services, submission(**changes))
    facts = ExecutionFacts(
        encoder=None, video_mode=None, execution_ms=execution_ms, start_ms=1000, idle_ms=0, gpu_type=gpu
    )
    publish(world, manifest(f"job-{number}", execution=facts))
    ring_webhook(world, f"job-{number}")
    ring_webhook(world, f"job-{number}")


@pytest.fixture
def world() -> World:
    """Four jobs on two days; the third is another owner's."""
    world = World()
    run(world, 1)
    run(world, 2, gpu=None, execution_ms=60_000)
    run(world, 3, owner="bob")
    world.clock.advance(24 * HOUR)
    run(world, 4, operation=Img2Vid(url_image="https://media.example/p.jpg"))
    return world


def read(world: World, group_by: GroupBy = GroupBy.DAY, first: str | None = None, last: str | None = None) -> Costs:
    return read_costs(world.services, "ada", first, last, group_by)


@pytest.mark.parametrize(
    ("group_by", "keys"),
    [
        (GroupBy.DAY, {TODAY: 2, TOMORROW: 1}),
        (GroupBy.OPERATION, {"caption": 2, "img2vid": 1}),
        (GroupBy.GPU_TYPE, {None: 1, "NVIDIA L4": 2}),
    ],
)
def test_groups_add_up_to_the_total_and_to_the_jobs(world: World, group_by: GroupBy, keys: dict[str, int]) -> None:
    found = read(world, group_by)
    assert {key: sums.jobs for key, sums in found.groups.items()} == keys
    assert list(found.groups) == list(keys)
    bills = [job_cost(stored_job(world, f"job-{number}")) for number in (1, 2, 4)]
    assert found.total.nano_usd == sum(bill.nano_usd for bill in bills if bill is not None) > 0
    for name in ("jobs", "measured_jobs", "nano_usd", "billed_seconds", "execution_ms"):
        assert sum(getattr(sums, name) for sums in found.groups.values()) == getattr(found.total, name)


def test_period_is_thirty_days_until_today(world: World) -> None:
    found = read(world)
    assert (found.first.isoformat(), found.last.isoformat()) == ("2026-12-18", TOMORROW)
    assert read(world, last=TODAY).first.isoformat() == "2026-12-17"


@pytest.mark.parametrize(
    ("first", "last", "jobs"),
    [
        (TODAY, TODAY, 2),
        (TOMORROW, TOMORROW, 1),
        (f"{TODAY}T23:59:59Z", f"{TOMORROW}t00:00:00.5z", 3),
        (f"{TOMORROW}T00:30:00+01:00", TOMORROW, 3),
        ("2026-01-01", "2026-12-31", 0),
        ("2025-12-13", TOMORROW, 3),
    ],
)
def test_days_are_utc_and_both_ends_are_included(world: World, first: str, last: str, jobs: int) -> None:
    assert read(world, first=first, last=last).total.jobs == jobs


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        (TOMORROW, TODAY, "from: must not be after to"),
        ("2025-12-12", TOMORROW, "from: the period has 401 days; send at most 400"),
        ("yesterday", None, "from: must be a date such as 2026-12-01"),
        (None, "2026-02-30", "to: must be a date"),
        (None, "2026-08", "to: must be a date"),
        (None, "0001-01-01", "to: must be a date"),
        (None, "9999-12-31", "to: must be a date"),
        ("2026-08-31T12:00:00", None, "from: must be a date"),
        ("2026-08-31T25:00:00Z", None, "from: must be a date"),
        ("20260831", None, "from: must be a date"),
    ],
)
def test_invalid_period_is_named(world: World, first: str | None, last: str | None, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        read(world, first=first, last=last)


def test_failed_job_adds_nothing(world: World) -> None:
    before = read(world).total
    submit_job(world.services, submission())
    world.provider.statuses["runpod-5"] = ProviderStatus("FAILED")
    ring_webhook(world, "job-5")
    assert stored_job(world, "job-5").state == "FAILED"
    assert read(world).total == before
