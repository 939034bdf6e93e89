from __future__ import annotations

from contract.errors import Code
from contract.operations.transcribe import Transcribe
from gpu_worker.errors import job_failed
from gpu_worker.plan.model import Inputs, Plan, PlanOptions


def plan(operation: Transcribe, inputs: Inputs, options: PlanOptions) -> Plan:  # noqa: ARG001
    raise job_failed(Code.SPEECH_NOT_AVAILABLE)
