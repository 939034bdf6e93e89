"""Read the picture input of a job: in a process of its own, because decoders of picture formats have had holes."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path

from contract.errors import Code
from contract.operations import Role
from gpu_worker.errors import JobFailed, job_failed
from gpu_worker.formats.unsupported import HEAD_BYTES, name_unsupported
from gpu_worker.media.info import PhotoInfo
from gpu_worker.plan.model import PIXELS
from gpu_worker.sandbox.command import Sandbox
from gpu_worker.sandbox.inspection import inspect
from gpu_worker.sandbox.output import LogTail
from gpu_worker.sandbox.safe_open import open_read

_SECONDS = 60.0
"""For one picture. 120 megapixels take 10: a file that takes longer was made to."""

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
"""Names by which the process may call a format; `formats` has their decoders."""
_LIMITS = {"memory": "reading it takes too much memory", "texts": "texts and profiles of 32 MB"}


def needed_paths() -> tuple[Path, ...]:
    """Return what the process runs and imports: a user of its own must be allowed to read it."""
    return Path(sys.executable), _PACKAGE, *_library_folders()


async def read_photo(sandbox: Sandbox, path: Path, field: str, max_pixels: int, least: tuple[int, int]) -> PhotoInfo:
    """Turn a picture file into raw pixels in the file PIXELS next to it; return what is in that file.

    A picture much larger than `least` may be made smaller, not below twice that size. Raises JobFailed naming `field`.
    """
    lines: list[bytes] = []
    argv = _command(path.name, max_pixels, least)
    code = await inspect(sandbox, argv, path, field, _SECONDS, (lines.append, LogTail().add), "reading it")
    if code > 0:
        raise job_failed(Code.INTERNAL)
    report = _report(b"".join(lines) if code == 0 else b"")
    if "refused" in report:
        raise await asyncio.to_thread(_refusal, report, path, field, max_pixels)
    return _info(report, path.with_name(PIXELS))


def _command(name: str, max_pixels: int, least: tuple[int, int]) -> list[str]:
    paths = [str(path) for path in (_PACKAGE.parent, *_library_folders())]
    code = f"import sys; sys.path += {paths!r}; from gpu_worker.photo.decode import main; main()"
    # Isolated, and without `site`: no environment, no folder of the user or the job, no start-up hooks.
    return [sys.executable, "-I", "-S", "-B", "-c", code, name, PIXELS, str(max_pixels), *map(str, least)]


def _library_folders() -> tuple[Path, ...]:
    found = (importlib.util.find_spec(name) for name in _LIBRARIES)
    return tuple(dict.fromkeys(Path(spec.origin).parents[1] for spec in found if spec and spec.origin))


def _report(line: bytes) -> dict[str, object]:
    try:
        report = json.loads(line)
    except ValueError:
        return {"refused": "unreadable"}
    return report if isinstance(report, dict) else {"refused": "unreadable"}


def _info(report: dict[str, object], pixels: Path) -> PhotoInfo:
    """Return the facts, checked against the file: the process that states them has read an untrusted file."""
    match report:
        case {"width": int(width), "height": int(height), "notes": list(notes)} if width > 0 and height > 0:
            if pixels.is_file() and pixels.lstat().st_size == 3 * width * height:
                return PhotoInfo(width, height, tuple(_NOTES[note] for note in notes if note in _NOTES))
    raise job_failed(Code.INTERNAL)


def _refusal(report: dict[str, object], path: Path, field: str, max_pixels: int) -> JobFailed:
    word, known = str(report["refused"]), str(report.get("format"))
    if word in _LIMITS:
        return job_failed(Code.MEDIA_OVER_BUDGET, field=field, limit=_LIMITS[word])
    if word == "pixels":
        return job_failed(
            Code.MEDIA_OVER_BUDGET, field=field, limit=f"{max_pixels // 1_000_000} million pixels a picture"
        )
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
