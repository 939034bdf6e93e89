"""Visible results: shapes, colors, the path of the zoom, captions. Every test decodes frames of a finished video."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Fit
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.machine import Machine
from gpu_worker.sandbox.command import Sandbox
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels

BT709 = ("-vf", "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int")


def extent(image: Image.Image, level: int = 128) -> tuple[int, int, int, int]:
    box = image.convert("L").point(lambda value: 255 if value >= level else 0).getbbox()
    assert box is not None
    return box


def bright_span(line: list[float]) -> tuple[float, float]:
    """Return length and center, to a fraction of a pixel, of what is white on dark along a line."""
    share = [min(1.0, max(0.0, (value - 25) / 230)) for value in line]
    return sum(share), sum((at + 0.5) * part for at, part in enumerate(share)) / sum(share)


def still(media: MediaFactory, picture: Path, **options: object) -> Path:
    fields: dict[str, object] = {"duration": 0.5, "size": "640x360"} | options
    made, path = media.transcode(Img2Vid(url_image=URL, **fields), image=picture)  # type: ignore[arg-type]
    assert made.encoder == "libx264"
    return path


@pytest.mark.parametrize("size", [(450, 800), (800, 450), (500, 500), (1600, 200), (31, 47)])
@pytest.mark.parametrize("fit", list(Fit))
def test_circle_stays_round(media: MediaFactory, size: tuple[int, int], fit: Fit) -> None:
    picture = media.make_circle(f"large-circle{size[0]}x{size[1]}.png", size, min(size) // 4)
    frame = media.decode_frames(still(media, picture, fit=fit, size="640x360", duration=0.1))[0]
    # Around the picture, a blurred copy of the disc is also bright.
    factor = min(640 / size[0], 360 / size[1])
    across, down = ((side * factor / 2 if fit is Fit.BLUR else 640) for side in size)
    gray = frame.convert("L")
    row = [gray.getpixel((x, 180)) if abs(x - 319.5) < across else 0 for x in range(640)]
    column = [gray.getpixel((320, y)) if abs(y - 179.5) < down else 0 for y in range(360)]
    (width, x), (height, y) = bright_span(row), bright_span(column)
    assert width / height == pytest.approx(1, abs=0.01)
    assert (x, y) == pytest.approx((320, 180), abs=1.5)


def test_cover_fills_the_frame_and_contain_shows_everything(media: MediaFactory) -> None:
    def draw(path: Path) -> None:
        Image.new("RGB", (300, 600), (220, 220, 220)).save(path)

    tall = media.make_once("tall.png", draw)
    cover = media.decode_frames(still(media, tall, fit="cover", duration=0.1))[0]
    assert min(cover.convert("L").tobytes()) > 200
    contain = media.decode_frames(still(media, tall, fit="contain", duration=0.1))[0]
    left, top, right, bottom = extent(contain)
    assert (top, bottom) == (0, 360)
    assert abs(right - left - 180) <= 2
    assert max(contain.crop((0, 0, left - 4, 360)).convert("L").tobytes()) < 8


def dot(media: MediaFactory, name: str, at: tuple[float, float]) -> Path:
    """Draw a soft white dot at a position in a black 1280x720 picture."""

    def draw(path: Path) -> None:
        image = Image.new("L", (1280, 720), 0)
        for y in range(720):
            for x in range(1280):
                far = (x + 0.5 - at[0]) ** 2 + (y + 0.5 - at[1]) ** 2
                if far < 2500:
                    image.putpixel((x, y), round(250 * math.exp(-far / 200)))
        image.convert("RGB").save(path)

    return media.make_once(name, draw)


def centroid(image: Image.Image, near: tuple[float, float], reach: int = 28, floor: int = 2) -> tuple[float, float]:
    gray = image.convert("L")
    x0, y0 = round(near[0]) - reach, round(near[1]) - reach
    mass = sum_x = sum_y = 0.0
    for y in range(y0, y0 + 2 * reach):
        for x in range(x0, x0 + 2 * reach):
            value = max(0, gray.getpixel((x, y)) - floor)  # type: ignore[operator]
            mass += value
            sum_x += value * (x + 0.5)
            sum_y += value * (y + 0.5)
    return sum_x / mass, sum_y / mass


def deviation(frames: list[Image.Image], place: tuple[float, float], floor: int) -> float:
    """Return the RMS deviation of the dot from its path, in pixels. The mean must be on the path."""
    off: list[tuple[float, float]] = []
    for index, frame in enumerate(frames):
        zoom = 1 + 0.324 * index / (len(frames) - 1)
        expected = (320 + (place[0] - 640) * 0.5 * zoom, 180 + (place[1] - 360) * 0.5 * zoom)
        found = centroid(frame, expected, floor=floor)
        off.append((found[0] - expected[0], found[1] - expected[1]))
    worst = 0.0
    for values in ([x for x, _ in off], [y for _, y in off]):
        mean = sum(values) / len(values)
        assert abs(mean) < 0.05, values
        worst = max(worst, math.sqrt(sum((v - mean) ** 2 for v in values) / len(values)))
    return worst


def test_zoom_is_centered_and_follows_its_path_below_a_pixel(media: MediaFactory) -> None:
    place = (860.0, 240.0)
    picture = dot(media, "dot.png", place)
    clip = media.decode_frames(still(media, picture, duration=1.0, frame_rate=24))
    assert len(clip) == 24
    assert deviation(clip, place, floor=2) < 0.1  # the encoder's own noise included


def test_single_frame_is_not_zoomed(media: MediaFactory) -> None:
    clip = still(media, dot(media, "dot.png", (860.0, 240.0)), duration=0.1, frame_rate=5)
    frames = media.decode_frames(clip)
    assert len(frames) == 1
    assert centroid(frames[0], (430, 120)) == pytest.approx((430, 120), abs=0.1)


PATCHES = [(0, 255, 0), (255, 238, 0), (200, 30, 60), (20, 60, 220), (128, 128, 128)]


def near(found: tuple[int, ...], expected: tuple[int, ...], within: int = 7) -> bool:
    return all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_picture_colors_are_right_when_read_as_bt709(media: MediaFactory, kind: str) -> None:
    def draw(path: Path) -> None:
        image = Image.new("RGB", (len(PATCHES) * 64, 180))
        for index, color in enumerate(PATCHES):
            image.paste(color, (index * 64, 0, index * 64 + 64, 180))
        image.save(path, quality=98)

    clip = still(media, media.make_once(f"patches.{kind}", draw), size="320x180", duration=0.1)
    frame = media.decode_frames(clip, *BT709)[0]
    for index, color in enumerate(PATCHES):
        found = frame.getpixel((index * 64 + 32, 90))
        assert near(found, color), (found, color)  # type: ignore[arg-type]
    assert "yuv420p(tv, bt709" in media.read_header(clip)


@pytest.mark.parametrize("tags", [(), ("-colorspace", "smpte170m", "-color_range", "pc")])
def test_small_video_is_read_as_bt601_and_written_as_bt709(media: MediaFactory, tags: tuple[str, ...]) -> None:
    matrix = "scale=out_color_matrix=smpte170m:out_range=" + ("pc" if tags else "tv")
    video = media.make_file(
        f"bt601{len(tags)}.mp4", "-f", "lavfi", "-i", "color=c=0x00FF00:s=320x180:r=25:d=0.4",
        "-vf", f"{matrix},format=yuv420p,setparams=colorspace={'smpte170m' if tags else 'unknown'}", *tags, "-crf", "5",
    )  # fmt: skip
    srt = captions(media, "late.srt", "1\n00:01:00,000 --> 00:01:01,000\nlate\n")
    _made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    frame = media.decode_frames(path, *BT709)[0]
    assert near(frame.getpixel((160, 90)), (0, 255, 0)), frame.getpixel((160, 90))  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_photo_is_rotated_upright(media: MediaFactory, orientation: int) -> None:
    upright = Image.new("RGB", (240, 160), (10, 10, 10))
    upright.paste((250, 30, 30), (0, 0, 120, 80))  # red where the upper left is
    turned = {
        1: upright,
        3: upright.rotate(180),
        6: upright.rotate(90, expand=True),
        8: upright.rotate(-90, expand=True),
    }

    def draw(path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned[orientation].save(path, exif=exif, quality=95)

    clip = still(media, media.make_once(f"exif{orientation}.jpg", draw), size="240x160", duration=0.1)
    frame = media.decode_frames(clip)[0]
    assert near(frame.getpixel((50, 35)), (250, 30, 30), 12)  # type: ignore[arg-type]
    assert near(frame.getpixel((200, 130)), (10, 10, 10), 12)  # type: ignore[arg-type]


def test_transparent_areas_become_black(media: MediaFactory) -> None:
    def draw(path: Path) -> None:
        image = Image.new("RGBA", (320, 180), (255, 255, 255, 0))
        image.paste((255, 255, 255, 128), (160, 0, 320, 180))
        image.save(path)

    frame = media.decode_frames(still(media, media.make_once("alpha.png", draw), size="320x180", duration=0.1))[0]
    assert near(frame.getpixel((60, 90)), (0, 0, 0), 4)  # type: ignore[arg-type]
    assert near(frame.getpixel((250, 90)), (128, 128, 128), 6)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["gif", "webp", "bmp", "tiff", "pal.png", "gray.jpg", "cmyk.jpg"])
def test_every_common_picture_format_works(media: MediaFactory, kind: str) -> None:
    modes = {"pal.png": "P", "gray.jpg": "L", "cmyk.jpg": "CMYK"}

    def draw(path: Path) -> None:
        image = Image.new("RGB", (200, 120), (180, 180, 180))
        image.convert(modes.get(kind, "RGB"), palette=Image.Palette.ADAPTIVE).save(path)

    frame = media.decode_frames(still(media, media.make_once(f"kinds.{kind}", draw), size="200x120", duration=0.1))[0]
    assert near(frame.getpixel((100, 60)), (180, 180, 180), 8), frame.getpixel((100, 60))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("duration", "rate", "frames", "exact"),
    [(0.5, 24, 12, Fraction(24)), (1.0, 29.97, 30, Fraction(30000, 1001)), (0.7, 12.5, 9, Fraction(25, 2)),
     (0.1, 1, 1, Fraction(1)), (1.0, 60, 60, Fraction(60))],
)  # fmt: skip
def test_clips_have_exactly_their_frames(
    media: MediaFactory, duration: float, rate: float, frames: int, exact: Fraction
) -> None:
    picture = media.make_circle("small.png", (160, 90), 20)
    video = media.probe(still(media, picture, duration=duration, frame_rate=rate, size="160x90")).video
    assert video is not None
    assert video.frames == frames
    assert video.duration == frames / exact
    if frames > 1:
        assert video.frame_rate == exact


def test_too_large_picture_is_refused_before_decoding(media: MediaFactory) -> None:
    picture = media.make_circle("big.png", (800, 450), 100)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Img2Vid(url_image=URL), Limits(max_pixels=100_000), image=picture)
    assert failure.value.failure.code == Code.MEDIA_OVER_BUDGET


def captions(media: MediaFactory, name: str, text: str | bytes) -> Path:
    path = media.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def dark(media: MediaFactory, size: str = "640x360", seconds: float = 2.0, extra: tuple[str, ...] = ()) -> Path:
    return media.make_video(f"dark{size}{len(extra)}.mp4", seconds, size, source="color=c=0x202020", extra=extra)


PLAIN = "1\n00:00:00,500 --> 00:00:01,200\nH\u00e9llo w\u00f6rld\n"
SUBTITLES = {
    "plain": PLAIN.encode(),
    "bom": b"\xef\xbb\xbf" + PLAIN.encode(),
    "latin-1": PLAIN.encode("latin-1"),
    "utf-16": PLAIN.encode("utf-16"),
    "crlf": PLAIN.replace("\n", "\r\n").encode(),
    "cr": PLAIN.replace("\n", "\r").encode(),
    "dot": PLAIN.replace(",", ".").encode(),
    "no index": PLAIN.removeprefix("1\n").encode(),
    "no hours": PLAIN.replace("00:00:", "00:").encode(),
    "short fraction": PLAIN.replace(",500", ",5").replace(",200", ",2").encode(),
    "webvtt": b"WEBVTT\n\n" + PLAIN.replace(",", ".").replace("1.200", "1.200 align:start position:10%").encode(),
}


@pytest.mark.parametrize("kind", SUBTITLES)
def test_cue_is_visible_exactly_during_its_time(media: MediaFactory, kind: str) -> None:
    srt = captions(media, "words.srt", SUBTITLES[kind])
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=dark(media), subtitles=srt)
    assert made.media.frames == 50
    frames = media.decode_frames(path)
    shown = [count_bright_pixels(frame) > 200 for frame in frames]
    # Frame i is on the screen from i/25 s: the cue covers frames 13 (0.52 s) to 29 (1.16 s).
    assert shown == [13 <= index <= 29 for index in range(50)]
    reference = count_bright_pixels(frames[20])
    assert 450 < reference < 4000
    left, top, right, bottom = extent(frames[20], 200)
    assert abs((left + right) / 2 - 320) < 6
    assert top > 290
    assert bottom < 352


def test_text_is_drawn_where_no_font_is_installed(media: MediaFactory) -> None:
    nothing = media.folder / "fonts.conf"
    nothing.write_text("<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig></fontconfig>")
    sandbox = Sandbox(environment={"FONTCONFIG_FILE": str(nothing)})
    machine = Machine(Ffmpeg(media.ffmpeg, sandbox), None, 2)
    srt = captions(media, "words.srt", PLAIN)
    _made, path = media.transcode(
        Caption(url_video=URL, url_srt=URL), machine=machine, video=dark(media), subtitles=srt
    )
    assert count_bright_pixels(media.decode_frame(path, 0.8)) > 450


def test_no_caption_text_is_a_command(media: MediaFactory) -> None:
    def inked(text: str) -> tuple[int, int]:
        srt = captions(media, "tags.srt", f"1\n00:00:00,000 --> 00:00:02,000\n{text}\n")
        _made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=dark(media), subtitles=srt)
        frame = media.decode_frame(path, 0.8)
        _left, top, _right, bottom = extent(frame, 200)
        return count_bright_pixels(frame), bottom - top

    plain, line = inked("Ab")
    assert inked("{\\fs200}{\\pos(10,10)}Ab{\\alpha&HFF&}") == (
        plain,
        line,
    )  # an ASS command is neither executed nor drawn
    braces, braces_line = inked("{Ab}")
    assert braces > plain
    assert braces_line < 1.6 * line
    slashes, slashes_line = inked("C:\\New\\nice")
    assert slashes_line < 1.6 * line  # one line: \N and \n break nothing
    assert slashes > plain
    assert inked("<font color='#000000' size='99'>Ab</font>") == (plain, line)


def test_html_italics_are_drawn_as_italics(media: MediaFactory) -> None:
    srt = captions(media, "i.srt", "1\n00:00:00,000 --> 00:00:02,000\nHill\n")
    slanted = captions(media, "ii.srt", "1\n00:00:00,000 --> 00:00:02,000\n<i>Hill</i>\n")
    boxes = []
    for subtitles in (srt, slanted):
        _made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=dark(media), subtitles=subtitles)
        left, _top, right, _bottom = extent(media.decode_frame(path, 0.8), 200)
        boxes.append(right - left)
    assert boxes[0] + 2 <= boxes[1] <= boxes[0] + 14


def test_text_scales_with_the_smaller_side(media: MediaFactory) -> None:
    heights = {}
    for size in ("640x360", "360x640", "320x180"):
        srt = captions(media, "one.srt", "1\n00:00:00,000 --> 00:00:02,000\nHI\n")
        _made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=dark(media, size), subtitles=srt)
        _left, top, _right, bottom = extent(media.decode_frame(path, 0.8), 180)
        heights[size] = bottom - top
    assert abs(heights["640x360"] - heights["360x640"]) <= 1
    assert abs(heights["640x360"] - 2 * heights["320x180"]) <= 3


def test_rotated_video_is_captioned_upright(media: MediaFactory) -> None:
    video = media.make_rotated("turned.mp4", dark(media))
    srt = captions(media, "words.srt", PLAIN)
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    assert (made.media.width, made.media.height) == (360, 640)
    facts = media.probe(path).video
    assert facts is not None
    assert (facts.rotation, facts.width, facts.height) == (0, 360, 640)
    _left, top, _right, bottom = extent(media.decode_frame(path, 0.8), 200)
    # Above the part of a portrait picture that the platforms' buttons cover.
    assert 360 < top < bottom <= 416


def test_wide_pixels_become_square(media: MediaFactory) -> None:
    video = dark(media, "360x288", extra=("-vf", "setsar=16/11"))
    srt = captions(media, "words.srt", PLAIN)
    made, _path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    assert (made.media.width, made.media.height) == (524, 288)


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("odd.mkv", ("-vf", "scale=321:181,setsar=1", "-pix_fmt", "yuv444p")),
        ("ten.mkv", ("-pix_fmt", "yuv420p10le")),
        ("vp9.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime")),
        ("prores.mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le")),
        ("mpeg4.avi", ("-c:v", "mpeg4")),
        ("ts.ts", ()),
        ("flv.flv", ("-ar", "44100")),
    ],
)
def test_every_common_video_format_can_be_captioned(media: MediaFactory, name: str, extra: tuple[str, ...]) -> None:
    video = media.make_video(name, 1, extra=extra)
    srt = captions(media, "words.srt", PLAIN)
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    assert made.media.frames == 25
    assert (made.media.width, made.media.height) == (320, 180)
    assert made.media.audio_codec in {"aac", "mp3", "opus"}
    assert "yuv420p(tv, bt709" in media.read_header(path)


def test_uneven_frame_times_are_kept(media: MediaFactory) -> None:
    video = media.make_video(
        "vfr.mkv", 2, extra=("-vf", "select='not(between(n,10,20))*not(eq(n,33))'", "-fps_mode", "vfr")
    )
    srt = captions(media, "words.srt", PLAIN)
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    before, after = media.probe(video).video, media.probe(path).video
    assert before is not None
    assert after is not None
    # The caption ends between the twelfth frame and the thirteenth, which are half a second apart.
    assert (before.frames, made.media.frames) == (38, 39)

    def times(facts: object) -> list[float]:
        return sorted(float(t * facts.time_base) for t in facts.packet_times)  # type: ignore[attr-defined]

    shown = times(after)
    added = [time for time in shown if min(abs(time - one) for one in times(before)) > 0.002]
    assert len(added) == 1
    assert [time for time in shown if time not in added] == pytest.approx(times(before), abs=0.002)


def test_hdr_is_converted_with_a_warning(media: MediaFactory) -> None:
    video = media.make_video("hdr.mov", 0.4, sound=False, extra=(
        "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-vf",
        "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv",
        "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"))  # fmt: skip
    color = media.probe(video).video
    assert color is not None
    assert color.color.is_hdr
    srt = captions(media, "words.srt", PLAIN)
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    assert "The HDR picture was converted to standard range." in made.warnings
    assert "yuv420p(tv, bt709" in media.read_header(path)


def test_compose_draws_everything_in_one_clip(media: MediaFactory) -> None:
    picture = media.make_circle("night.png", (640, 360), 10)
    srt = captions(media, "words.srt", PLAIN)
    made, path = media.transcode(
        Compose(url_image=URL, url_audio=URL, url_srt=URL, size="640x360"),
        image=picture,
        audio=media.make_audio(),
        subtitles=srt,
    )
    assert made.media.frames == 36  # 1.5 s of sound at 24 frames a second
    assert made.media.audio_codec == "aac"
    dot_only, with_text = (
        count_bright_pixels(media.decode_frame(path, 0.2)),
        count_bright_pixels(media.decode_frame(path, 0.8)),
    )
    assert with_text > dot_only + 500


def test_real_photo_is_scaled_like_pillow(media: MediaFactory, real_media: Path) -> None:
    photo = real_media / "kleiber_4608x2592.jpg"
    frames = media.decode_frames(still(media, photo, size="640x360", duration=0.25))
    assert len(frames) == 6
    with Image.open(photo) as original:
        small = original.convert("RGB").resize((640, 360), Image.Resampling.LANCZOS)
    ours, theirs = frames[0].resize((80, 45)), small.resize((80, 45))
    for x in range(2, 80, 8):
        for y in range(2, 45, 5):
            assert near(ours.getpixel((x, y)), theirs.getpixel((x, y)), 16)  # type: ignore[arg-type]
