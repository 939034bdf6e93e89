"""Every kind of video is drawn right or refused by name. Colors are read as a BT.709 player reads them."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from contract.errors import Code
from contract.operations.caption import Caption
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.transcode import Output
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.image_files import PATCHES, Color

BT709 = ("-vf", "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int")
HALF = tuple((r // 2, g // 2, b // 2) for r, g, b in PATCHES)
SIZE = WIDTH, HEIGHT = 384, 288
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "8")
TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
EXACT = "flags=accurate_rnd+full_chroma_int"
TO_709 = f"scale=out_color_matrix=bt709:out_range=tv:{EXACT}"
TO_601 = f"scale=out_color_matrix=bt601:out_range=tv:{EXACT}"
H264 = f"{TO_709},format=yuv420p"


def chart(media: MediaFactory) -> Path:
    """Draw color patches above and a white disc on dark below."""

    def draw(path: Path) -> None:
        image = Image.new("RGB", SIZE, (16, 16, 16))
        for at, color in enumerate(PATCHES):
            image.paste(color, (at * 64, 0, at * 64 + 64, HEIGHT // 3))
        disc = Image.new("L", (WIDTH * 4, HEIGHT * 4), 0)
        x, y, r = WIDTH * 2, HEIGHT * 4 * 0.66, HEIGHT * 4 * 0.28
        ImageDraw.Draw(disc).ellipse((x - r, y - r, x + r, y + r), fill=255)
        image.paste((255, 255, 255), mask=disc.resize(SIZE, Image.Resampling.BOX))
        image.save(path)

    return media.make_once("chart.png", draw)


def make_chart(media: MediaFactory, name: str, filters: str, *options: str) -> Path:
    """Encode three frames of the chart."""
    source = ("-loop", "1", "-framerate", "25", "-t", "0.12", "-i", chart(media))
    return media.make_file(name, *source, "-vf", filters, *options)


def make_captioned(media: MediaFactory, video: Path) -> tuple[Output, Path]:
    srt = media.folder / "early.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:00,001\n.\n")
    return media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)


def measure_frame(frame: Image.Image, expected: tuple[Color, ...] = PATCHES) -> tuple[int, float]:
    """Return the largest difference of any patch, in steps of 1/255, and the disc's width divided by its height."""
    width, height = frame.size
    found = [frame.getpixel((round((at + 0.5) * width / 6), height // 6)) for at in range(6)]
    worst = max(abs(a - b) for got, want in zip(found, expected, strict=True) for a, b in zip(got, want, strict=True))  # type: ignore[arg-type]
    gray = frame.convert("L")
    across = [gray.getpixel((x, round(height * 0.66))) for x in range(width)]
    down = [gray.getpixel((width // 2, y)) for y in range(height // 3 + 4, height)]
    return worst, measure_width(across, expected[-1][0]) / measure_width(down, expected[-1][0])


def measure_width(line: list[object], white: int) -> float:
    """Return the extent of what is white on dark (a sixteenth as bright), to a fraction of a pixel."""
    return sum(min(1.0, max(0.0, (value / white - 0.12) / 0.82)) for value in line)  # type: ignore[operator]


def check_frame(
    media: MediaFactory, video: Path, expected: tuple[Color, ...] = PATCHES, within: int = 7
) -> tuple[int, int]:
    """Caption the video, check its last frame, and return the size."""
    made, path = make_captioned(media, video)
    frame = media.decode_frames(path, *BT709)[-1]
    worst, ratio = measure_frame(frame, expected)
    assert worst <= within
    assert ratio == pytest.approx(1, abs=0.01)
    assert "yuv420p(tv, bt709" in media.read_header(path)
    return made.media.width, made.media.height


def find_refusal(media: MediaFactory, video: Path) -> tuple[Code, str]:
    with pytest.raises(JobFailed) as failure:
        make_captioned(media, video)
    assert failure.value.failure.params["field"] == "url_video"
    return failure.value.failure.code, failure.value.failure.params.get("format", "")


@pytest.mark.fault("G7")
@pytest.mark.parametrize(
    ("name", "filters", "options"),
    [
        ("8.mp4", H264, (*X264, *TAGS)),
        ("10.mp4", f"{TO_709},format=yuv420p10le", (*X264, *TAGS)),
        ("422.mp4", f"{TO_709},format=yuv422p", (*X264, *TAGS)),
        ("444.mp4", f"{TO_709},format=yuv444p", (*X264, *TAGS)),
        ("rgb.mp4", "null", ("-c:v", "libx264rgb", "-crf", "8")),
        ("full709.mp4", f"scale=out_color_matrix=bt709:out_range=pc:{EXACT},format=yuvj420p",
         (*X264, "-colorspace", "bt709", "-color_range", "pc")),
        ("full601.mp4", f"scale=out_color_matrix=bt601:out_range=pc:{EXACT},format=yuvj420p",
         (*X264, "-colorspace", "smpte170m", "-color_range", "pc")),
        ("pal.mp4", f"{TO_601},format=yuv420p", (*X264, "-colorspace", "bt470bg")),
        ("untagged.ts", f"{TO_601},format=yuv420p", ("-c:v", "mpeg2video", "-q:v", "1")),
        ("untagged.mp4", f"{TO_601},format=yuv420p", ("-c:v", "mpeg4", "-q:v", "1")),
        ("hevc10.mp4", f"{TO_709},format=yuv420p10le",
         ("-c:v", "libx265", "-x265-params", "log-level=error:crf=8", *TAGS)),
        ("jpeg.avi", "format=yuvj420p", ("-c:v", "mjpeg", "-q:v", "1")),
        ("rgba.mov", "format=rgba", ("-c:v", "png")),
    ],
)  # fmt: skip
def test_video_is_drawn_in_its_colors(media: MediaFactory, name: str, filters: str, options: tuple[str, ...]) -> None:
    assert check_frame(media, make_chart(media, name, filters, *options)) == SIZE


@pytest.mark.fault("G7")
@pytest.mark.parametrize(
    ("name", "filters", "options"),
    [
        ("vp9.webm", f"{TO_709},format=yuva420p", ("-c:v", "libvpx-vp9", "-crf", "4", "-b:v", "0", *TAGS)),
        ("vp8.webm", f"{TO_601},format=yuva420p", ("-c:v", "libvpx", "-b:v", "5M", "-auto-alt-ref", "0")),
        ("prores.mov", f"{TO_601},format=yuva444p10le", ("-c:v", "prores_ks", "-profile:v", "4444")),
        ("qtrle.mov", "null", ("-c:v", "qtrle", "-pix_fmt", "argb")),
    ],
)
def test_transparent_video_gets_a_black_background(
    media: MediaFactory, name: str, filters: str, options: tuple[str, ...]
) -> None:
    half = f"format=rgba,colorchannelmixer=aa=0.5,{filters}"
    assert check_frame(media, make_chart(media, f"half-{name}", half, *options), HALF) == SIZE


def test_gif_is_a_video_on_black(media: MediaFactory) -> None:
    with Image.open(chart(media)) as image:
        seen = image.convert("RGBA")
    seen.paste((0, 0, 0, 0), (64, 0, 128, HEIGHT // 3))
    path = media.folder / "moving.gif"
    seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path, save_all=True, append_images=[seen], disposal=2)
    check_frame(media, path, (PATCHES[0], (0, 0, 0), *PATCHES[2:]))


def with_matrix(media: MediaFactory, name: str, video: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Return the same MP4 with a display matrix, given in units of 1/65536."""
    data = bytearray(video.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = matrix
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path = media.folder / name
    path.write_bytes(data)
    return path


ONE = 1 << 16
TURNS = {
    "90": ("transpose=2", (0, ONE, -ONE, 0)), "180": ("hflip,vflip", (-ONE, 0, 0, -ONE)),
    "270": ("transpose=1", (0, -ONE, ONE, 0)), "mirrored": ("hflip", (-ONE, 0, 0, ONE)),
    "upside down": ("vflip", (ONE, 0, 0, -ONE)), "90 and mirrored": ("transpose=0", (0, ONE, ONE, 0)),
    "270 and mirrored": ("transpose=3", (0, -ONE, -ONE, 0)),
}  # fmt: skip


@pytest.mark.fault("G7")
@pytest.mark.parametrize("turn", TURNS)
def test_video_orientation_is_applied(media: MediaFactory, turn: str) -> None:
    filters, matrix = TURNS[turn]
    stored = make_chart(media, f"stored {turn}.mp4", f"{filters},{H264}", *X264, *TAGS)
    assert check_frame(media, with_matrix(media, f"{turn}.mp4", stored, matrix)) == SIZE


@pytest.mark.fault("G7")
def test_video_rotated_by_odd_angles_is_refused_by_name(media: MediaFactory) -> None:
    half = round(ONE * math.sqrt(0.5))
    video = with_matrix(media, "askew.mp4", make_chart(media, "8.mp4", H264, *X264, *TAGS), (half, half, -half, half))
    assert find_refusal(media, video) == (Code.MEDIA_UNSUPPORTED, "a rotation that is not a multiple of 90 degrees")


@pytest.mark.fault("G7")
@pytest.mark.parametrize(
    ("stored", "aspect", "size"),
    [
        ("288:288", "4/3", SIZE), ("264:288", "16/11", SIZE), ("352:288", "12/11", SIZE),
        ("768:288", "1/2", (768, 576)), ("432:288", "8/9", (432, 324)),
    ],
)  # fmt: skip
def test_wide_and_narrow_pixels_become_square(
    media: MediaFactory, stored: str, aspect: str, size: tuple[int, int]
) -> None:
    filters = f"scale={stored}:out_color_matrix=bt709:out_range=tv:{EXACT},setsar={aspect},format=yuv420p"
    assert check_frame(media, make_chart(media, f"sar{stored}.mp4".replace(":", "x"), filters, *X264, *TAGS)) == size


def test_rotated_wide_pixels_become_square(media: MediaFactory) -> None:
    filters = f"transpose=2,scale=216:384:out_color_matrix=bt709:out_range=tv:{EXACT},setsar=4/3,format=yuv420p"
    stored = make_chart(media, "lying.mp4", filters, *X264, *TAGS)
    assert check_frame(media, with_matrix(media, "lying and wide.mp4", stored, (0, ONE, -ONE, 0))) == SIZE


@pytest.mark.fault("G7")
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p"])
def test_video_of_odd_size_loses_at_most_one_line(media: MediaFactory, pixels: str) -> None:
    filters = f"crop=383:287:0:0:exact=1,{TO_709},format={pixels}"
    assert check_frame(media, make_chart(media, f"odd {pixels}.mkv", filters, "-c:v", "ffv1", *TAGS)) == (
        382,
        286,
    )


@pytest.mark.fault("G7")
@pytest.mark.parametrize(("order", "first"), [("tff", "tt"), ("bff", "bb")])
@pytest.mark.parametrize("kind", ["ts", "mp4"])
def test_interlaced_video_has_no_combing(media: MediaFactory, order: str, first: str, kind: str) -> None:
    """A bar moves 16 pixels from field to field: combing has its edge in two places, alternating by line."""
    bar = "nullsrc=s=384x288:r=50:d=0.4,geq=lum='if(between(X,16*N,16*N+79),235,16)':cb=128:cr=128"
    codec = {
        "ts": ("-c:v", "mpeg2video", "-q:v", "1", "-flags", "+ildct+ilme", "-field_order", first),
        "mp4": (*X264, "-x264-params", f"{order}=1"),
    }
    woven = f"{bar},interlace=scan={order}:lowpass=off,format=yuv420p,setparams=field_mode={order}"
    video = media.make_file(f"{order}.{kind}", "-f", "lavfi", "-i", woven, *codec[kind], *TAGS)
    facts = media.probe(video).video
    assert facts is not None
    assert facts.is_interlaced

    def combs(path: Path) -> int:
        return sum(
            abs(gray.getpixel((x, y)) - gray.getpixel((x, y + 1))) > 100  # type: ignore[operator]
            for gray in [media.decode_frames(path)[4].convert("L")]
            for y in range(20, 260)
            for x in range(0, 384, 4)
        )

    assert combs(video) > 1000
    _made, path = make_captioned(media, video)
    assert combs(path) < 100


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
@pytest.mark.parametrize("tags", ["full", "brightness only"])
def test_hdr_video_keeps_its_colors_up_to_white(media: MediaFactory, transfer: str, tags: str) -> None:
    """White at 203 cd/m2 (ITU-R BT.2408) leaves room for highlights; darker colors are as in SDR."""
    graded = (
        "format=gbrp,setparams=colorspace=gbr:color_primaries=bt709:color_trc=iec61966-2-1:range=pc,"
        "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020,"
        f"zscale=t={transfer}:m=bt2020nc:r=tv:npl=203,format=yuv422p10le"
    )
    name, codec, others = f"{transfer}.mov", "prores_ks", ("bt2020", "bt2020nc")
    if tags != "full":
        # Not in ProRes: ffmpeg 7 prefers its header, which would lack this value, to the container's.
        graded += ",setparams=color_primaries=unknown:colorspace=unknown"
        name, codec, others = f"{transfer}.mkv", "ffv1", ("unknown", "unknown")
    stated = ("-color_primaries", others[0], "-color_trc", transfer, "-colorspace", others[1])
    video = make_chart(media, name, graded, "-c:v", codec, *stated)
    made, path = make_captioned(media, video)
    assert "The HDR picture was converted to standard range." in made.warnings
    frame = media.decode_frames(path, *BT709)[-1]
    found = [frame.getpixel((at * 64 + 32, HEIGHT // 6)) for at in range(6)]
    for got, want in zip(found, PATCHES, strict=True):
        assert all(abs(a - b) <= 18 for a, b in zip(got, want, strict=True)), (found, PATCHES)  # type: ignore[arg-type]
    assert all(abs(a - 128) <= 3 for a in found[4])  # type: ignore[union-attr]
    assert all(236 <= a <= 242 for a in found[5])  # type: ignore[union-attr]


@pytest.mark.parametrize("primaries", ["bt2020", "smpte432"])
def test_wide_gamut_video_has_the_right_colors(media: MediaFactory, primaries: str) -> None:
    matrix = "bt2020nc" if primaries == "bt2020" else "bt709"
    filters = (
        "format=gbrp,setparams=colorspace=gbr:color_primaries=bt709:color_trc=bt709:range=pc,"
        f"zscale=p={primaries}:t=bt709:m={matrix}:r=tv,format=yuv444p10le"
    )
    tags = ("-color_primaries", primaries, "-color_trc", "bt709", "-colorspace", matrix)
    # Near black the curve is so steep that one of the 876 steps of the source makes a dozen here. Unconverted: 120.
    check_frame(media, make_chart(media, f"{primaries}.mkv", filters, "-c:v", "ffv1", *tags), within=13)


@pytest.mark.parametrize(
    ("name", "second", "right"),
    [
        ("smaller.ts", f"scale=192:144,{H264}", True),
        ("wider.ts", f"crop=384:216,{H264}", False),
        ("sampled.ts", f"{TO_709},format=yuv444p", True),
    ],
)
def test_video_that_changes_midway_is_right_or_refused(
    media: MediaFactory, name: str, second: str, right: bool
) -> None:
    parts = [make_chart(media, f"{at}-{name}", filters, *X264, *TAGS) for at, filters in enumerate((H264, second))]
    video = media.folder / name
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    if right:
        assert check_frame(media, video) == SIZE
    else:
        assert find_refusal(media, video) == (Code.MEDIA_UNSUPPORTED, "a picture that changes its shape midway")


def test_photo_given_as_a_video_is_refused_by_name(media: MediaFactory) -> None:
    video = media.folder / "photo.mp4"
    data = media.make_video("brief.mp4", 0.2).read_bytes()
    video.write_bytes(data.replace(b"ftypisom", b"ftypheic", 1))
    assert find_refusal(media, video) == (Code.MEDIA_UNSUPPORTED, "HEIF or AVIF")
