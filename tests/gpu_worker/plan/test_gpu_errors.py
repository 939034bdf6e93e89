"""Classification of GPU errors in ffmpeg's log."""

from __future__ import annotations

import pytest

from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.gpu_errors import classify_gpu_error
from tests.support.media.gpu_messages import (
    DRIVER,
    FILTER_FAILS,
    FULL,
    NO_DECODE_LIBRARY,
    NO_DEVICE,
    NO_DRIVER_5,
    NO_DRIVER_9,
    NO_ENCODE_LIBRARY,
    NO_ENCODER,
    NO_FILTER,
    NO_NVENC,
    NO_SESSION,
    NO_SESSION_NEWER,
    NO_SURFACES,
    NOTHING,
    OLD_DRIVER,
    OLD_FOR_FILTERS,
    TOO_MANY_SURFACES,
    TOO_SMALL,
)

DECODE, DRAW, ENCODE = GpuStage.DECODE, GpuStage.DRAW, GpuStage.ENCODE


@pytest.mark.parametrize(
    ("log", "parts", "reason"),
    [
        (NO_DRIVER_5, ALL_STAGES, UnavailableReason.NO_DRIVER), (NO_DRIVER_9, ALL_STAGES, UnavailableReason.NO_DRIVER),
        (NO_DEVICE, ALL_STAGES, UnavailableReason.NO_DEVICE), (DRIVER, ALL_STAGES, UnavailableReason.DRIVER),
        (FULL, ALL_STAGES, UnavailableReason.NO_MEMORY), (OLD_DRIVER, {ENCODE}, UnavailableReason.OLD_DRIVER),
        (OLD_FOR_FILTERS, {DRAW}, UnavailableReason.OLD_DRIVER),
        (NO_ENCODE_LIBRARY, {ENCODE}, UnavailableReason.NO_CAPABILITY),
        (NO_DECODE_LIBRARY, {DECODE}, UnavailableReason.NO_CAPABILITY),
        (NO_ENCODER, {ENCODE}, UnavailableReason.NO_ENCODER), (NO_SESSION, {ENCODE}, UnavailableReason.NO_SESSION),
        (NO_SESSION_NEWER, {ENCODE}, UnavailableReason.NO_SESSION), (TOO_SMALL, {ENCODE}, UnavailableReason.PICTURE),
        (TOO_MANY_SURFACES, {DECODE}, UnavailableReason.PICTURE), (NO_SURFACES, {DECODE}, UnavailableReason.NO_MEMORY),
        (NO_FILTER, {DRAW}, UnavailableReason.BUILD), (NO_NVENC, {ENCODE}, UnavailableReason.BUILD),
        (FILTER_FAILS, {DRAW}, UnavailableReason.UNKNOWN),
    ],
)  # fmt: skip
def test_driver_messages_are_classified(log: str, parts: set[GpuStage], reason: UnavailableReason) -> None:
    fault = classify_gpu_error("Input #0, mov, from 'in_video':\n" + log.replace("\\\n", ""))
    assert fault is not None
    assert (set(fault.stages), fault.reason) == (parts, reason)
    warnings = Gpu().disabling(*fault).warnings(GpuStage)
    assert len(warnings) == 1
    assert len(warnings[0]) <= 128


def test_messages_without_a_cause_are_no_gpu_error() -> None:
    for log in ("", NOTHING, "in_video: Invalid data found when processing input"):
        assert classify_gpu_error(log) is None
