"""A picture over finished videos: colors, captions over it, frames, and what is wrong with its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from contract.errors import Code
from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels

FIELD = "overlay.url_image"
TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
RED, BLUE = (200, 30, 60), (20, 60, 220)


def logo(media: MediaFactory, name: str = "logo.png", size: tuple[int, int] = (80, 80)) -> Path:
    """Return a red picture with a transparent middle."""

    def draw(path: Path) -> None:
        image = Image.new("RGBA", size, (*RED, 255))
        image.paste((0, 255, 0, 0), (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4))
        image.save(path)

    return media.make_once(name, draw, size)


def film(media: MediaFactory) -> Path:
    blue = "color=0x143CDC:s=320x180:r=10:d=1,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    voice = ("-f", "lavfi", "-i", "sine=440:d=1:r=48000")
    return media.make_file("blue.mp4", "-f", "lavfi", "-i", blue, *voice, "-crf", "8", *TAGS)


def is_near(found: object, expected: tuple[int, ...], within: int = 5) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


def operations(media: MediaFactory) -> dict[str, tuple[Operation, dict[str, Path]]]:
    overlay = {"url_image": URL, "size": 40, "position": "bottom_left", "margin": 10}
    picture = media.make_once("blue.png", lambda path: Image.new("RGB", (320, 180), BLUE).save(path))
    video, sound = film(media), media.make_audio()
    early = media.folder / "early-logo.srt"
    early.write_text("1\n00:00:00,000 --> 00:00:00,100\n.\n")
    still = {"size": "320x180", "duration": 0.3, "frame_rate": 10}
    return {
        "img2vid": (Img2Vid(url_image=URL, overlay=overlay, **still), {"image": picture}),
        "compose picture": (Compose(url_image=URL, overlay=overlay, **still), {"image": picture}),
        "compose video": (Compose(url_video=URL, overlay=overlay), {"video": video}),
        "caption": (Caption(url_video=URL, url_srt=URL, overlay=overlay), {"video": video, "subtitles": early}),
        "addaudio": (AddAudio(url_video=URL, url_audio=URL, overlay=overlay), {"video": video, "audio": sound}),
    }


@pytest.mark.parametrize(
    "name",
    [
        "img2vid", "compose video", "addaudio",
        pytest.param("compose picture", marks=pytest.mark.full), pytest.param("caption", marks=pytest.mark.full),
    ],
)  # fmt: skip
def test_every_operation_draws_it_in_its_colors(media: MediaFactory, name: str) -> None:
    operation, inputs = operations(media)[name]
    made, path = media.transcode(operation, files={FIELD: logo(media)}, **inputs)
    assert made.video_mode == "encode"
    frames = media.decode_frames(path)
    assert len(frames) == (3 if "video" not in inputs else 10)
    for frame in (frames[0], frames[-1]):
        # 72 pixels wide, 18 from the edges; its middle is transparent.
        assert is_near(frame.getpixel((18 + 8, 90 + 8)), RED)
        assert is_near(frame.getpixel((18 + 36, 90 + 36)), BLUE)
        assert is_near(frame.getpixel((8, 90)), BLUE)
        assert is_near(frame.getpixel((18 + 72 + 10, 90)), BLUE)


def test_captions_are_over_it(media: MediaFactory) -> None:
    black = media.make_once("wide.png", lambda path: Image.new("RGB", (320, 180)).save(path))
    subtitles = media.folder / "over.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
    overlay = {"url_image": URL, "size": 100, "margin": 0, "position": "bottom_center"}
    operation = Caption(url_video=URL, url_srt=URL, overlay=overlay)
    _made, path = media.transcode(operation, video=film(media), subtitles=subtitles, files={FIELD: black})
    frame = media.decode_frames(path)[5]
    assert is_near(frame.getpixel((160, 120)), (0, 0, 0))
    assert count_bright_pixels(frame) > 50


def test_animation_is_drawn_as_its_first_frame(media: MediaFactory) -> None:
    def draw(path: Path) -> None:
        first, second = (Image.new("RGB", (40, 40), color) for color in (RED, (0, 255, 0)))
        first.save(path, save_all=True, append_images=[second])

    operation = Compose(url_video=URL, overlay={"url_image": URL, "size": 50, "position": "middle_center"})
    made, path = media.transcode(operation, video=film(media), files={FIELD: media.make_once("logo.gif", draw)})
    assert "The picture is animated; its first frame was used." in made.warnings
    assert all(is_near(frame.getpixel((160, 90)), RED) for frame in media.decode_frames(path))


@pytest.mark.parametrize(("content", "code"), [(b"no picture", Code.MEDIA_UNREADABLE), (b"", Code.MEDIA_UNREADABLE)])
def test_errors_name_its_field(media: MediaFactory, tmp_path: Path, content: bytes, code: Code) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    with pytest.raises(JobFailed) as failure:
        media.transcode(Compose(url_video=URL, overlay=URL), video=film(media), files={FIELD: broken})
    assert (failure.value.failure.code, failure.value.failure.params["field"]) == (code, FIELD)
