"""What else to try when a plan did not work out."""

from __future__ import annotations

from dataclasses import replace

from contract.errors import Code
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.execute_plan import GpuFailed
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import Plan, PlanOptions


def fallback(plan: Plan, means: PlanOptions, failure: JobFailed) -> tuple[PlanOptions, tuple[str, ...]] | None:
    """Other means for another try, and what to tell the client; None if there is nothing else to try."""
    if failure.failure.code not in {Code.ENCODE_FAILED, Code.OUTPUT_INVALID}:
        return None
    if plan.video_mode == "copy":
        return replace(means, may_copy=False), ("The picture could not be copied and was encoded again.",)
    if plan.gpu and means.gpu is not None:
        # The next plan tells why it does without.
        return replace(means, gpu=_distrusted(means.gpu, plan.gpu, failure)), ()
    return None


def _distrusted(gpu: Gpu, used: frozenset[GpuStage], failure: JobFailed) -> Gpu:
    """The GPU less the part that failed; if nobody knows which, decoding and drawing go before encoding."""
    if isinstance(failure, GpuFailed) and not used.isdisjoint(failure.fault.parts):
        return gpu.disabling(*failure.fault)
    return gpu.disabling(used - {GpuStage.ENCODE} or used, UnavailableReason.UNKNOWN)
