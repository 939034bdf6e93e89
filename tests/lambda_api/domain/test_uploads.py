"""Parts, states and quotas of uploads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.limits import GIB, MAX_UPLOAD_BYTES, MIB, UPLOAD_PART_BYTES, UPLOAD_SINGLE_BYTES, Limits
from contract.roles import Role
from lambda_api.domain.errors import TooManyRequests, TooManyUploads, UploadBytesExceeded
from lambda_api.domain.policy import HOUR
from lambda_api.domain.uploads.quota import UploadAllowance, UploadUsage, check_upload_quota, take_upload
from lambda_api.domain.uploads.upload import OBJECT_MS, UploadState, split_into_parts
from tests.support.fakes import START
from tests.support.uploads import upload

DAY = 24 * HOUR


def test_the_largest_upload_is_the_largest_input() -> None:
    assert max(Limits().max_bytes(role) for role in Role) == MAX_UPLOAD_BYTES


@given(st.integers(UPLOAD_SINGLE_BYTES + 1, MAX_UPLOAD_BYTES))
def test_parts_make_the_whole_file_within_the_limits_of_s3(size: int) -> None:
    parts = split_into_parts(size)
    assert sum(part.size_bytes for part in parts) == size
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert len(parts) <= 128
    assert all(part.size_bytes == UPLOAD_PART_BYTES >= 5 * MIB for part in parts[:-1])
    assert 1 <= parts[-1].size_bytes <= UPLOAD_PART_BYTES


def test_only_large_files_have_parts() -> None:
    assert upload(size_bytes=UPLOAD_SINGLE_BYTES).parts == ()
    assert len(upload(size_bytes=UPLOAD_SINGLE_BYTES + 1).parts) == 7


@pytest.mark.parametrize(
    ("stored", "after", "state"),
    [
        (None, 0, "waiting"), (4, 0, "waiting"), (6, 0, "waiting"), (5, 0, "ready"), (5, OBJECT_MS - 1, "ready"),
        (None, HOUR + 1, "waiting"), (5, OBJECT_MS, "expired"), (None, OBJECT_MS, "expired"),
    ],
)  # fmt: skip
def test_an_upload_is_ready_only_with_all_its_bytes(stored: int | None, after: int, state: str) -> None:
    assert upload(size_bytes=5).state(stored, START + after) == UploadState(state)


def test_the_number_refills_in_an_hour_and_the_bytes_in_a_day() -> None:
    allowance = UploadAllowance(uploads=2, bytes=4 * GIB)
    used = take_upload(UploadUsage(), allowance, START, 2 * GIB)
    used = take_upload(used, allowance, START, 1 * GIB)
    with pytest.raises(TooManyUploads) as number:
        check_upload_quota(used, allowance, START, 1)
    assert (number.value.retry_after, number.value.quota.window_seconds) == (1800, 3600)
    check_upload_quota(used, allowance, START + HOUR // 2, 1 * GIB)
    with pytest.raises(UploadBytesExceeded) as volume:
        check_upload_quota(used, allowance, START + HOUR, 2 * GIB)
    assert (volume.value.quota.unit, volume.value.quota.window_seconds) == ("content-bytes", 86_400)
    wait = volume.value.retry_after or 0
    check_upload_quota(used, allowance, START + HOUR + wait * 1000, 2 * GIB)
    with pytest.raises(UploadBytesExceeded):
        check_upload_quota(used, allowance, START + HOUR + (wait - 1) * 1000, 2 * GIB)


def test_one_upload_of_the_largest_size_always_fits_an_unused_quota() -> None:
    take_upload(UploadUsage(), UploadAllowance(uploads=1, bytes=2 * GIB), START, MAX_UPLOAD_BYTES)


@given(st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(1, MAX_UPLOAD_BYTES)), max_size=60))
def test_no_window_holds_more_than_twice_the_quota(announced: list[tuple[int, int]]) -> None:
    allowance, used, now = UploadAllowance(uploads=5, bytes=10 * GIB), UploadUsage(), START
    taken: list[tuple[int, int]] = []
    for pause, size in announced:
        now += pause
        try:
            used = take_upload(used, allowance, now, size)
        except TooManyRequests:
            continue
        taken.append((now, size))
    for begin, _ in taken:
        assert sum(1 for at, _ in taken if begin <= at < begin + HOUR) <= 2 * allowance.uploads
        assert sum(size for at, size in taken if begin <= at < begin + DAY) <= 2 * allowance.bytes
