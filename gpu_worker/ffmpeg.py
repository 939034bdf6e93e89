"""Where ffmpeg is: the FFMPEG setting, then PATH, then the wheel that carries one."""

from __future__ import annotations

import shutil
from pathlib import Path

from contract.errors import Code
from gpu_worker.errors import failed


def find_ffmpeg(override: str | None) -> str:
    """Return the path of an ffmpeg. Raises JobFailed(internal) if there is none: the image is broken."""
    found = shutil.which(override or "ffmpeg")
    if found:
        # Absolute, because ffmpeg is started in the directory of a job.
        return str(Path(found).absolute())
    if override:
        raise failed(Code.INTERNAL)
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - optional, and only where no ffmpeg is installed

        return str(Path(imageio_ffmpeg.get_ffmpeg_exe()).absolute())
    except (ImportError, RuntimeError):
        raise failed(Code.INTERNAL) from None
