"""Find the ffmpeg to run: the FFMPEG setting, then the wheel that pins one, then PATH. Check its version and build."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from contract.errors import Code, Failure
from gpu_worker.errors import JobFailed
from gpu_worker.sandbox.command import Sandbox

OLDEST, NEWEST = (61, 19), (63, 1)
"""The tested range as versions of libavcodec: FFmpeg 7.1, which the image has, to 9.0, which the wheel has.

Every build has this number; the name of a build may be anything (`N-112233-g…`, `2026-09-30-git-…`, `n9.0.2`).
"""
TESTED = "7.1 to 9.0"
_NEEDED = ("libx264", "libass", "libzimg")
"""Libraries that ffmpeg can be built without, and that every plan uses."""

_ADVICE = "Set FFMPEG to a version from 7.1 on, or leave it unset to use the one installed with this project."
_TIMEOUT_SECONDS = 20.0
_NAME = re.compile(r"\Affmpeg version (?P<name>[\w.+:~-]{1,64})")
_LIBAVCODEC = re.compile(r"^libavcodec +\d+\. *\d+\. *\d+ / *(?P<major>\d+)\. *(?P<minor>\d+)\.", re.MULTILINE)
"""The second number is that of the library in use, the first that of the one it was compiled with."""
_UNKNOWN = "of unknown version"
_CONFIGURATION = re.compile(r"^ *configuration: (?P<flags>.*)$", re.MULTILINE)


class FfmpegUnusableError(JobFailed):
    """There is no ffmpeg, or its output would be wrong. `reason` tells the operator what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(Failure.of(Code.INTERNAL))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Build:
    """An ffmpeg as it describes itself. `libavcodec` is None if it states no version."""

    name: str = _UNKNOWN
    libavcodec: tuple[int, int] | None = None
    missing: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Build:
        """Read what `ffmpeg -version` prints."""
        name, library, configured = _NAME.search(text), _LIBAVCODEC.search(text), _CONFIGURATION.search(text)
        flags = configured["flags"].split() if configured else [f"--enable-{library}" for library in _NEEDED]
        return cls(
            name["name"] if name else _UNKNOWN,
            (int(library["major"]), int(library["minor"])) if library else None,
            tuple(needed for needed in _NEEDED if f"--enable-{needed}" not in flags),
        )

    @classmethod
    def read(cls, path: str) -> Build:
        """Run `ffmpeg -version`. A program that does not exit within 20 s is a build of unknown version."""
        argv = [path, "-version"]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, env={}, timeout=_TIMEOUT_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return cls()
        return cls.parse(done.stdout.decode("utf-8", "replace"))

    def refusal(self) -> str | None:
        """Return why this build must not make videos, or None."""
        if self.libavcodec is not None and self.libavcodec < OLDEST:
            return f"ffmpeg {self.name} is too old: it draws some films and photos wrong. {_ADVICE}"
        if self.missing:
            return f"ffmpeg {self.name} was built without {' and '.join(self.missing)}. {_ADVICE}"
        return None

    def warnings(self) -> tuple[str, ...]:
        """Name a build outside the tested range."""
        if self.libavcodec is None:
            return (f"The version of ffmpeg could not be read; tested are {TESTED}.",)
        if self.libavcodec > NEWEST:
            return (f"ffmpeg {self.name} is newer than the tested versions, {TESTED}.",)
        return ()


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """An ffmpeg program: its absolute path, the sandbox that it runs in, and its build."""

    path: str
    sandbox: Sandbox = field(default_factory=Sandbox)
    build: Build = Build()


def find_ffmpeg(override: str | None, sandbox: Sandbox | None = None) -> Ffmpeg:
    """Find an ffmpeg and read its version. Raises FfmpegUnusableError if there is none that may be used."""
    # Absolute, because ffmpeg is started in the directory of a job.
    path = str(Path(_find_path(override)).absolute())
    build = Build.read(path)
    refusal = build.refusal()
    if refusal is not None:
        raise FfmpegUnusableError(refusal)
    return Ffmpeg(path, sandbox or Sandbox(), build)


def _find_path(override: str | None) -> str:
    if override:
        if program := shutil.which(override):
            return program
        raise FfmpegUnusableError(
            "FFMPEG names no program that can be started. Set it to the path of an ffmpeg, or leave it unset."
        )
    if program := _find_pinned() or shutil.which("ffmpeg"):
        return program
    raise FfmpegUnusableError(f"No ffmpeg was found: install one of version {TESTED}, or set FFMPEG to its path.")


def _find_pinned() -> str | None:
    """Return the ffmpeg inside imageio-ffmpeg. Its own search would prefer IMAGEIO_FFMPEG_EXE and end at PATH."""
    wheel = importlib.util.find_spec("imageio_ffmpeg")
    if wheel is None or wheel.origin is None:
        return None
    programs = sorted(Path(wheel.origin).with_name("binaries").glob("ffmpeg-*"))
    return next((found for program in programs if (found := shutil.which(program))), None)
