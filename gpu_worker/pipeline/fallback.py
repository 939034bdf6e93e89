"""Choose the next plan after one has failed: encode instead of copying, or use less of the GPU."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.run_step import GpuFailed
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import Plan, PlanOptions


class Fallback(NamedTuple):
    """The options of the next plan, and warnings for the client."""

    options: PlanOptions
    warnings: tuple[str, ...] = ()


def choose_fallback(plan: Plan, options: PlanOptions, failure: JobFailed) -> Fallback | None:
    """Return the options of the next plan; None if nothing is left to try."""
    if failure.failure.code not in {Code.ENCODE_FAILED, Code.OUTPUT_INVALID}:
        return None
    if plan.video_mode == "copy":
        warning = "The picture could not be copied and was encoded again."
        return Fallback(replace(options, may_copy=False), (warning,))
    if plan.gpu and options.gpu is not None:
        # The next plan warns about the stages that the GPU does not support.
        return Fallback(replace(options, gpu=_disable_failed_stages(options.gpu, plan.gpu, failure)))
    return None


def may_be_caused_by_sound(failure: JobFailed) -> bool:
    """Return True if a sound whose packets describe it wrongly can cause this failure."""
    codes = {Code.ENCODE_FAILED, Code.OUTPUT_INVALID, Code.MEDIA_UNREADABLE}
    return failure.failure.code in codes and not isinstance(failure, GpuFailed)


def _disable_failed_stages(gpu: Gpu, used: frozenset[GpuStage], failure: JobFailed) -> Gpu:
    """Disable the stages that failed; if they are unknown, first decoding and drawing, then encoding."""
    if isinstance(failure, GpuFailed) and not used.isdisjoint(failure.error.stages):
        return gpu.disabling(*failure.error)
    return gpu.disabling(used - {GpuStage.ENCODE} or used, UnavailableReason.UNKNOWN)
