"""Quotas of uploads: two token buckets of each owner, for their number and for their bytes (`access.quotas`)."""

from __future__ import annotations

from dataclasses import dataclass

from contract.limits import GIB
from lambda_api.domain.access.quotas import Bucket
from lambda_api.domain.errors import Quota, TooManyUploads, UploadBytesExceeded
from lambda_api.domain.uploads.upload import OBJECT_MS, URL_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadAllowance:
    """Limits of each owner, from settings: what is announced counts, whether it is sent or not."""

    uploads: int = 1000
    """They refill over the lifetime of a URL."""
    bytes: int = 50 * GIB
    """They refill over the lifetime of an object. At least the size of the largest upload."""

    @property
    def number_bucket(self) -> Bucket:
        return Bucket(self.uploads, URL_MS)

    @property
    def bytes_bucket(self) -> Bucket:
        return Bucket(self.bytes, OBJECT_MS)


@dataclass(frozen=True, slots=True)
class UploadUsage:
    """An owner's usage: `full_at` of both buckets."""

    number_full_at: int = 0
    bytes_full_at: int = 0


def check_upload_quota(usage: UploadUsage, allowance: UploadAllowance, now: int, size_bytes: int) -> None:
    """Raise TooManyUploads or UploadBytesExceeded if `usage` leaves no room for one more upload of this size."""
    number, volume = allowance.number_bucket, allowance.bytes_bucket
    wait = number.wait_seconds(usage.number_full_at, now)
    if wait > 0:
        quota = Quota(name="uploads", size=number.size, window_seconds=number.window_seconds, reset_seconds=wait)
        raise TooManyUploads("Too many uploads. Retry after the time in Retry-After.", quota, wait)
    wait = volume.wait_seconds(usage.bytes_full_at, now, size_bytes)
    if wait > 0:
        quota = Quota(
            name="upload-bytes",
            size=volume.size,
            unit="content-bytes",
            window_seconds=volume.window_seconds,
            reset_seconds=wait,
        )
        detail = "The uploads of the last day hold too many bytes for this one. Retry after the time in Retry-After."
        raise UploadBytesExceeded(detail, quota, wait)


def take_upload(usage: UploadUsage, allowance: UploadAllowance, now: int, size_bytes: int) -> UploadUsage:
    """Return the usage after one more upload. Raises as `check_upload_quota`."""
    check_upload_quota(usage, allowance, now, size_bytes)
    return UploadUsage(
        allowance.number_bucket.after(usage.number_full_at, now),
        allowance.bytes_bucket.after(usage.bytes_full_at, now, size_bytes),
    )
