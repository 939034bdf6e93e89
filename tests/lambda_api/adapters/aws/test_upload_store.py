"""One class, run against the fake, moto and Amazon's own engine: so the fake cannot drift."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from contract.limits import GIB
from lambda_api.adapters.aws.job_store import DynamoJobStore
from lambda_api.adapters.aws.upload_store import DynamoUploadStore
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.errors import TooManyRequests, TooManyUploads, UploadBytesExceeded
from lambda_api.domain.policy import HOUR, SECOND
from lambda_api.domain.uploads.ports import UploadStore
from lambda_api.domain.uploads.quota import UploadAllowance
from lambda_api.domain.uploads.upload import ROW_MS, Upload
from tests.support.aws import table
from tests.support.examples import job
from tests.support.fakes import START, FakeClock, FakeUploads
from tests.support.uploads import upload

Make = Callable[[FakeClock], UploadStore]
AMPLE = UploadAllowance()


@pytest.fixture(params=["fake", "moto", "dynamodb-local"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "fake":
        return FakeUploads
    local = request.param == "dynamodb-local"
    url: str = request.getfixturevalue("dynamodb_local") if local else request.getfixturevalue("aws").url
    return lambda clock: DynamoUploadStore(table(url), clock)


def fresh(**changes: object) -> Upload:
    return upload(**{"upload_id": str(uuid.uuid4()), "owner": f"o-{uuid.uuid4().hex[:12]}"} | changes)


def test_written_uploads_are_read_back(make: Make) -> None:
    store = make(FakeClock())
    one = fresh(filename="Ünï “x”.mp4", sha256="ab" * 32)
    other = fresh(size_bytes=2 * GIB, multipart_id="m" * 200)
    for each in (one, other):
        store.create(each, START, AMPLE)
    ids = (one.upload_id, other.upload_id, "nobody")
    assert store.find(ids) == {one.upload_id: one, other.upload_id: other}
    assert store.find(()) == {}


def test_more_uploads_than_a_batch_are_all_found(make: Make) -> None:
    store = make(FakeClock())
    uploads = [fresh(owner=f"o-{n}") for n in range(205)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: store.create(each, START, AMPLE), uploads))
    assert len(store.find([each.upload_id for each in uploads])) == 205


def test_a_row_expires(make: Make) -> None:
    clock = FakeClock()
    store, mine = make(clock), fresh()
    store.create(mine, START, AMPLE)
    clock.advance(ROW_MS - SECOND)
    assert store.find((mine.upload_id,)) != {}
    clock.advance(SECOND)
    assert store.find((mine.upload_id,)) == {}


def test_create_retried_after_a_lost_response_counts_once(make: Make) -> None:
    store, mine = make(FakeClock()), fresh()
    allowance = UploadAllowance(uploads=2)
    for _ in range(3):
        store.create(mine, START, allowance)
    store.create(replace(fresh(), owner=mine.owner), START, allowance)


def test_number_and_bytes_are_limited_apart(make: Make) -> None:
    store, owner = make(FakeClock()), fresh().owner
    allowance = UploadAllowance(uploads=3, bytes=4 * GIB)
    for _ in range(2):
        store.create(fresh(owner=owner, size_bytes=2 * GIB), START, allowance)
    with pytest.raises(UploadBytesExceeded) as volume:
        store.create(fresh(owner=owner, size_bytes=1 * GIB), START, allowance)
    assert volume.value.retry_after == 6 * 3600
    store.create(fresh(owner=owner, size_bytes=1), START + SECOND, allowance)
    with pytest.raises(TooManyUploads):
        store.create(fresh(owner=owner, size_bytes=1), START + SECOND, allowance)
    # Another owner has an allowance of its own.
    store.create(fresh(size_bytes=2 * GIB), START, allowance)
    # One is refilled in 20 minutes, 1 GiB in 6 hours.
    store.create(fresh(owner=owner, size_bytes=1), START + HOUR // 3 + SECOND, allowance)
    store.create(fresh(owner=owner, size_bytes=1 * GIB), START + 6 * HOUR + 2 * SECOND, allowance)


def test_refused_uploads_are_not_stored_and_not_counted(make: Make) -> None:
    store, owner = make(FakeClock()), fresh().owner
    allowance = UploadAllowance(uploads=1)
    store.create(fresh(owner=owner), START, allowance)
    refused = fresh(owner=owner)
    for _ in range(3):
        with pytest.raises(TooManyUploads):
            store.create(refused, START, allowance)
    assert store.find((refused.upload_id,)) == {}
    store.create(fresh(owner=owner), START + HOUR, allowance)


def test_concurrent_uploads_never_exceed_the_quota(make: Make) -> None:
    store, owner = make(FakeClock()), fresh().owner
    allowance = UploadAllowance(uploads=6)

    def create(each: Upload) -> bool:
        try:
            store.create(each, START, allowance)
        except TooManyRequests:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        created = list(pool.map(create, [fresh(owner=owner) for _ in range(12)]))
    assert sum(created) == 6


def test_uploads_and_submits_write_different_rows(request: pytest.FixtureRequest) -> None:
    """An owner's submits do not wait for the owner's uploads."""
    url = request.getfixturevalue("aws").url
    jobs, uploads = DynamoJobStore(table(url), FakeClock(), HOUR), DynamoUploadStore(table(url), FakeClock())
    mine = fresh()
    uploads.create(mine, START, UploadAllowance(uploads=1))
    jobs.create(job(job_id=str(uuid.uuid4()), owner=mine.owner), None, START, Allowance(burst=1))
    rows = table(url).read_many([f"OWNER#{mine.owner}", f"UPLOADS#{mine.owner}"])
    assert set(rows[f"OWNER#{mine.owner}"]) == {"pk", "full_at", "in_flight"}
    assert set(rows[f"UPLOADS#{mine.owner}"]) == {"pk", "uploads_full_at", "bytes_full_at"}
