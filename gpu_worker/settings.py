"""What the environment may decide about a worker, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`ffmpeg`: path that overrides the search. `work_dir`: parent of the directories of jobs; None: where they fit."""

    ffmpeg: str | None
    allow_loopback: bool
    work_dir: Path | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Read FFMPEG, ALLOW_LOOPBACK_URLS and WORK_DIR.

        ALLOW_LOOPBACK_URLS must be exactly `true` to take effect, so that a stray value leaves the guard on.
        """
        return cls(
            ffmpeg=environ.get("FFMPEG") or None,
            allow_loopback=environ.get("ALLOW_LOOPBACK_URLS") == "true",
            work_dir=Path(environ["WORK_DIR"]) if environ.get("WORK_DIR") else None,
        )
