"""Every kind of photo is drawn right or refused by name. Colors are read as a BT.709 player reads them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from contract.errors import Code
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.image_files import (
    ADOBE_RGB,
    GRAY,
    GRAY_ALPHA,
    HEIGHT,
    P3,
    PALETTE,
    PATCH,
    PATCHES,
    RGB,
    RGB_ALPHA,
    SRGB,
    WIDTH,
    Color,
    chunk,
    icc_profile,
    patches_png,
    png,
    tiff,
)  # fmt: skip
from tests.support.media.photo_decoding import decode_photo

BT709 = ("-vf", "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int")
HALF = tuple((r // 2, g // 2, b // 2) for r, g, b in PATCHES)
GREENS = tuple((g, g, g) for _r, g, _b in PATCHES)
HALF_GREENS = tuple((g // 2, g // 2, g // 2) for _r, g, _b in PATCHES)
BLACK_AND_WHITE = ((0, 0, 0),) * 3 + ((255, 255, 255),) * 3
SECOND_GONE = (PATCHES[0], (0, 0, 0), *PATCHES[2:])
G_SECOND_GONE = (GREENS[0], (0, 0, 0), *GREENS[2:])


def patches(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for at, color in enumerate(PATCHES):
        image.paste(color, (at * PATCH, 0, (at + 1) * PATCH, HEIGHT))
    return image.convert(mode)


def write_photo(media: MediaFactory, name: str, data: bytes) -> Path:
    path = media.folder / name
    path.write_bytes(data)
    return path


def max_patch_error(media: MediaFactory, picture: Path, expected: tuple[Color, ...] = PATCHES) -> int:
    """Return the largest difference of any channel of any patch, in steps of 1/255."""
    made, path = media.transcode(Img2Vid(url_image=URL, size=f"{WIDTH}x{HEIGHT}", duration=0.1), image=picture)
    assert not made.warnings
    return max_color_error(media.decode_frames(path, *BT709)[0], expected)


def max_color_error(frame: Image.Image, expected: tuple[Color, ...]) -> int:
    found = [frame.getpixel((at * PATCH + PATCH // 2, HEIGHT // 2)) for at in range(len(expected))]
    return max(abs(a - b) for got, want in zip(found, expected, strict=True) for a, b in zip(got, want, strict=True))  # type: ignore[arg-type]


def find_refusal(media: MediaFactory, picture: Path) -> tuple[Code, str]:
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, size="320x180", duration=0.1), image=picture)
    assert failure.value.failure.params["field"] == "url_image"
    return failure.value.failure.code, failure.value.failure.params.get("format", "")


def encode_image(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)  # type: ignore[arg-type]
    return target.getvalue()


def ycck() -> bytes:
    """Make a CMYK JPEG as Photoshop does: inverted, with the first three channels as luma and chroma."""
    image = Image.new("CMYK", (WIDTH, HEIGHT))
    for at, color in enumerate(PATCHES):
        black = max(color)
        inks = tuple(255 - round(value * 255 / black) for value in color)
        luma = Image.new("RGB", (1, 1), inks).convert("YCbCr").getpixel((0, 0))
        image.paste(tuple(255 - v for v in (*luma, black)), (at * PATCH, 0, (at + 1) * PATCH, HEIGHT))  # type: ignore[misc]
    data = bytearray(encode_image(image, "JPEG", quality=98))
    data[data.index(b"Adobe") + 11] = 2
    for marker, first, step in ((b"\xff\xc0", 10, 3), (b"\xff\xda", 5, 2)):
        for number in range(4):
            data[data.index(marker) + first + number * step] = number + 1
    return bytes(data)


def transparent(value: tuple[int, ...]) -> bytes:
    return chunk(b"tRNS", b"".join(v.to_bytes(2, "big") for v in value))


def transparent16(value: Color) -> bytes:
    return transparent(tuple(channel * 257 for channel in value))


def palette(opacity: bytes = b"") -> bytes:
    row = b"".join(bytes([at]) * PATCH for at in range(len(PATCHES)))
    colors = chunk(b"PLTE", b"".join(bytes(color) for color in PATCHES))
    return png((WIDTH, HEIGHT), 8, PALETTE, row, colors + (chunk(b"tRNS", opacity) if opacity else b""))


def half_opaque(kind: str, **options: object) -> bytes:
    image = patches("RGBA")
    image.putalpha(128)
    return encode_image(image, kind, **options)


def rgb_tags() -> dict[int, tuple[str, list[int]]]:
    return {
        258: ("H", [8, 8, 8]), 259: ("H", [1]), 262: ("H", [2]), 277: ("H", [3]), 278: ("I", [HEIGHT]), 284: ("H", [1]),
    }  # fmt: skip


def tiff16() -> bytes:
    doubled = b"".join(bytes((value, value)) for value in patches().tobytes())
    return tiff({**rgb_tags(), 258: ("H", [16] * 3)}, [doubled], order=">")


def tiff_planes() -> bytes:
    return tiff({**rgb_tags(), 284: ("H", [2])}, [plane.tobytes() for plane in patches().split()])


def tiff_tiles() -> bytes:
    boxes = [(x, y, x + 64, y + 64) for y in range(0, HEIGHT, 64) for x in range(0, WIDTH, 64)]
    tags = {**rgb_tags(), 322: ("I", [64]), 323: ("I", [64])}
    del tags[278]
    return tiff(tags, [patches().crop(box).tobytes() for box in boxes])


def tiff_four(kind: int) -> bytes:
    tags = {**rgb_tags(), 258: ("H", [8] * 4), 277: ("H", [4]), 338: ("H", [kind])}
    return tiff(tags, [patches("RGBA").tobytes()])


def tiff_associated() -> bytes:
    """Make a half-opaque picture with premultiplied colors, as browsers and editors write it."""
    image = patches("RGBA")
    image.putalpha(128)
    tags = {**rgb_tags(), 258: ("H", [8] * 4), 277: ("H", [4]), 338: ("H", [1])}
    return tiff(tags, [image.convert("RGBa").tobytes()])


def tiff_reversed_bits() -> bytes:
    mirrored = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
    return tiff({**rgb_tags(), 266: ("H", [2])}, [patches().tobytes().translate(mirrored)])


def tiff_cmyk16() -> bytes:
    doubled = b"".join(bytes((value, value)) for value in patches("CMYK").tobytes())
    return tiff({**rgb_tags(), 258: ("H", [16] * 4), 262: ("H", [5]), 277: ("H", [4])}, [doubled])


def psd() -> bytes:
    """Make the preview that Photoshop stores after the layers; here there are no layers."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, HEIGHT, WIDTH, 8, 3) + struct.pack(">III", 0, 0, 0)
    return head + struct.pack(">H", 0) + b"".join(plane.tobytes() for plane in patches().split())


def bmp32(*, opacity: bool) -> bytes:
    """Make 32 bits per pixel: the old header defines 24 of them, the newer one also the alpha channel."""
    upside_down = patches().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    rows = b"".join(bytes((b, g, r, 128)) for r, g, b in upside_down.get_flattened_data())
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000).ljust(68, b"\0") if opacity else b""
    size = 40 + len(masks)
    head = struct.pack("<IiiHHIIiiII", size, WIDTH, HEIGHT, 1, 32, 3 if opacity else 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 14 + size + len(rows), 0, 0, 14 + size) + head + masks + rows


def png_one_bit_transparent() -> bytes:
    return png((WIDTH, HEIGHT), 1, GRAY, bytes(24) + b"\xff" * 24, chunk(b"tRNS", b"\0\0"))


def png_row_16() -> bytes:
    return b"".join(bytes((g, g)) * PATCH for _r, g, _b in PATCHES)


ROUNDED = {"tiff color differences"}
"""Color differences of 8 bits are already rounded in the file."""

RIGHT: dict[str, tuple[Callable[[], bytes], tuple[Color, ...]]] = {
    "jpeg 4:4:4": (lambda: encode_image(patches(), "JPEG", quality=98, subsampling=0), PATCHES),
    "jpeg 4:2:2": (lambda: encode_image(patches(), "JPEG", quality=98, subsampling=1), PATCHES),
    "jpeg 4:2:0": (lambda: encode_image(patches(), "JPEG", quality=98, subsampling=2), PATCHES),
    "jpeg progressive": (lambda: encode_image(patches(), "JPEG", quality=98, progressive=True), PATCHES),
    "jpeg of rgb": (lambda: encode_image(patches(), "JPEG", quality=98, keep_rgb=True), PATCHES),
    "jpeg cmyk": (lambda: encode_image(patches("CMYK"), "JPEG", quality=98), PATCHES),
    "jpeg ycck": (ycck, PATCHES),
    "jpeg with more behind it": (lambda: encode_image(patches(), "JPEG", quality=98) * 2 + b"more", PATCHES),
    "png 16": (lambda: patches_png(16, RGB), PATCHES),
    "png 16 half opaque": (lambda: patches_png(16, RGB_ALPHA, 128), HALF),
    "png gray 16": (lambda: patches_png(16, GRAY), GREENS),
    "png gray half opaque": (lambda: patches_png(8, GRAY_ALPHA, 128), HALF_GREENS),
    "png gray 16 half opaque": (lambda: patches_png(16, GRAY_ALPHA, 128), HALF_GREENS),
    "png one color transparent": (lambda: patches_png(8, RGB, extra=transparent(PATCHES[1])), SECOND_GONE),
    "png palette": (palette, PATCHES),
    "png palette transparent": (lambda: palette(b"\xff\0"), SECOND_GONE),
    "png one bit": (lambda: png((WIDTH, HEIGHT), 1, GRAY, bytes(24) + b"\xff" * 24), BLACK_AND_WHITE),
    "png half opaque": (lambda: half_opaque("PNG"), HALF),
    "webp": (lambda: encode_image(patches(), "WEBP", quality=95), PATCHES),
    "webp lossless": (lambda: encode_image(patches(), "WEBP", lossless=True), PATCHES),
    "webp half opaque": (lambda: half_opaque("WEBP", lossless=True), HALF),
    "bmp half opaque": (lambda: bmp32(opacity=True), HALF),
    "gif": (lambda: encode_image(patches(), "GIF"), PATCHES),
    "tiff": (lambda: encode_image(patches(), "TIFF"), PATCHES),
    "tiff lzw": (lambda: encode_image(patches(), "TIFF", compression="tiff_lzw"), PATCHES),
    "tiff cmyk": (lambda: encode_image(patches("CMYK"), "TIFF"), PATCHES),
    "tiff half opaque": (lambda: half_opaque("TIFF"), HALF),
    "tiff 16 big-endian": (tiff16, PATCHES),
    "tiff in planes": (tiff_planes, PATCHES),
    "tiff in tiles": (tiff_tiles, PATCHES),
    "tiff jpeg inside": (lambda: encode_image(patches(), "TIFF", compression="jpeg", quality=95), PATCHES),
    "tiff color differences": (lambda: encode_image(patches("YCbCr"), "TIFF"), PATCHES),
    "tiff of an unnamed fourth channel": (lambda: tiff_four(0), PATCHES),
    "tiff multiplied by opacity": (tiff_associated, HALF),
    "tiff in reversed bits": (tiff_reversed_bits, PATCHES),
    "tiff cmyk 16": (tiff_cmyk16, PATCHES),
    "avif": (lambda: encode_image(patches(), "AVIF", quality=95), PATCHES),
    "avif half opaque": (lambda: half_opaque("AVIF", quality=95), HALF),
    "jpeg 2000": (lambda: encode_image(patches(), "JPEG2000"), PATCHES),
    "tga": (lambda: encode_image(patches(), "TGA"), PATCHES),
    "ppm": (lambda: encode_image(patches(), "PPM"), PATCHES),
    "pgm 16": (lambda: b"P5 384 192 65535\n" + png_row_16() * HEIGHT, GREENS),
    "psd": (psd, PATCHES),
    "bmp of an unused fourth byte": (lambda: bmp32(opacity=False), PATCHES),
    "png one bit transparent": (png_one_bit_transparent, BLACK_AND_WHITE),
    "png 16 one color transparent": (lambda: patches_png(16, RGB, extra=transparent16(PATCHES[1])), SECOND_GONE),
    "png gray 16 one transparent": (lambda: patches_png(16, GRAY, extra=transparent((0xEEEE,))), G_SECOND_GONE),
}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_photo_is_read_in_its_colors(tmp_path: Path, kind: str) -> None:
    draw, expected = RIGHT[kind]
    image, notes = decode_photo(draw(), tmp_path)
    assert notes == []
    assert max_color_error(image, expected) <= (3 if kind in ROUNDED else 2)


@pytest.mark.parametrize("kind", ["jpeg 4:2:0", "jpeg ycck", "png half opaque", "avif"])
def test_clip_has_the_colors_of_its_photo(media: MediaFactory, kind: str) -> None:
    draw, expected = RIGHT[kind]
    assert max_patch_error(media, write_photo(media, "photo", draw()), expected) <= 7


@pytest.mark.parametrize("sides", [(WIDTH + 1, HEIGHT), (WIDTH, HEIGHT + 1), (WIDTH + 1, HEIGHT - 1)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_with_odd_sides_is_drawn(media: MediaFactory, sides: tuple[int, int], subsampling: int) -> None:
    data = encode_image(patches().resize(sides), "JPEG", quality=98, subsampling=subsampling)
    assert max_patch_error(media, write_photo(media, "photo", data)) <= 7


@pytest.mark.parametrize(
    ("size", "subsampling"), [((17, 10), 2), ((16, 11), 2), ((1, 1), 2), ((383, 191), 2), ((17, 11), 1), ((17, 11), 0)]
)
def test_small_jpeg_with_odd_sides_is_drawn(media: MediaFactory, size: tuple[int, int], subsampling: int) -> None:
    image = Image.new("RGB", size, (200, 30, 60))
    picture = write_photo(media, "odd", encode_image(image, "JPEG", quality=98, subsampling=subsampling))
    made, clip = media.transcode(Img2Vid(url_image=URL, size="160x90", duration=0.1), image=picture)
    assert not made.warnings
    assert max_color_error(media.decode_frames(clip, *BT709)[0].resize((WIDTH, HEIGHT)), ((200, 30, 60),)) <= 7


def test_hdr_photo_is_refused_by_name(media: MediaFactory) -> None:
    # cICP: primaries 9, transfer 16, matrix 0, full range. Screenshots of HDR displays are of that kind.
    picture = write_photo(media, "photo", patches_png(16, RGB, extra=chunk(b"cICP", bytes((9, 16, 0, 1)))))
    assert find_refusal(media, picture) == (Code.MEDIA_UNSUPPORTED, "HDR photo")


@pytest.mark.parametrize(
    ("kind", "orientation"),
    [
        *(("jpg", turn) for turn in range(1, 9)),
        *((kind, turn) for kind in ("png", "webp", "tiff") for turn in (2, 5, 6)),
    ],
)
def test_photo_orientation_is_applied(tmp_path: Path, kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (240, 160), (10, 10, 10))
    corners = {(0, 0): (250, 30, 30), (120, 0): (30, 250, 30), (0, 80): (30, 30, 250)}
    for (x, y), color in corners.items():
        upright.paste(color, (x, y, x + 120, y + 80))
    turns = Image.Transpose
    undone = {
        2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM, 5: turns.TRANSPOSE,
        6: turns.ROTATE_90, 7: turns.TRANSVERSE, 8: turns.ROTATE_270,
    }  # fmt: skip
    stored = upright.transpose(undone[orientation]) if orientation in undone else upright
    exif = Image.Exif()
    exif[0x112] = orientation
    path = tmp_path / f"turned.{kind}"
    stored.save(path, **({"tiffinfo": {0x112: orientation}} if kind == "tiff" else {"exif": exif, "quality": 95}))  # type: ignore[arg-type]
    frame, _notes = decode_photo(path.read_bytes(), tmp_path)
    assert frame.size == upright.size
    for (x, y), color in {**corners, (120, 80): (10, 10, 10)}.items():
        found = frame.getpixel((x + 60, y + 40))
        assert all(abs(a - b) <= 12 for a, b in zip(found, color, strict=True)), (orientation, found, color)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_first_frame_of_an_animation_is_used_with_a_warning(media: MediaFactory, kind: str) -> None:
    others = [Image.new("RGB", (WIDTH, HEIGHT), color) for color in ((255, 0, 255), (0, 0, 0))]
    data = encode_image(
        patches(),
        kind,
        save_all=True,
        append_images=others,
        duration=100,
        **({"lossless": True} if kind == "WEBP" else {}),
    )
    picture = write_photo(media, "moving", data)
    made, path = media.transcode(Compose(url_image=URL, size=f"{WIDTH}x{HEIGHT}", duration=0.1), image=picture)
    assert made.warnings == ("The picture is animated; its first frame was used.",)
    assert max_color_error(media.decode_frames(path, *BT709)[0], PATCHES) <= 7


PROFILES = {
    "Display P3": icc_profile(P3),
    "Adobe RGB": icc_profile(ADOBE_RGB, 563 / 256),
    "sRGB": icc_profile(SRGB),
    "sRGB, a table": icc_profile(SRGB, table=True),
}


def encode_patches(name: str) -> Image.Image:
    """Encode the patches as a file with this profile does."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    image = ImageCms.profileToProfile(patches(), srgb, ImageCms.ImageCmsProfile(io.BytesIO(PROFILES[name])))
    assert image is not None
    del image.info["icc_profile"]
    return image


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_color_profile_of_a_photo_is_applied(tmp_path: Path, name: str, kind: str) -> None:
    data = encode_image(encode_patches(name), kind, icc_profile=PROFILES[name], quality=98, subsampling=0)
    image, notes = decode_photo(data, tmp_path)
    assert notes == []
    assert max_color_error(image, PATCHES) <= 3  # the file's own rounding included


def test_without_the_profile_colors_would_be_wrong(tmp_path: Path) -> None:
    image, _notes = decode_photo(encode_image(encode_patches("Display P3"), "PNG"), tmp_path)
    assert max_color_error(image, PATCHES) > 100


SHAPES = {"9:16": (405, 720), "1:1": (500, 500), "4:5": (480, 600), "16:9": (720, 405), "21:9": (840, 360)}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fit", ["cover", "contain"])
def test_circle_in_a_photo_stays_round(media: MediaFactory, shape: str, fit: str) -> None:
    width, height = SHAPES[shape]
    size = "360x640" if shape == "4:5" else "640x360"
    picture = media.make_circle(f"circle{width}x{height}.png", (width, height), min(width, height) // 6)
    made, clip = media.transcode(Img2Vid(url_image=URL, size=size, fit=fit, duration=0.1), image=picture)  # type: ignore[arg-type]
    assert f"{made.media.width}x{made.media.height}" == size
    gray = media.decode_frames(clip)[0].convert("L")
    middle = gray.width // 2, gray.height // 2
    across = measure_width([gray.getpixel((x, middle[1])) for x in range(gray.width)])
    down = measure_width([gray.getpixel((middle[0], y)) for y in range(gray.height)])
    assert across / down == pytest.approx(1, abs=0.01)


def measure_width(line: list[object]) -> float:
    """Return the extent of what is white on dark, to a fraction of a pixel."""
    return sum(min(1.0, max(0.0, (value - 25) / 230)) for value in line)  # type: ignore[operator]
