"""Pictures that keep their transparency, as a watermark does."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from gpu_worker.photo.decode import read_picture, write_pixels
from gpu_worker.photo.read_photo import read_photo
from gpu_worker.plan.model import pixels_name
from tests.support.media.factory import MediaFactory

GREEN, GRAY = (10, 200, 30), 120


def palette() -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putpalette([*GREEN, 1, 2, 3])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 1
    return image


def row(mode: str, *pixels: object) -> Image.Image:
    image = Image.new(mode, (len(pixels), 1))
    for x, pixel in enumerate(pixels):
        image.putpixel((x, 0), pixel)  # type: ignore[arg-type]
    return image


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (row("RGBA", (*GREEN, 255), (*GREEN, 128), (*GREEN, 0)), "PNG", [(*GREEN, 255), (*GREEN, 128), (*GREEN, 0)]),
        (row("LA", (GRAY, 255), (GRAY, 7)), "PNG", [(GRAY, GRAY, GRAY, 255), (GRAY, GRAY, GRAY, 7)]),
        (row("RGB", GREEN, GREEN), "PNG", [(*GREEN, 255)] * 2),
        (row("L", GRAY), "PNG", [(GRAY, GRAY, GRAY, 255)]),
        (row("1", 1), "PNG", [(255, 255, 255, 255)]),
        (palette(), "PNG", [(*GREEN, 255), (1, 2, 3, 0)]),
        (row("I;16", 65535), "PNG", [(255, 255, 255, 255)]),
        (row("RGBA", (*GREEN, 128)), "WEBP", [(*GREEN, 128)]),
    ],
)
def test_every_kind_of_transparency_is_kept(
    tmp_path: Path, image: Image.Image, kind: str, expected: list[tuple[int, ...]]
) -> None:
    data = io.BytesIO()
    options = {"transparency": image.info["transparency"]} if "transparency" in image.info else {}
    image.save(data, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else options))
    data.seek(0)
    read, _notes = read_picture(data, 10**6, (10**4, 10**4))
    write_pixels(read, tmp_path / "pixels", keep_alpha=True)
    raw = (tmp_path / "pixels").read_bytes()
    assert [tuple(raw[at : at + 4]) for at in range(0, len(raw), 4)] == expected


def test_sandboxed_process_writes_rgba(media: MediaFactory, tmp_path: Path) -> None:
    path = tmp_path / "in_overlay_image"
    Image.new("RGBA", (3, 2), (*GREEN, 77)).save(path, "PNG")
    facts = asyncio.run(read_photo(media.sandbox, path, "overlay.url_image", 10**6, (10, 10), keep_alpha=True))
    assert (facts.width, facts.height) == (3, 2)
    pixels = tmp_path / pixels_name("overlay.url_image", has_alpha=True)
    assert pixels.read_bytes() == bytes((*GREEN, 77)) * 6
