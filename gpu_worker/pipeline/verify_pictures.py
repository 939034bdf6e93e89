"""Verify finished pictures by decoding them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contract.errors import Code
from contract.limits import Limits
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.run_step import OnStage, run_step
from gpu_worker.plan.model import Step, artifact_file
from gpu_worker.probe.decoder_report import parse_decoder_report

_BATCH = 10


async def verify_pictures(
    names: Sequence[str], directory: Path, machine: Machine, limits: Limits, on_stage: OnStage
) -> None:
    """Decode the pictures with these artifact names. Raises JobFailed(output_invalid) if one cannot be decoded."""
    files = [artifact_file(name) for name in names]
    if not all((directory / name).exists() and (directory / name).stat().st_size for name in files):
        raise job_failed(Code.OUTPUT_INVALID)
    for at in range(0, len(files), _BATCH):
        batch = files[at : at + _BATCH]
        inputs = (arg for name in batch for arg in ("-f", "image2", "-pattern_type", "none", "-i", name))
        maps = (arg for number in range(len(batch)) for arg in ("-map", f"{number}:v"))
        step = Step((*inputs, *maps, "-fps_mode", "passthrough", "-f", "null", "-"), 0)
        try:
            log = await run_step(step, directory, machine, limits, on_stage, uses_gpu=False)
        except JobFailed:
            raise job_failed(Code.OUTPUT_INVALID) from None
        reports = (parse_decoder_report(log, "video", number) for number in range(len(batch)))
        if not all(report is not None and report.frames == 1 and not report.damaged for report in reports):
            raise job_failed(Code.OUTPUT_INVALID)
