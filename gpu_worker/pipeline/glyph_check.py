"""Whether captions can be seen: libass reports success also where it drew boxes, or nothing at all.

Before a job's video is encoded, the characters that our own font may lack are drawn, one a frame,
and the pixels are compared with those of characters that no font has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contract.errors import Code
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.run import MemoryLimitExceeded, RunFailed, run_ffmpeg
from gpu_worker.media.info import Cue
from gpu_worker.plan.captions.glyph_coverage import characters_to_check, missing_glyphs_warning
from gpu_worker.plan.captions.layout import write_specimens
from gpu_worker.plan.model import FONTS
from gpu_worker.sandbox import safe_open

_SCRIPT, _PIXELS = "specimens.ass", "specimens.gray"
_EDGE = 32
_FAINT = 32
"""Grey levels above black from which on a pixel counts as ink."""
_CERTAIN = "A"
_NOWHERE = "\ufdd0", "\U0001faff"
"""What no font has: a code point that never becomes a character, and one where emoji are."""
_TIMEOUT_SECONDS = 60.0

_proved: set[str] = set()


async def check_captions(ffmpeg: str, cues: Sequence[Cue], directory: Path) -> tuple[str, ...]:
    """Return what to tell the client of characters that cannot be drawn. `directory` holds the fonts.

    Raises JobFailed if not even plain text is drawn: a video that lacks its captions must not pass for one that has
    them. That is found out once per ffmpeg.
    """
    characters = characters_to_check(cues)
    if not characters and ffmpeg in _proved:
        return ()
    warning = missing_glyphs_warning(await undrawn(ffmpeg, characters, directory))
    _proved.add(ffmpeg)
    return () if warning is None else (warning,)


async def undrawn(ffmpeg: str, characters: Sequence[str], directory: Path) -> tuple[str, ...]:
    """Draw each character with the fonts in `directory` and return those that leave no ink, or only a box.

    Raises JobFailed if plain text leaves none.
    """
    shown = (_CERTAIN, *_NOWHERE, *characters)
    safe_open.write(directory / _SCRIPT, write_specimens(shown, _EDGE))
    black = f"color=c=black:s={_EDGE}x{_EDGE}:r=1:d={len(shown)}"
    drawing = ("-f", "lavfi", "-i", black, "-vf", f"ass=f={_SCRIPT}:fontsdir={FONTS}")
    writing = ("-f", "rawvideo", "-pix_fmt", "gray", "-y", _PIXELS)
    try:
        await run_ffmpeg(ffmpeg, (*drawing, *writing), directory, timeout=_TIMEOUT_SECONDS)
        pixels = safe_open.read(directory / _PIXELS)
    except RunFailed as failure:
        raise job_failed(Code.RESOURCES if failure.out_of_resources else Code.INTERNAL) from None
    except (MemoryLimitExceeded, TimeoutError, OSError):
        raise job_failed(Code.RESOURCES) from None
    step = _EDGE * _EDGE
    certain, *rest = [pixels[at : at + step] for at in range(0, step * len(shown), step)]
    boxes, drawn = rest[: len(_NOWHERE)], rest[len(_NOWHERE) :]
    if not _has_ink(certain) or certain in boxes:
        raise job_failed(Code.INTERNAL)
    return tuple(c for c, image in zip(characters, drawn, strict=True) if image in boxes or not _has_ink(image))


def _has_ink(image: bytes) -> bool:
    return max(image, default=0) >= _FAINT
