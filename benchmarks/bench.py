"""The parameters of a bench run (ffmpeg, folder, repetitions), and running ffmpeg as a reference."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Say

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - files there are deleted with their folder

_NOTHING: dict[str, str] = {}
"""The environment of every ffmpeg, as in the product: with a HOME, libass would also search other folders for fonts."""


class BenchError(Exception):
    """The product or a reference failed. The message is for the person who runs the bench."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the bench. `media` holds real photos and clips; if it is None, they are drawn."""

    ffmpeg: str
    threads: int
    folder: Path
    media: Path | None
    runs: int
    quick: bool
    peers: bool
    say: Say

    @property
    def few(self) -> int:
        """Repetitions of a job that takes more than 20 CPU seconds and whose results differ by whole factors."""
        return 1 if self.quick else min(2, self.runs)

    def seconds(self, full: int) -> int:
        """Return the duration of the media: shorter in a quick run."""
        return max(4, full // 6) if self.quick else full

    def run(self, *args: str | Path, cwd: Path | None = None) -> int:
        """Run ffmpeg and return its peak memory in bytes. Raises BenchError."""
        process = subprocess.Popen(self._argv(args), cwd=cwd or self.folder, env=_NOTHING, stderr=subprocess.PIPE)
        with process:
            assert process.stderr is not None  # noqa: S101 - for the type checker
            try:
                errors = process.stderr.read()
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise BenchError(f"ffmpeg: {_last_line(errors)}")
        return usage.ru_maxrss * 1024

    def read(self, *args: str | Path, cwd: Path | None = None) -> bytes:
        """Run ffmpeg and return what it writes to stdout. Raises BenchError."""
        done = subprocess.run(self._argv(args), cwd=cwd or self.folder, env=_NOTHING, capture_output=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"ffmpeg: {_last_line(done.stderr)}")
        return done.stdout

    def pictures(self, size: int, *args: str | Path, cwd: Path | None = None) -> Iterator[bytes]:
        """Run ffmpeg and yield its stdout, `size` bytes at a time. Raises BenchError."""
        argv, where = self._argv(args), cwd or self.folder
        with subprocess.Popen(argv, cwd=where, env=_NOTHING, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            try:
                while len(picture := process.stdout.read(size)) == size:
                    yield picture
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise BenchError("ffmpeg ended early")

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file with the system's own program."""
        subprocess.run(["cp", str(source), str(target)], check=True)  # noqa: S607 - its path differs between systems

    def _argv(self, args: tuple[str | Path, ...]) -> list[str]:
        return [self.ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-y", *map(str, args)]


def pick_large_folder(size: int, folder: Path) -> Path:
    """Return where to put a large file that is read repeatedly: in memory if twice its size is free there."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > 2 * size:
        return SHARED_MEMORY
    return folder


def _last_line(errors: bytes) -> str:
    return (errors.decode("utf-8", "replace").strip() or "no message").splitlines()[-1]
