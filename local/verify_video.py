"""Is a downloaded video what the job says it is? Decodes all of it and measures it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.operations import Role
from gpu_worker.errors import JobFailed
from gpu_worker.probe.probe import probe
from local.processes import run_to_end

_MAX_PIXELS = 120_000_000


@dataclass(frozen=True, slots=True)
class Checked:
    """`problem` is None for a file that decodes from end to end and agrees with the job."""

    seconds: float
    size_bytes: int
    problem: str | None


async def check(ffmpeg: str, path: Path, video: dict[str, Any]) -> Checked:
    """Compare a file with the `video` object of its job."""
    size, digest = await asyncio.to_thread(_measure, path)
    try:
        facts = await probe(ffmpeg, path, Role.VIDEO, path.name, _MAX_PIXELS)
    except JobFailed:
        return Checked(0.0, size, "not a readable video")
    if facts.video is None:
        return Checked(0.0, size, "no picture")
    seconds = float(facts.video.end - facts.video.start)
    found = {"size_bytes": size, "sha256": digest, "width": facts.video.width, "height": facts.video.height}
    wrong = [name for name, value in found.items() if video.get(name) != value]
    if wrong:
        return Checked(seconds, size, f"{', '.join(wrong)} not as the job says")
    if abs(seconds - float(video["duration_seconds"])) > 0.1:
        return Checked(seconds, size, "duration not as the job says")
    if not await _decodes(ffmpeg, path):
        return Checked(seconds, size, "does not decode")
    return Checked(seconds, size, None)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, digest


async def _decodes(ffmpeg: str, path: Path) -> bool:
    argv = (ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-")
    code, errors = await run_to_end(argv)
    return code == 0 and not errors
