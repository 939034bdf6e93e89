"""Which ffmpeg to run: the FFMPEG setting, then the wheel that pins one, then PATH; and which versions are tested."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from contract.errors import Code, Failure
from gpu_worker.errors import JobFailed

OLDEST, NEWEST = (61, 19), (63, 1)
"""The tested range as versions of libavcodec: FFmpeg 7.1, which the image has, to 9.0, which the wheel has.

Every build has this number; the name of a build may be anything (`N-112233-g…`, `2026-09-30-git-…`, `n9.0.2`).
"""
TESTED = "7.1 to 9.0"
_NEEDED = ("libx264", "libass", "libzimg")
"""Libraries that ffmpeg can be built without, and that every plan uses."""

_PREFERRED = "Set FFMPEG to a version from 7.1 on, or leave it unset to use the one installed with this project."
_SECONDS = 20.0
_NAME = re.compile(r"\Affmpeg version (?P<name>[\w.+:~-]{1,64})")
_LIBAVCODEC = re.compile(r"^libavcodec +\d+\. *\d+\. *\d+ / *(?P<major>\d+)\. *(?P<minor>\d+)\.", re.MULTILINE)
"""The second number is that of the library in use, the first that of the one it was compiled with."""
_CONFIGURATION = re.compile(r"^ *configuration: (?P<flags>.*)$", re.MULTILINE)


class FfmpegUnusableError(JobFailed):
    """There is no ffmpeg, or none that makes right videos. `reason` tells the operator what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(Failure.of(Code.INTERNAL))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Build:
    """An ffmpeg as it describes itself. `libavcodec` is None if it does not say."""

    name: str
    libavcodec: tuple[int, int] | None
    missing: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Build:
        """Read what `ffmpeg -version` prints."""
        name, library, configured = _NAME.search(text), _LIBAVCODEC.search(text), _CONFIGURATION.search(text)
        flags = configured["flags"].split() if configured else [f"--enable-{library}" for library in _NEEDED]
        return cls(
            name["name"] if name else "of unknown version",
            (int(library["major"]), int(library["minor"])) if library else None,
            tuple(needed for needed in _NEEDED if f"--enable-{needed}" not in flags),
        )

    def refusal(self) -> str | None:
        """Return why this build must not make videos, or None."""
        if self.libavcodec is not None and self.libavcodec < OLDEST:
            return f"ffmpeg {self.name} is too old: it draws some films and photos wrong. {_PREFERRED}"
        if self.missing:
            return f"ffmpeg {self.name} was built without {' and '.join(self.missing)}. {_PREFERRED}"
        return None

    def warnings(self) -> tuple[str, ...]:
        """Name a build outside the tested range."""
        if self.libavcodec is None:
            return (f"The version of ffmpeg could not be read; tested are {TESTED}.",)
        if self.libavcodec > NEWEST:
            return (f"ffmpeg {self.name} is newer than the tested versions, {TESTED}.",)
        return ()


def find_ffmpeg(override: str | None) -> str:
    """Return the path of an ffmpeg. Raises FfmpegUnusableError if there is none that may be used."""
    # Absolute, because ffmpeg is started in the directory of a job.
    path = str(Path(_find(override)).absolute())
    refusal = read_build(path).refusal()
    if refusal is not None:
        raise FfmpegUnusableError(refusal)
    return path


@functools.cache
def read_build(path: str) -> Build:
    """Run `ffmpeg -version` once per process; a program that does not answer is a build of unknown version."""
    try:
        ended = subprocess.run(
            [path, "-version"], stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Build.parse("")
    return Build.parse(ended.stdout.decode("utf-8", "replace"))


def _find(override: str | None) -> str:
    if override:
        if named := shutil.which(override):
            return named
        raise FfmpegUnusableError("FFMPEG names no program that can be started.")
    if found := _pinned() or shutil.which("ffmpeg"):
        return found
    raise FfmpegUnusableError(f"There is no ffmpeg here: install one of version {TESTED}, or set FFMPEG.")


def _pinned() -> str | None:
    """The ffmpeg inside imageio-ffmpeg. Its own search would prefer IMAGEIO_FFMPEG_EXE and end at PATH."""
    wheel = importlib.util.find_spec("imageio_ffmpeg")
    if wheel is None or wheel.origin is None:
        return None
    programs = sorted(Path(wheel.origin).with_name("binaries").glob("ffmpeg-*"))
    return next((found for program in programs if (found := shutil.which(program))), None)
