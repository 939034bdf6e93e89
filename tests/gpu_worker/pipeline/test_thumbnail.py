"""Pictures of videos: the right frame, upright, in the right shape and colors."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from contract.errors import Code
from contract.operations.thumbnail import Thumbnail
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.pipeline.machine import Machine
from gpu_worker.plan.pictures import score
from tests.gpu_worker.pipeline.test_exact_cut import BLOCK, FILMS, FRAMES, make_film, make_trimmed
from tests.support.media.factory import URL, MediaFactory
from tests.support.programs import write_ffmpeg


def thumbnail(media: MediaFactory, film: Path, **options: Any) -> tuple[Any, list[Image.Image]]:
    made, _main = media.transcode(Thumbnail(url_video=URL, **options), video=film)
    pictures = [path for name, path in made.paths.items() if not name.endswith(".vtt")]
    return made, [Image.open(path).convert("RGB") for path in pictures]


def number_of(picture: Image.Image) -> int:
    """Return the number drawn into a frame, of any size."""
    scale = picture.width / 128
    light = [
        [picture.getpixel((round((bit + 0.5) * BLOCK * scale), round((row + 0.5) * BLOCK * scale))) for bit in range(8)]
        for row in range(2)
    ]
    return sum((above > below) << bit for bit, (above, below) in enumerate(zip(*light, strict=True)))


@pytest.mark.parametrize(
    "name",
    [
        "b-frames",
        "transport stream",
        *(pytest.param(name, marks=pytest.mark.full) for name in ("uneven", "vp9", "matroska")),
    ],
)
def test_picture_is_the_frame_on_display(media: MediaFactory, name: str) -> None:
    film = make_film(media, FILMS[name])
    video = media.probe(film).video
    assert video is not None
    times = [float(time * video.time_base) for time in video.shown_times()]
    for number in (0, 31):
        between = (times[number] + times[number + 1]) / 2
        for at in (times[number], between):
            made, (picture,) = thumbnail(media, film, at=at)
            assert number_of(picture) == number
    assert (made.media, made.encoder, made.video_mode, made.warnings) == (None, None, None, ())
    assert list(made.paths) == ["thumbnail.jpg"]


@pytest.mark.parametrize("name", ["b-frames", "transport stream"])
@pytest.mark.parametrize("one_pass", [True, False])
def test_pictures_are_spread_evenly(
    media: MediaFactory, monkeypatch: pytest.MonkeyPatch, name: str, one_pass: bool
) -> None:
    monkeypatch.setattr("gpu_worker.plan.pictures.extract.Snapshots.is_one_pass", lambda _shots: one_pass)
    made, pictures = thumbnail(media, make_film(media, FILMS[name]), count=11, width=64, format="png")
    assert list(made.paths) == [f"thumbnail_{number}.png" for number in range(1, 12)]
    assert [number_of(picture) for picture in pictures] == [3 + 6 * index for index in range(11)]
    assert all(picture.size == (64, 48) for picture in pictures)


def test_more_pictures_than_frames_repeat_frames(media: MediaFactory) -> None:
    film = media.make_file("few.mp4", "-i", make_film(media, FILMS["no b-frames"]), "-t", "0.1")
    _made, pictures = thumbnail(media, film, count=6, format="png")
    assert [number_of(picture) for picture in pictures] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("one_pass", [True, False])
@pytest.mark.parametrize("file_format", ["jpg", "webp"])
def test_sprite_has_the_pictures_where_its_index_says(
    media: MediaFactory, monkeypatch: pytest.MonkeyPatch, one_pass: bool, file_format: str
) -> None:
    monkeypatch.setattr("gpu_worker.plan.pictures.extract.Snapshots.is_one_pass", lambda _shots: one_pass)
    film = make_film(media, FILMS["b-frames"])
    made, (sheet,) = thumbnail(media, film, count=12, sprite=True, width=96, format=file_format)
    assert list(made.paths) == [f"sprite.{file_format}", "sprite.vtt"]
    assert sheet.size == (960, 144)
    text = made.paths["sprite.vtt"].read_text()
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.183\nsprite." + file_format + "#xywh=0,0,96,72\n")
    cues = re.findall(r"--> 00:00:0(\d\.\d+)\n\S+#xywh=(\d+),(\d+),(\d+),(\d+)", text)
    assert len(cues) == 12
    assert float(cues[-1][0]) == 2.2
    for index, (_end, *place) in enumerate(cues):
        x, y, width, height = map(int, place)
        assert number_of(sheet.crop((x, y, x + width, y + height))) == int(5.5 * index + 2.75)


def test_rotation_and_pixel_shape_are_applied(media: MediaFactory) -> None:
    upright = media.make_video("thumb-upright.mp4", 1, "160x90")
    turned = media.make_rotated("thumb-turned.mp4", upright)
    _made, (picture,) = thumbnail(media, turned, at=0, format="png")
    _made, (before,) = thumbnail(media, upright, at=0, format="png")
    assert picture.size == (90, 160)
    # Chroma has half the width and height of luma, and is not interpolated equally in both directions.
    turned_later = before.rotate(-90, expand=True).convert("L")
    assert max(ImageStat.Stat(ImageChops.difference(picture.convert("L"), turned_later)).mean) < 3
    wide = media.make_video("thumb-wide.mp4", 1, "160x90", extra=("-vf", "setsar=2"))
    assert thumbnail(media, wide, at=0)[1][0].size == (320, 90)
    assert thumbnail(media, wide, at=0, width=160)[1][0].size == (160, 45)
    assert thumbnail(media, wide, at=0, width=1000)[1][0].size == (320, 90)


@pytest.mark.parametrize("file_format", ["jpg", "png", "webp"])
@pytest.mark.parametrize(
    ("tags", "size"),
    [("bt709", "160x90"), ("smpte170m", "160x90"), pytest.param("bt709", "1280x720", marks=pytest.mark.full)],
)
def test_colors_are_those_of_the_video(media: MediaFactory, file_format: str, tags: str, size: str) -> None:
    color = (200, 60, 40)
    drawn = f"color=0x{''.join(f'{value:02x}' for value in color)}:s={size}:r=5:d=0.4,format=rgb24"
    film = media.make_file(
        f"color-{tags}-{size}.mp4", "-f", "lavfi", "-i", drawn,
        "-vf", f"scale=out_color_matrix={tags}:out_range=tv,format=yuv420p,setparams=colorspace={tags}",
        "-colorspace", tags, "-c:v", "libx264", "-qp", "1",
    )  # fmt: skip
    _made, (picture,) = thumbnail(media, film, at=0, format=file_format)
    found = ImageStat.Stat(picture).mean
    assert all(abs(a - b) <= 3 for a, b in zip(found, color, strict=True)), found


def test_hdr_is_converted(media: MediaFactory) -> None:
    film = media.make_file(
        "thumb-hdr.mp4", "-f", "lavfi", "-i", "color=gray:s=160x90:r=5:d=0.4", "-c:v", "libx265", "-x265-params",
        "log-level=0:colorprim=9:transfer=16:colormatrix=9", "-pix_fmt", "yuv420p10le", "-color_trc", "smpte2084",
        "-colorspace", "bt2020nc", "-color_primaries", "bt2020",
    )  # fmt: skip
    made, (picture,) = thumbnail(media, film, at=0)
    assert made.warnings == ("The HDR picture was converted to standard range.",)
    # PQ code 0.5 is 92 cd/m2: 45 % of SDR's white, whose code in sRGB is 0.70.
    assert ImageStat.Stat(picture).mean == pytest.approx([179] * 3, abs=6)


def make_mixed(media: MediaFactory) -> Path:
    """Return a film that is black, plain or blurred but for its middle."""
    texture = "testsrc2=s=160x90:r=10:d=1"
    return media.make_file(
        "mixed.mp4", "-f", "lavfi", "-i", "color=black:s=160x90:r=10:d=1.5",
        "-f", "lavfi", "-i", f"{texture},gblur=sigma=12", "-f", "lavfi", "-i", texture,
        "-f", "lavfi", "-i", "color=0x806040:s=160x90:r=10:d=1.5",
        "-filter_complex", "[0][1][2][3]concat=n=4", "-c:v", "libx264", "-g", "5",
    )  # fmt: skip


def test_auto_avoids_black_plain_and_blurred_pictures(media: MediaFactory) -> None:
    film = make_mixed(media)
    _made, (picture,) = thumbnail(media, film, format="png")
    assert ImageStat.Stat(picture.convert("L")).stddev[0] > 30
    edges = ImageStat.Stat(ImageChops.difference(picture, ImageChops.offset(picture, 1, 0))).mean
    _made, (blurred,) = thumbnail(media, film, at=2.0, format="png")
    assert sum(edges) > 2 * sum(ImageStat.Stat(ImageChops.difference(blurred, ImageChops.offset(blurred, 1, 0))).mean)


def test_auto_returns_a_picture_of_any_film(media: MediaFactory) -> None:
    black = media.make_video("all-black.mp4", 1, "64x64", sound=False, source="color=black")
    one = media.make_file("one-frame.mp4", "-i", make_film(media, FILMS["no b-frames"]), "-frames:v", "1")
    gif = media.make_file("thumb.gif", "-i", make_film(media, FILMS["no b-frames"]), "-t", "0.5")
    for film in (black, one, gif, make_trimmed(media)):
        _made, (picture,) = thumbnail(media, film)
        assert min(picture.size) >= 64


def test_most_typical_picture_is_chosen() -> None:
    def picture(value: Callable[[int], int]) -> bytes:
        return bytes(channel for at in range(score.SIDE**2) for channel in (value(at), value(at) // 2, 50))

    def usual(at: int) -> int:
        return (at * 37) % 180

    def odd(at: int) -> int:
        return 255 - (at * 37) % 60

    pictures = [picture(odd), picture(usual), picture(lambda at: usual(at + 5)), bytes(score.SIDE**2 * 3)]
    assert score.choose(pictures) in {1, 2}
    assert score.choose([bytes(score.SIDE**2 * 3), picture(odd)]) == 1


def test_time_after_the_film_is_refused(media: MediaFactory) -> None:
    with pytest.raises(JobFailed) as failure:
        thumbnail(media, make_film(media, FILMS["b-frames"]), at=2.5)
    assert failure.value.failure.code == Code.RANGE_OUTSIDE_MEDIA
    assert failure.value.failure.message.startswith("at is not within the video, which lasts 2.200 s.")


@pytest.mark.parametrize("at", ["0%", "50%", "100%"])
def test_time_is_a_share_of_the_film(media: MediaFactory, at: str) -> None:
    _made, (picture,) = thumbnail(media, make_film(media, FILMS["b-frames"]), at=at)
    assert number_of(picture) == min(FRAMES - 1, FRAMES * int(at[:-1]) // 100)


@pytest.mark.parametrize("damage", [": > artifact_thumbnail.jpg", "echo nothing > artifact_thumbnail.jpg", "exit 0"])
def test_damaged_picture_is_not_delivered(media: MediaFactory, tmp_path: Path, damage: str) -> None:
    program = write_ffmpeg(tmp_path, f'case "$*" in *mjpeg*-q:v*) {damage}; exit 0;; esac\nexec "{media.ffmpeg}" "$@"')
    machine = Machine(Ffmpeg(program, media.sandbox), None, 2)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Thumbnail(url_video=URL, at=0), machine=machine, video=make_film(media, FILMS["no b-frames"]))
    assert failure.value.failure.code == Code.OUTPUT_INVALID


def test_hundred_pictures_are_made(media: MediaFactory) -> None:
    film = media.make_video("hundred.mp4", 30, "64x36", "5", sound=False)
    made, (sheet,) = thumbnail(media, film, count=100, sprite=True, width=16)
    assert sheet.size == (160, 80)
    assert made.paths["sprite.vtt"].read_text().count("#xywh=") == 100
