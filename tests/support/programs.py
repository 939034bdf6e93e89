"""Shell scripts that replace ffmpeg."""

from __future__ import annotations

from pathlib import Path


def write_ffmpeg(folder: Path, script: str) -> str:
    """Write an executable shell script named `ffmpeg` into the folder and return its path."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)
