"""Videos in frames of another size. Every test decodes frames of a finished video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from gpu_worker.formats.mp4 import list_tracks
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels

TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "8")
H264 = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p"
QUARTERS = ((180, 40, 40), (40, 150, 60), (60, 70, 190), (190, 180, 90))
"""Colors of a picture from left to right, and from top to bottom."""
BACKGROUND = (0x33, 0x66, 0x99)


def quarters(media: MediaFactory, size: tuple[int, int], filters: str = H264, suffix: str = "mp4") -> Path:
    """Return a video of three frames in four colors."""

    def draw(path: Path) -> None:
        small = Image.new("RGB", (2, 2))
        small.putdata(QUARTERS)
        small.resize(size, Image.Resampling.NEAREST).save(path)

    name = f"quarters{size[0]}x{size[1]}"
    picture = media.make_once(f"{name}.png", draw, size)
    source = ("-loop", "1", "-framerate", "25", "-t", "0.12", "-i", picture, "-vf", filters)
    return media.make_file(f"{name}.{suffix}", *source, *X264, *TAGS)


def reframe(media: MediaFactory, video: Path, **options: object) -> Image.Image:
    """Return the last frame of a video in another size."""
    made, path = media.transcode(Compose(url_video=URL, **options), video=video)  # type: ignore[arg-type]
    assert made.video_mode == "encode"
    return media.decode_frames(path)[-1]


def is_near(found: object, expected: tuple[int, ...], within: int = 4) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


def check_quarters(image: Image.Image) -> None:
    """Check that the four colors fill an image, and meet in its middle, around which the encoder makes noise."""
    width, height = image.size
    for index, color in enumerate(QUARTERS):
        for far, deep, within in ((6, 6, 5), (width // 2 - 5, height // 4, 25), (width // 4, height // 2 - 5, 25)):
            x = far if index % 2 == 0 else width - 1 - far
            y = deep if index < 2 else height - 1 - deep
            assert is_near(image.getpixel((x, y)), color, within), (index, x, y)


FULL = pytest.mark.full
SHAPES = [
    ((320, 180), (180, 320)),
    ((180, 320), (320, 180)),
    pytest.param((320, 180), (200, 200), marks=FULL),
    pytest.param((162, 92), (64, 150), marks=FULL),
]


@pytest.mark.parametrize(("own", "size"), SHAPES)
def test_cover_fills_the_frame_with_the_middle(
    media: MediaFactory, own: tuple[int, int], size: tuple[int, int]
) -> None:
    frame = reframe(media, quarters(media, own), size=f"{size[0]}x{size[1]}", fit="cover")
    assert frame.size == size
    check_quarters(frame)


def inner_box(own: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where a whole picture is in a frame, a little smaller than exactly."""
    factor = min(size[0] / own[0], size[1] / own[1])
    width, height = own[0] * factor, own[1] * factor
    left, top = round((size[0] - width) / 2), round((size[1] - height) / 2)
    return left + 2 * (left > 0), top + 2 * (top > 0), size[0] - left - 2 * (left > 0), size[1] - top - 2 * (top > 0)


@pytest.mark.parametrize(("own", "size"), SHAPES)
def test_contain_shows_everything_on_the_background(
    media: MediaFactory, own: tuple[int, int], size: tuple[int, int]
) -> None:
    frame = reframe(media, quarters(media, own), size=f"{size[0]}x{size[1]}", fit="contain", background="#336699")
    assert frame.size == size
    left, top, right, bottom = inner_box(own, size)
    check_quarters(frame.crop((left, top, right, bottom)))
    for x, y, within in ((2, 2, 2), (size[0] - 3, size[1] - 3, 2), (max(2, left - 6), max(2, top - 6), 6)):
        assert is_near(frame.getpixel((x, y)), BACKGROUND, within)


@pytest.mark.parametrize(("own", "size"), SHAPES)
def test_blur_shows_everything_on_a_dark_copy(media: MediaFactory, own: tuple[int, int], size: tuple[int, int]) -> None:
    frame = reframe(media, quarters(media, own), size=f"{size[0]}x{size[1]}", fit="blur")
    assert frame.size == size
    left, top, right, bottom = inner_box(own, size)
    check_quarters(frame.crop((left, top, right, bottom)))
    for color, x, y in ((0, 3, 3), (3, size[0] - 4, size[1] - 4)):
        dim = tuple(round(0.85 * value) for value in QUARTERS[color])
        assert is_near(frame.getpixel((x, y)), dim), color
    # Sharp in the picture, soft in the background: the colors of a row meet within a few pixels, or many.
    in_background = frame.crop((0, 0, size[0], 3) if top else (0, 0, 3, size[1])).resize(
        (size[0], 1) if top else (1, size[1]), Image.Resampling.BOX
    )
    line = [pixel[0] for pixel in in_background.get_flattened_data()]
    steps = sum(30 < abs(value - line[0]) < abs(line[-1] - line[0]) - 3 for value in line)
    assert steps > max(3, min(size) // 40)


def test_picture_in_the_background_moves_with_the_one_in_front(media: MediaFactory) -> None:
    flash = "color=black:s=160x90:r=25:d=0.4,drawbox=c=white:t=fill:enable='eq(mod(n\\,3)\\,1)'"
    video = media.make_file("flashes.mp4", "-f", "lavfi", "-i", flash, *X264, *TAGS)
    _made, path = media.transcode(Compose(url_video=URL, size="90x160", fit="blur"), video=video)
    frames = [frame.convert("L") for frame in media.decode_frames(path)]
    assert len(frames) == 10
    for index, frame in enumerate(frames):
        front, back = frame.getpixel((45, 80)), frame.getpixel((45, 20))
        assert isinstance(front, int)
        assert isinstance(back, int)
        assert (front > 200, back > 180) == ((True, True) if index % 3 == 1 else (False, False)), index


KINDS = {
    "turned": "mp4",
    "wide pixels": "mp4",
    "interlaced": "ts",
    "transparent": "mov",
    "hdr": "mkv",
    "wide gamut": "mkv",
    "odd": "mkv",
}
_HDR = (
    "format=gbrp,setparams=colorspace=gbr:color_primaries=bt709:color_trc=iec61966-2-1:range=pc,"
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020,"
    "zscale=t=smpte2084:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
)
_WIDE = (
    "format=gbrp,setparams=colorspace=gbr:color_primaries=bt709:color_trc=bt709:range=pc,"
    "zscale=p=bt2020:t=bt709:m=bt2020nc:r=tv,format=yuv420p10le"
)


def make_kind(media: MediaFactory, kind: str) -> Path:
    name, bt2020 = f"reframe {kind}.{KINDS[kind]}", ("-color_primaries", "bt2020", "-colorspace", "bt2020nc")
    filters, options = {
        "turned": (H264, (*X264, *TAGS)),
        "wide pixels": (f"scale=120:180,{H264},setsar=8/3", (*X264, *TAGS)),
        "interlaced": (f"{H264},setfield=tff", ("-c:v", "mpeg2video", "-q:v", "1", "-flags", "+ildct+ilme", *TAGS)),
        "transparent": ("format=rgba,colorchannelmixer=aa=0.5", ("-c:v", "png")),
        "hdr": (_HDR, ("-c:v", "ffv1", *bt2020, "-color_trc", "smpte2084")),
        "wide gamut": (_WIDE, ("-c:v", "ffv1", *bt2020, "-color_trc", "bt709")),
        "odd": (f"crop=319:179:0:0:exact=1,{H264}", ("-c:v", "ffv1", *TAGS)),
    }[kind]
    picture = quarters(media, (320, 180))
    source = ("-i", picture.with_suffix(".png"))
    made = media.make_file(name, "-loop", "1", "-framerate", "25", "-t", "0.12", *source, "-vf", filters, *options)
    return media.make_rotated("reframe lying.mp4", made) if kind == "turned" else made


@pytest.mark.parametrize(
    "kind", [kind if kind in {"turned", "wide pixels", "hdr"} else pytest.param(kind, marks=FULL) for kind in KINDS]
)
def test_every_kind_of_video_looks_as_at_its_own_size(media: MediaFactory, kind: str) -> None:
    video = make_kind(media, kind)
    # An overlay that is not visible: the video is encoded at its own size.
    logo = media.make_once("clear.png", lambda path: Image.new("RGBA", (4, 4)).save(path))
    operation = Compose(url_video=URL, overlay=URL)
    own = media.decode_frames(media.transcode(operation, video=video, files={"overlay.url_image": logo})[1])[-1]
    tall = own.height > own.width
    size = (240, 135) if tall else (136, 240)
    for fit in ("contain", "cover"):
        frame = reframe(media, video, size=f"{size[0]}x{size[1] // 2 * 2}", fit=fit)
        if fit == "contain":
            left, top, right, bottom = inner_box(own.size, frame.size)
            found, wanted = frame.crop((left, top, right, bottom)), own
        else:
            found = frame
            shape = frame.width / frame.height
            kept = (min(own.width, own.height * shape), min(own.height, own.width / shape))
            wanted = own.crop(
                (
                    round((own.width - kept[0]) / 2),
                    round((own.height - kept[1]) / 2),
                    round((own.width + kept[0]) / 2),
                    round((own.height + kept[1]) / 2),
                )
            )
        wanted = wanted.resize(found.size, Image.Resampling.BOX)
        mean = ImageStat.Stat(ImageChops.difference(found, wanted)).mean
        assert max(mean) < 3, (fit, mean)
        check_middle(found, wanted)


def check_middle(found: Image.Image, wanted: Image.Image) -> None:
    """Check that colors agree away from the edges between them."""
    width, height = found.size
    for x in (width // 4, width * 3 // 4):
        for y in (height // 4, height * 3 // 4):
            pixel = wanted.getpixel((x, y))
            assert isinstance(pixel, tuple)
            assert is_near(found.getpixel((x, y)), pixel, within=3)


def times_of(media: MediaFactory, path: Path) -> list[Fraction]:
    video = media.probe(path).video
    assert video is not None
    return sorted(round(time * video.time_base * 9000) / Fraction(9000) for time in video.packet_times)


UNEVEN = ("-vf", "select='lt(mod(n,7),4)',setpts=PTS-STARTPTS", "-fps_mode", "vfr", *TAGS)


@pytest.mark.parametrize("fit", [pytest.param("cover", marks=FULL), pytest.param("contain", marks=FULL), "blur"])
def test_frames_keep_their_times(media: MediaFactory, fit: str) -> None:
    logo = media.make_once("clear.png", lambda path: Image.new("RGBA", (4, 4)).save(path))
    video = media.make_video("uneven-reframe.mp4", 2, "160x90", "30", extra=UNEVEN)
    for overlay, files in ((None, {}), (URL, {"overlay.url_image": logo})):
        made, path = media.transcode(
            Compose(url_video=URL, size="90x160", fit=fit, overlay=overlay), video=video, files=files
        )
        assert times_of(media, path) == times_of(media, video)
        source = media.probe(video).video
        assert source is not None
        assert abs(dict(list_tracks(path))["vide"] - source.end) < Fraction(1, 1000)
        assert made.media is not None
        assert made.media.audio_codec == "aac"


def test_captions_are_drawn_on_the_new_frame(media: MediaFactory) -> None:
    video = media.make_video("black-reframe.mp4", 1, "320x180", "5", source="color=black", sound=False)
    subtitles = media.folder / "reframe.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nseveral words that need two lines\n")
    operation = Caption(url_video=URL, url_srt=URL, size="180x320", fit="blur")
    made, path = media.transcode(operation, video=video, subtitles=subtitles)
    frame = media.decode_frames(path)[2]
    box = frame.convert("L").point(lambda value: 255 if value > 150 else 0).getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert left >= 6
    assert right <= 174
    assert abs(left + right - 180) <= 4
    assert 160 < top < bottom < 300
    assert bottom - top > 10
    assert made.media is not None
    assert made.media.frames == 5


def test_captions_between_sparse_frames_get_frames_of_the_new_size(media: MediaFactory) -> None:
    video = media.make_video("sparse-reframe.mp4", 4, "160x90", "1/2", source="color=gray", sound=False, extra=TAGS)
    subtitles = media.folder / "sparse.srt"
    subtitles.write_text("1\n00:00:01,000 --> 00:00:01,500\nword\n")
    operation = Caption(url_video=URL, url_srt=URL, size="90x160", fit="blur")
    _made, path = media.transcode(operation, video=video, subtitles=subtitles)
    frames = media.decode_frames(path)
    assert [count_bright_pixels(frame) > 0 for frame in frames] == [False, True, False, False, False]


def test_only_another_size_makes_an_encode_necessary(media: MediaFactory) -> None:
    video, sound = media.make_video(), media.make_audio()

    def mode(operation: Operation, **inputs: Path) -> tuple[str | None, object]:
        made, path = media.transcode(operation, video=video, **inputs)
        facts = media.probe(path).video
        return made.video_mode, facts and facts.display_size

    add = {"url_video": URL, "url_audio": URL}
    assert mode(AddAudio(**add, size="180x320"), audio=sound) == ("encode", (180, 320))
    assert mode(AddAudio(**add, size="320x180", fit="blur"), audio=sound) == ("copy", (320, 180))
    assert mode(AddAudio(**add, aspect_ratio="16:9"), audio=sound) == ("copy", (320, 180))
    assert mode(Compose(url_video=URL, aspect_ratio="16:9")) == ("copy", (320, 180))
    soft = Caption(url_video=URL, url_srt=URL, subtitle_mode="soft", aspect_ratio="1:1")
    subtitles = media.folder / "soft-reframe.srt"
    subtitles.write_text("1\n00:00:00,100 --> 00:00:01,000\nword\n")
    assert mode(soft, subtitles=subtitles) == ("encode", (180, 180))


def test_later_frames_may_be_smaller(media: MediaFactory) -> None:
    parts = [
        media.make_video(f"{at}-parts.ts", 0.4, size, "25", sound=False, extra=TAGS)
        for at, size in enumerate(("320x180", "160x90"))
    ]
    video = media.folder / "parts.ts"
    video.write_bytes(b"".join(part.read_bytes() for part in parts))
    logo = media.make_once("red.png", lambda path: Image.new("RGB", (40, 40), (255, 0, 0)).save(path))
    operation = Compose(url_video=URL, size="90x160", fit="cover", overlay=URL)
    _made, path = media.transcode(operation, video=video, files={"overlay.url_image": logo})
    frames = media.decode_frames(path)
    assert len(frames) >= 19
    for frame in (frames[2], frames[-2]):
        assert is_near(frame.getpixel((90 - 10, 10)), (254, 0, 0), within=25)
