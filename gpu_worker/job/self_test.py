"""`{"input": {"check": true}}`: report which stages this worker's GPU supports, without a gateway.

For operators who have just deployed an endpoint, and for the tests of RunPod's Hub, which cannot send signed URLs.
"""

from __future__ import annotations

from typing import Any

from contract.errors import Code
from gpu_worker.errors import job_failed
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason

CHECK = {"check": True}


def report_machine(machine: Machine) -> dict[str, Any]:
    """Return `{"encoder", "warnings"}`. Raises JobFailed if this machine cannot make any video."""
    gpu = machine.gpu or Gpu()
    if gpu.missing == dict.fromkeys(ALL_STAGES, UnavailableReason.UNKNOWN):
        raise job_failed(Code.ENCODE_FAILED)
    encoder = "h264_nvenc" if gpu.supports(GpuStage.ENCODE) else "libx264"
    return {"encoder": encoder, "warnings": [*gpu.warnings(ALL_STAGES), *machine.warnings]}
