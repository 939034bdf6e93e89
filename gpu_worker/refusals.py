"""Picture files that ffmpeg would draw, and draw wrong. Each is refused by name instead."""

from __future__ import annotations

from pathlib import Path

from contract.errors import Code
from gpu_worker.errors import failed
from gpu_worker.plan.facts import VideoFacts
from gpu_worker.tiff import NotTiff, is_drawn_right, picture_end, read_tags

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})


def is_heif(head: bytes) -> bool:
    """True for HEIC and AVIF photos. Their picture is a grid of tiles; to ffmpeg each tile is a video."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def is_moving_webp(head: bytes) -> bool:
    """True for an animated WebP, which ffmpeg up to 8 does not read."""
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 0x02)


def check_photo(path: Path, picture: VideoFacts, field: str) -> None:
    """Raise JobFailed if the file says what ffmpeg does not heed. Reads the file: not for the event loop."""
    if picture.colour.is_hdr:
        raise failed(Code.MEDIA_UNSUPPORTED, field=field, format="HDR photo")
    try:
        tags = read_tags(path)
    except NotTiff:
        return
    if not is_drawn_right(tags):
        raise failed(Code.MEDIA_UNSUPPORTED, field=field, format="TIFF with tiles, JPEG inside or unusual channels")
    if picture_end(tags) > path.stat().st_size:
        raise failed(Code.MEDIA_TRUNCATED, field=field)
