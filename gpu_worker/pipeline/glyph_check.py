"""Check that captions are visible: libass reports success even if it drew boxes, or nothing.

Before a job's video is encoded, the characters that the shipped font may lack are drawn, one per frame, and the pixels
are compared with those of characters that no font has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from contract.errors import Code
from gpu_worker.errors import job_failed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.ffmpeg.run import FfmpegError, run_ffmpeg
from gpu_worker.plan.captions.ass_script import write_specimens
from gpu_worker.plan.captions.glyphs.estimated_typefaces import ESTIMATED
from gpu_worker.plan.captions.glyphs.glyph_coverage import characters_to_check, missing_glyphs_warning
from gpu_worker.plan.measure import Typefaces
from gpu_worker.plan.model import FONTS
from gpu_worker.sandbox import safe_open
from gpu_worker.sandbox.process import MemoryLimitExceeded

_SCRIPT, _PIXELS = "specimens.ass", "specimens.gray"
_EDGE = 32
_VISIBLE = 32
"""The gray level from which a pixel is part of a glyph; the background is 0."""
_PLAIN = "A"
_ABSENT_FROM_FONTS = "\ufdd0", "\U0001faff"
"""A code point that never becomes a character, and an unassigned one in the block of emoji."""
_TIMEOUT_SECONDS = 60.0


class GlyphCheck:
    """Checks captions for characters without a glyph, and, once per machine, that plain text is drawn at all."""

    def __init__(self) -> None:
        self._is_plain_text_drawn = False

    async def check_captions(
        self, ffmpeg: Ffmpeg, texts: Collection[str], directory: Path, faces: Typefaces = ESTIMATED
    ) -> tuple[str, ...]:
        """Return warnings for the client about characters that cannot be drawn. `directory` holds the fonts.

        Raises JobFailed if not even plain text is drawn: a video that lacks its captions must not pass for one that
        has them.
        """
        # The shipped pictures need no check.
        characters = tuple(char for char in characters_to_check(texts) if not faces.pictures(char))
        if not characters and self._is_plain_text_drawn:
            return ()
        warning = missing_glyphs_warning(await find_missing_glyphs(ffmpeg, characters, directory, faces))
        self._is_plain_text_drawn = True
        return () if warning is None else (warning,)


async def find_missing_glyphs(
    ffmpeg: Ffmpeg, characters: Sequence[str], directory: Path, faces: Typefaces = ESTIMATED
) -> tuple[str, ...]:
    """Draw each character with the fonts in `directory` and return those that leave no pixels, or only a box.

    Raises JobFailed if plain text leaves none.
    """
    shown = (_PLAIN, *_ABSENT_FROM_FONTS, *characters)
    safe_open.write(directory / _SCRIPT, write_specimens(shown, _EDGE, faces))
    black = f"color=c=black:s={_EDGE}x{_EDGE}:r=1:d={len(shown)}"
    drawing = ("-f", "lavfi", "-i", black, "-vf", f"ass=f={_SCRIPT}:fontsdir={FONTS}")
    writing = ("-f", "rawvideo", "-pix_fmt", "gray", "-y", _PIXELS)
    try:
        await run_ffmpeg(ffmpeg, (*drawing, *writing), directory, timeout=_TIMEOUT_SECONDS)
        pixels = safe_open.read(directory / _PIXELS)
    except FfmpegError as failure:
        raise job_failed(Code.RESOURCES if failure.is_out_of_resources else Code.INTERNAL) from None
    except (MemoryLimitExceeded, TimeoutError, OSError):
        raise job_failed(Code.RESOURCES) from None
    step = _EDGE * _EDGE
    plain, *rest = [pixels[at : at + step] for at in range(0, step * len(shown), step)]
    boxes, drawn = rest[: len(_ABSENT_FROM_FONTS)], rest[len(_ABSENT_FROM_FONTS) :]
    if not _is_visible(plain) or plain in boxes:
        raise job_failed(Code.INTERNAL)
    return tuple(c for c, image in zip(characters, drawn, strict=True) if image in boxes or not _is_visible(image))


def _is_visible(image: bytes) -> bool:
    return max(image, default=0) >= _VISIBLE
