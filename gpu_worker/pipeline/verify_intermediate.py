"""Whether what was made on the way is what the rest of a plan needs."""

from __future__ import annotations

from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.media.info import VideoFacts
from gpu_worker.plan.model import IntermediateCheck
from gpu_worker.probe.probe import probe
from gpu_worker.sandbox import safe_open

_ANY_SIZE = 2**31 - 1


async def check_proof(ffmpeg: str, directory: Path, proof: IntermediateCheck) -> None:
    """Raise JobFailed(output_invalid) if the files in `directory` are not as stated."""
    try:
        facts = await probe(ffmpeg, directory / proof.clip, Role.VIDEO, "output", _ANY_SIZE, own=True)
        with safe_open.open_read(directory / proof.listing) as lines:
            empty = all(line.startswith(b"#") for line in lines)
    except (JobFailed, OSError):
        raise job_failed(Code.OUTPUT_INVALID) from None
    if not empty or facts.video is None or not _fits(facts.video, proof):
        raise job_failed(Code.OUTPUT_INVALID)


def _fits(video: VideoFacts, proof: IntermediateCheck) -> bool:
    keys, (*starts, end) = video.packet_keys, proof.borders
    return (
        video.parameters == proof.parameters
        and (video.frames, video.hidden) == (end, 0)
        and all(keys[start] for start in starts)
        and not any(keys[border - 1] for border in proof.borders[1:])
    )
