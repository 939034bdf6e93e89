"""Render docs/short.webp, the README's picture: frames of the short that its first request makes.

`make picture` runs it. The worker renders the short from the sample media; nothing is downloaded.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from sheets import ROOT, join_frames, run_worker, take_frame

from gpu_worker.ffmpeg.locate import find_ffmpeg
from local.samples.server import SAMPLES

PATH = ROOT / "docs" / "short.webp"
README = ROOT / "README.md"

_MOMENTS = (0.5, 1.4, 2.45, 3.2, 4.65, 5.7)
"""Seconds. The third and the fifth are within transitions."""
_SHOWN = (216, 384)


def main() -> None:
    """Run the README's request with the worker, and write frames of its video in a row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = folder / "short.mp4"
        run_worker("slideshow", *arguments(read_request(), folder), "-o", video)
        frames = [take_frame(video, moment) for moment in _MOMENTS]
        strip = join_frames(frames, [_SHOWN] * len(frames))
    strip.save(PATH, quality=80, method=6)
    print(f"{PATH.relative_to(ROOT)}: {len(frames)} frames, {PATH.stat().st_size // 1000} KB")


def read_request() -> dict[str, Any]:
    """Return the body of the README's first request."""
    body = re.search(r"-d '(\{.*?\})'", README.read_text(encoding="utf-8"), re.DOTALL)
    if body is None:
        raise LookupError("the README has no request")
    request: dict[str, Any] = json.loads(body[1])
    return request


def arguments(request: dict[str, Any], folder: Path) -> list[str]:
    """Return the request as arguments of the worker's command line. Writes the samples that it names into `folder`."""
    flags = ((f"--{field.removeprefix('url_').replace('_', '-')}", value) for field, value in request.items())
    return [
        argument
        for flag, value in flags
        for argument in (flag, *(_local(entry, folder) for entry in (value if isinstance(value, list) else [value])))
    ]


def _local(value: str, folder: Path) -> str:
    """Return the path of a sample in place of its URL; any other text is left as it is."""
    name = value.rpartition("/samples/")[2]
    for sample in SAMPLES.values():
        if sample.name == name:
            asyncio.run(sample.make(find_ffmpeg(os.environ.get("FFMPEG")).path, folder / name))
            return str(folder / name)
    return value


if __name__ == "__main__":
    main()
