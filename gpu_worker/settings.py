"""What the environment may decide about a worker, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CONTACT = re.compile(r"[!-'*-~]{3,200}")


@dataclass(frozen=True, slots=True)
class Settings:
    """`ffmpeg`: path that overrides the search. `work_dir`: parent of the directories of jobs; None: where they fit.

    `contact`: where operators of servers from which inputs are downloaded can complain.
    """

    ffmpeg: str | None
    allow_loopback: bool
    work_dir: Path | None
    contact: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Read FFMPEG, ALLOW_LOOPBACK_URLS, WORK_DIR and CONTACT. Raises ValueError.

        ALLOW_LOOPBACK_URLS must be exactly `true` to take effect, so that a stray value leaves the guard on.
        """
        contact = environ.get("CONTACT") or None
        if contact and not _CONTACT.fullmatch(contact):
            raise ValueError("CONTACT must be a URL or an e-mail address, in ASCII and without spaces or parentheses")
        return cls(
            ffmpeg=environ.get("FFMPEG") or None,
            allow_loopback=environ.get("ALLOW_LOOPBACK_URLS") == "true",
            work_dir=Path(environ["WORK_DIR"]) if environ.get("WORK_DIR") else None,
            contact=contact,
        )
