"""Photos of phones, editors and broken downloads: read, or refused with the true reason."""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageOps

from contract.errors import Code
from contract.operations import Role
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.formats.unsupported import name_unsupported
from gpu_worker.photo.read_photo import build_argv, needed_paths
from tests.support.media import heic
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.image_files import GRAY, P3, RGB, chunk, icc_profile, png, tiff
from tests.support.media.photo_decoding import decode_photo, find_refusal, max_difference


def scene(size: tuple[int, int] = (203, 121)) -> Image.Image:
    """Noise, so that each byte of the file matters."""
    return Image.merge("RGB", [Image.effect_noise(size, deviation) for deviation in (40, 60, 80)])


def encode_image(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)  # type: ignore[arg-type]
    return target.getvalue()


@pytest.mark.parametrize("kind", ["plain", "turned", "half"])
def test_a_heic_photo_is_read(tmp_path: Path, kind: str) -> None:
    image, notes = decode_photo({"plain": heic.PLAIN, "turned": heic.make_rotated(), "half": heic.HALF}[kind], tmp_path)
    assert notes == []
    if kind == "turned":
        assert image.size == (64, 96)
        image = image.rotate(90, expand=True)
    strength = 128 / 255 if kind == "half" else 1
    places = {(8, 8): heic.SQUARE, **{(at * 32 + 24, 50): color for at, color in enumerate(heic.STRIPES)}}
    for place, color in places.items():
        found = image.getpixel(place)
        assert all(abs(a - b * strength) <= 4 for a, b in zip(found, color, strict=True)), (place, found)  # type: ignore[arg-type]


def avif_pq() -> bytes:
    data = encode_image(scene(), "AVIF", quality=60)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", 9, 16) + data[at + 4 :]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: heic.PQ, avif_pq,
        lambda: png((4, 4), 8, RGB, bytes(12), chunk(b"cICP", bytes((9, 18, 0, 1)))),
    ],
    ids=["HEIC", "AVIF", "PNG"],
)  # fmt: skip
def test_an_hdr_photo_is_refused_by_name(tmp_path: Path, draw: Callable[[], bytes]) -> None:
    assert find_refusal(draw(), tmp_path) == "hdr"


JPEGS: dict[str, dict[str, object]] = {
    "baseline": {}, "progressive": {"progressive": True}, "4:4:4": {"subsampling": 0},
    "restarts": {"restart_marker_rows": 1},
}  # fmt: skip


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_without_its_end_marker_is_read(tmp_path: Path, kind: str) -> None:
    data = encode_image(scene(), "JPEG", quality=90, **JPEGS[kind])
    expected, _notes = decode_photo(data, tmp_path)
    for left in (data[:-2], data[:-1]):
        image, notes = decode_photo(left, tmp_path)
        assert (max_difference(image, expected), notes) == (0, [])


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_cut_in_its_rows_is_truncated(tmp_path: Path, kind: str) -> None:
    data = encode_image(scene(), "JPEG", quality=90, **JPEGS[kind])
    for cut in (60, 200, len(data) // 2, len(data) - 400):
        assert find_refusal(data[:-cut], tmp_path) == "truncated", cut


def test_a_thumbnail_does_not_hide_that_the_photo_is_cut(tmp_path: Path) -> None:
    data = encode_image(scene(), "JPEG", quality=90)
    exif = b"Exif\0\0" + data[:300] + b"\xff\xd9"
    whole = data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:]
    assert find_refusal(whole + b"what follows", tmp_path) is None
    assert find_refusal(whole[: len(whole) // 2], tmp_path) == "truncated"


def test_a_jpeg_with_damaged_data_is_not_drawn(tmp_path: Path) -> None:
    data = encode_image(scene(), "JPEG", quality=90)
    at = len(data) // 3
    # On broken disks, parts of other files end up in photos, and contain markers.
    assert (
        find_refusal(data[:at] + bytes(range(256)) * 4 + b"\xff\x51\x22" + data[at + 1027 :], tmp_path) == "unreadable"
    )


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("size", [(8, 8), (33, 17), (640, 360)])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_an_intact_jpeg_is_not_called_damaged(tmp_path: Path, kind: str, size: tuple[int, int], mode: str) -> None:
    for image in (scene(size), Image.new("RGB", size, (128, 128, 128)), Image.new("RGB", size)):
        assert decode_photo(encode_image(image.convert(mode), "JPEG", **JPEGS[kind]), tmp_path)[1] == []


def with_zeros(data: bytes, at: float, length: int) -> bytes:
    """A file with a part overwritten by zeros, as on a broken disk."""
    start = round(len(data) * at)
    return data[:start] + bytes(length) + data[start + length :]


def test_a_slightly_damaged_jpeg_is_read_with_a_note(tmp_path: Path) -> None:
    photo = Image.linear_gradient("L").resize((400, 300))
    data = encode_image(Image.merge("RGB", [photo, photo.rotate(90).resize((400, 300)), photo]), "JPEG", quality=90)
    left = data[:-2] + data[len(data) // 2 : -2] + data[-2:]  # more than its rows need
    for broken in (left, with_zeros(data, 0.93, 60)):
        assert decode_photo(broken, tmp_path)[1] == ["damaged"]


def test_a_truncated_jpeg_with_an_end_marker_is_detected(tmp_path: Path) -> None:
    data = encode_image(scene(), "JPEG", quality=90)
    assert find_refusal(data[: len(data) // 2] + b"\xff\xd9", tmp_path) == "truncated"


CUT = {
    "PNG": {}, "WEBP": {}, "TIFF": {}, "GIF": {}, "BMP": {}, "AVIF": {}, "JPEG2000": {}, "PPM": {}, "TGA": {},
    "TIFF lzw": {"compression": "tiff_lzw"},
}  # fmt: skip


@pytest.mark.parametrize("kind", CUT)
def test_a_picture_cut_off_is_truncated(tmp_path: Path, kind: str) -> None:
    data = encode_image(scene(), kind.split(maxsplit=1)[0], **CUT[kind])
    for length in (60, len(data) // 2, len(data) - 100):
        assert find_refusal(data[:length], tmp_path) == "truncated", length


def test_a_heic_photo_cut_off_is_truncated(tmp_path: Path) -> None:
    assert find_refusal(heic.PLAIN[:-200], tmp_path) == "truncated"


def test_a_complete_picture_in_a_truncated_file_is_read(tmp_path: Path) -> None:
    for data in (encode_image(scene(), "PNG")[:-12], encode_image(scene(), "GIF")[:-1]):
        assert find_refusal(data, tmp_path) is None


def gif(screen: tuple[int, int], frame: tuple[int, int], at: tuple[int, int] = (0, 0)) -> bytes:
    """A GIF of one red frame that may not cover its screen."""
    data = bytearray(encode_image(Image.new("P", frame, 0), "GIF"))
    data[6:10] = struct.pack("<HH", *screen)
    place = data.index(b",", 13 + 3 * (2 << (data[10] & 7)))
    data[place + 1 : place + 5] = struct.pack("<HH", *at)
    data[13:16] = bytes((255, 0, 0))
    return bytes(data)


@pytest.mark.parametrize(
    ("screen", "frame", "size"),
    [((40, 30), (40, 30), (40, 30)), ((40, 30), (20, 10), (40, 30)), ((20, 10), (40, 30), (40, 30))],
)
def test_a_gif_frame_need_not_fit_its_screen(
    tmp_path: Path, screen: tuple[int, int], frame: tuple[int, int], size: tuple[int, int]
) -> None:
    image, notes = decode_photo(gif(screen, frame), tmp_path)
    assert (image.size, notes) == (size, [])
    assert image.getpixel((5, 5)) == (255, 0, 0)


def test_the_first_frame_of_an_apng_may_blend(tmp_path: Path) -> None:
    first = scene().convert("RGBA")
    data = encode_image(first, "PNG", save_all=True, append_images=[ImageOps.mirror(first)], blend=1, duration=200)
    image, notes = decode_photo(data, tmp_path)
    assert notes == ["animated"]
    assert max_difference(image, first.convert("RGB")) == 0


@pytest.mark.parametrize(
    "values", [(0.0, 0.25, 0.5, 1.0), (0.0, 63.75, 127.5, 255.0), (0.0, 16383.75, 32767.5, 65535.0)]
)
def test_floats_are_scaled_by_their_range(tmp_path: Path, values: tuple[float, ...]) -> None:
    picture = Image.new("F", (4, 1))
    picture.putdata(values)
    image, _notes = decode_photo(encode_image(picture, "TIFF"), tmp_path)
    assert [image.getpixel((x, 0)) for x in range(4)] == [(v, v, v) for v in (0, 64, 128, 255)]


def test_a_large_jpeg_keeps_twice_the_needed_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    data = encode_image(Image.new("RGB", (1600, 800), (200, 30, 60)), "JPEG", exif=exif)
    for min_size, size in (
        ((100, 200), (200, 400)),
        ((101, 200), (400, 800)),
        ((200, 100), (400, 800)),
        ((500, 500), (800, 1600)),
    ):
        image, _notes = decode_photo(data, tmp_path, min_size)
        assert image.size == size
        assert image.getpixel((5, 5))[0] in range(197, 204)  # type: ignore[index]


@pytest.mark.parametrize("damage", range(0, 480, 40))
def test_a_damaged_profile_does_no_harm(tmp_path: Path, damage: int) -> None:
    broken = bytearray(icc_profile(P3))
    broken[damage : damage + 4] = b"\xff\xff\xff\xff"
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encode_image(Image.new("RGB", (8, 8), (90, 90, 90)), kind, icc_profile=bytes(broken))
        image, notes = decode_photo(data, tmp_path)
        assert image.size == (8, 8)
        assert set(notes) <= {"profile"}


def test_a_profile_for_other_pixels_is_ignored_with_a_note(tmp_path: Path) -> None:
    gray = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image, notes = decode_photo(encode_image(Image.new("RGB", (8, 8), (90, 80, 70)), "PNG", icc_profile=gray), tmp_path)
    assert (image.getpixel((4, 4)), notes) == ((90, 80, 70), ["profile"])


def compress_zeros(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 1024**2), 1)


def small_png(*extra: bytes) -> bytes:
    return png((4, 4), 8, GRAY, bytes(4), b"".join(extra))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (small_png(chunk(b"zTXt", b"k\0\0" + compress_zeros(31))), None),
        (small_png(chunk(b"zTXt", b"k\0\0" + compress_zeros(33))), "texts"),
        (small_png(*[chunk(b"iTXt", b"k\0\1\0en\0\0" + compress_zeros(9))] * 4), "texts"),
        (small_png(chunk(b"iCCP", b"k\0\0" + compress_zeros(33))), "texts"),
        (small_png(chunk(b"zTXt", b"k\0\0not deflated")), None),
    ],
    ids=["enough", "too much", "a sum of texts", "a profile", "damaged"],
)
def test_texts_that_decompress_to_too_much_are_refused(tmp_path: Path, data: bytes, word: str | None) -> None:
    assert find_refusal(data, tmp_path) == word


RAW = {
    "DNG": {50706: ("I", [0x01040000])},
    "NEF": {330: ("I", [8]), 254: ("I", [1])},
    "sensor data": {262: ("H", [32803])},
}


@pytest.mark.parametrize("kind", RAW)
def test_a_raw_photo_is_refused_in_spite_of_its_thumbnail(tmp_path: Path, kind: str) -> None:
    tags = {258: ("H", [8]), 259: ("H", [1]), 262: ("H", [1]), 277: ("H", [1]), 278: ("I", [192]), **RAW[kind]}
    assert find_refusal(tiff(tags, [bytes(384 * 192)]), tmp_path) == "raw"  # type: ignore[arg-type]


NEVER = {
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n",
    "WMF": b"\xd7\xcd\xc6\x9a" + bytes(60),
    "FPX": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "PDF": b"%PDF-1.7\n1 0 obj\n",
    "FLI": struct.pack("<IHHHHHHI", 128, 0xAF12, 1, 8, 8, 8, 0, 10).ljust(128, b"\0"),
}


@pytest.mark.parametrize("kind", NEVER)
def test_no_other_decoder_reads_a_file(tmp_path: Path, kind: str) -> None:
    assert find_refusal(NEVER[kind], tmp_path) == "unreadable"


def code_and_name(media: MediaFactory, data: bytes) -> tuple[Code, str | None]:
    path = media.folder / "refused"
    path.write_bytes(data)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL, size="64x64", duration=0.1), image=path)
    assert failure.value.failure.params["field"] == "url_image"
    return failure.value.failure.code, failure.value.failure.params.get("format")


def test_a_refusal_names_the_format(media: MediaFactory) -> None:
    unsupported, broken = Code.MEDIA_UNSUPPORTED, bytearray(encode_image(scene(), "PNG"))
    broken[200:300] = bytes(100)
    film = media.make_video("f.mp4", 0.4, "64x48").read_bytes()
    tags = {258: ("H", [8]), 259: ("H", [1]), 262: ("H", [1]), 277: ("H", [1]), 278: ("I", [192]), **RAW["DNG"]}
    assert code_and_name(media, film) == (unsupported, "a video, not a picture")
    assert code_and_name(media, tiff(tags, [bytes(384 * 192)])) == (unsupported, "raw photo")  # type: ignore[arg-type]
    assert code_and_name(media, bytes(broken)) == (unsupported, "PNG, damaged or of a rare kind")
    assert code_and_name(media, encode_image(scene(), "JPEG")[:2000]) == (Code.MEDIA_TRUNCATED, None)
    assert code_and_name(media, heic.PQ) == (unsupported, "HDR photo")
    assert code_and_name(media, b"no picture") == (Code.MEDIA_UNREADABLE, None)


@pytest.mark.parametrize(
    ("head", "role", "name"),
    [
        (b"\xff\x0a\xfa\x1f", Role.IMAGE, "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", Role.IMAGE, "JPEG XL"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg xmlns=", Role.IMAGE, "SVG"),
        (b"%PDF-1.4", Role.IMAGE, "PDF"),
        (b"%!PS-Adobe", Role.IMAGE, "EPS or PostScript"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", Role.IMAGE, "raw photo"),
        (b"FUJIFILMCCD-RAW 0201", Role.IMAGE, "raw photo"),
        (b"\x1a\x45\xdf\xa3", Role.IMAGE, "a video, not a picture"),
        (b"RIFF\0\0\0\0AVI LIST", Role.IMAGE, "a video, not a picture"),
        (b"G" + bytes(187) + b"G" + bytes(187) + b"G" + bytes(187), Role.IMAGE, "a video, not a picture"),
        (b"ID3\4\0", Role.IMAGE, "a sound, not a picture"),
        (b"RIFF\0\0\0\0WAVEfmt ", Role.IMAGE, "a sound, not a picture"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0", Role.IMAGE, "a sound, not a picture"),
        (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", Role.VIDEO, "MXF"),
        (bytes(100) + b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", Role.VIDEO, "MXF"),
        (b"MAC \x96\x0f", Role.AUDIO, "Monkeys Audio, APE"),
        (b"wvpk", Role.AUDIO, "WavPack"),
        (b"\0\0\0\x18ftypheic", Role.VIDEO, "HEIF or AVIF"),
        (b"\x89PNG\r\n\x1a\n", Role.VIDEO, "a picture, not a video"),
        (b"\xff\xd8\xff\xe0", Role.AUDIO, "a picture, not a sound"),
        (b"#EXTM3U\n", Role.AUDIO, "a playlist"),
        (b"words", Role.VIDEO, None),
        (b"", Role.IMAGE, None),
    ],
)
def test_formats_are_known_by_their_first_bytes(head: bytes, role: Role, name: str | None) -> None:
    assert name_unsupported(head, role) == name


def test_the_process_imports_no_site_and_no_worker_modules(tmp_path: Path) -> None:
    (tmp_path / "in_image").write_bytes(encode_image(scene((8, 8)), "JPEG"))
    command = build_argv("in_image", "in_image.rgb", 100, (8, 8))
    at = command.index("-c") + 1
    command[at] += "; print(*sys.modules, sep='\\n', file=sys.stderr)"
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert '"width": 8' in done.stdout
    loaded = set(done.stderr.split())
    assert not loaded & {
        "site",
        "contract",
        "pydantic",
        "aiohttp",
        "runpod",
        "asyncio",
        "pi_heif",
        "PIL.EpsImagePlugin",
    }
    assert all(path.exists() for path in needed_paths())
