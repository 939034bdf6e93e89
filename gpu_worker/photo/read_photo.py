"""Read the picture input of a job in a sandboxed process, because picture decoders have had vulnerabilities."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path

from contract.errors import Code, Failure
from contract.operations import Role
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.formats.unsupported import HEAD_BYTES, name_unsupported
from gpu_worker.media.info import PhotoInfo
from gpu_worker.plan.model import pixels_name
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.inspection import inspect
from gpu_worker.sandbox.output import LogTail
from gpu_worker.sandbox.safe_open import open_read

_TIMEOUT_SECONDS = 60.0
"""Timeout for one picture. 120 megapixels take 10 s; a file that takes longer is malicious."""

_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("PIL", "pi_heif")
_NOTES = {
    "damaged": "The picture's data is damaged; parts of it may look wrong.",
    "animated": "The picture is animated; its first frame was used.",
    "profile": "The picture's color profile cannot be used; its colors were taken as sRGB.",
}
_UNSUPPORTED = {"raw": "raw photo", "hdr": "HDR photo"}
FORMATS = frozenset(
    {"JPEG", "PNG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "HEIF", "AVIF", "JPEG2000", "ICO", "PPM", "PSD"}
)
"""Format names that the process may report; `formats` has their decoders."""
_LIMITS = {"memory": "reading it takes too much memory", "texts": "texts and profiles of 32 MB"}


class TooManyPixelsError(JobFailed):
    """The picture has more pixels than allowed. It was not decoded."""


def needed_paths() -> tuple[Path, ...]:
    """Return the paths that the process runs and imports: the sandbox user must be able to read them."""
    return Path(sys.executable), _PACKAGE, *_list_library_folders()


async def read_photo(
    sandbox: Sandbox, path: Path, field: str, max_pixels: int, min_size: tuple[int, int], *,
    keep_alpha: bool = False, max_seconds: float = _TIMEOUT_SECONDS,
) -> PhotoInfo:  # fmt: skip
    """Convert a picture file to raw pixels in the file `pixels_name(field)` next to it. Return facts about them.

    They are rgb24, on black where the picture is transparent, or rgba with `keep_alpha`. A picture much larger than
    `min_size` may be made smaller, but not below twice that size. `max_seconds` in seconds. Raises JobFailed naming
    `field`, TooManyPixelsError above `max_pixels`.
    """
    lines: list[bytes] = []
    pixels = path.with_name(pixels_name(field, has_alpha=keep_alpha))
    argv = build_argv(path.name, pixels.name, max_pixels, min_size, keep_alpha=keep_alpha)
    code = await inspect(sandbox, argv, path, field, max_seconds, (lines.append, LogTail().add), "reading it")
    if code > 0:
        raise job_failed(Code.INTERNAL)
    report = _parse_report(b"".join(lines) if code == 0 else b"")
    if "refused" in report:
        raise await asyncio.to_thread(_make_error, report, path, field, max_pixels)
    return _check_report(report, pixels, 4 if keep_alpha else 3)


def build_argv(
    name: str, pixels: str, max_pixels: int, min_size: tuple[int, int], *, keep_alpha: bool = False
) -> list[str]:
    """Return the command line of the process that reads the picture file `name` and writes the file `pixels`.

    Both are in its working directory.
    """
    paths = [str(path) for path in (_PACKAGE.parent, *_list_library_folders())]
    code = f"import sys; sys.path += {paths!r}; from gpu_worker.photo.decode import main; main()"
    # Isolated and without `site`: no environment, no folder of the user or the job on the path, no startup hooks.
    numbers = map(str, (max_pixels, *min_size))
    return [sys.executable, "-I", "-S", "-B", "-c", code, name, pixels, *numbers, "rgba" if keep_alpha else "rgb"]


def _list_library_folders() -> tuple[Path, ...]:
    found = (importlib.util.find_spec(name) for name in _LIBRARIES)
    return tuple(dict.fromkeys(Path(spec.origin).parents[1] for spec in found if spec and spec.origin))


def _parse_report(line: bytes) -> dict[str, object]:
    try:
        report = json.loads(line)
    except ValueError:
        return {"refused": "unreadable"}
    return report if isinstance(report, dict) else {"refused": "unreadable"}


def _check_report(report: dict[str, object], pixels: Path, channels: int) -> PhotoInfo:
    """Return the reported facts, checked against the file: an untrusted picture may control the process."""
    match report:
        case {"width": int(width), "height": int(height), "notes": list(notes)} if width > 0 and height > 0:
            if pixels.is_file() and pixels.lstat().st_size == channels * width * height:
                return PhotoInfo(width, height, tuple(_NOTES[note] for note in notes if note in _NOTES))
    raise job_failed(Code.INTERNAL)


def _make_error(report: dict[str, object], path: Path, field: str, max_pixels: int) -> JobFailed:
    word, known = str(report["refused"]), str(report.get("format"))
    if word in _LIMITS:
        return job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=_LIMITS[word])
    if word == "pixels":
        limit = f"{max_pixels // 1_000_000} million pixels a picture"
        return TooManyPixelsError(Failure.of(Code.MEDIA_OVER_BUDGET, field=field, limit=limit))
    if word in _UNSUPPORTED:
        return job_failed(Code.MEDIA_UNSUPPORTED, field=field, format=_UNSUPPORTED[word])
    if word == "disk":
        return job_failed(Code.RESOURCES)
    if word == "truncated":
        return job_failed(Code.MEDIA_TRUNCATED, field=field)
    with open_read(path) as file:
        name = name_unsupported(file.read(HEAD_BYTES), Role.IMAGE)
    if name is None and known in FORMATS:
        name = f"{known}, damaged or of a rare kind"
    return (
        job_failed(Code.MEDIA_UNSUPPORTED, field=field, format=name)
        if name
        else job_failed(Code.MEDIA_UNREADABLE, field=field)
    )
