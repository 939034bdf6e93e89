"""Verify that a downloaded file matches its job: measure it, and decode all of a video."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.operations import Role
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.probe.probe import probe
from local.supervisor.processes import run_to_end

_MAX_PIXELS = 120_000_000


@dataclass(frozen=True, slots=True)
class Verification:
    """`problem` is None for a file that agrees with its job, and decodes from end to end if it is a video.

    `seconds` is 0 for other files.
    """

    seconds: float
    size_bytes: int
    problem: str | None


async def verify_video(ffmpeg: str, path: Path, video: dict[str, Any]) -> Verification:
    """Compare a file with the `video` object of its job."""
    size, digest = await asyncio.to_thread(_measure, path)
    try:
        facts = await probe(Ffmpeg(ffmpeg), path, Role.VIDEO, path.name, _MAX_PIXELS)
    except JobFailed:
        return Verification(0.0, size, "not a readable video")
    if facts.video is None:
        return Verification(0.0, size, "no picture")
    seconds = float(facts.video.end - facts.video.start)
    found = {"size_bytes": size, "sha256": digest, "width": facts.video.width, "height": facts.video.height}
    wrong = [name for name, value in found.items() if video.get(name) != value]
    if wrong:
        return Verification(seconds, size, f"different from its job: {', '.join(wrong)}")
    if abs(seconds - float(video["duration_seconds"])) > 0.1:
        return Verification(seconds, size, "different from its job: duration")
    if not await _is_decodable(ffmpeg, path):
        return Verification(seconds, size, "cannot be decoded to its end")
    return Verification(seconds, size, None)


async def verify_file(path: Path, artifact: dict[str, Any]) -> Verification:
    """Compare a file that is no video with its entry in the job's `artifacts`."""
    size, digest = await asyncio.to_thread(_measure, path)
    wrong = [name for name, value in {"size_bytes": size, "sha256": digest}.items() if artifact[name] != value]
    problem = f"{artifact['name']} is different from its job: {', '.join(wrong)}"
    return Verification(0.0, size, problem if wrong else None)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, digest


async def _is_decodable(ffmpeg: str, path: Path) -> bool:
    argv = (ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-")
    code, errors = await run_to_end(argv)
    return code == 0 and not errors
