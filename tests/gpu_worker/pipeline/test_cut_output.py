"""The finished file of joined and trimmed videos: its size, a watermark, formats, qualities and posters."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from contract.errors import Code
from contract.operations.concatenate import Concatenate
from contract.operations.trim import Trim
from gpu_worker.errors import JobFailed
from gpu_worker.plan.sound.part import GIF_IS_SILENT
from tests.gpu_worker.pipeline.test_exact_cut import FILMS, make_film
from tests.support.media.factory import URL, MediaFactory

LOGO = (240, 200, 20)
OVERLAY = {"url_image": URL, "size": 40, "margin": 0, "position": "top_left"}
"""36 pixels of a frame of 160x90."""


def overlay_file(media: MediaFactory) -> dict[str, Path]:
    path = media.make_once("plain-logo.png", lambda at: Image.new("RGB", (40, 40), LOGO).save(at))
    return {"overlay.url_image": path}


def clip(media: MediaFactory, color: str, size: str = "160x90") -> Path:
    return media.make_video(f"output-{color}-{size}.mp4", 0.4, size, "25", source=f"color=c={color}")


def join(media: MediaFactory, *clips: Path, **options: Any) -> tuple[Any, Path]:
    operation = Concatenate.model_validate({"videos": [URL] * len(clips), **options})
    files = {f"videos.{at}.url_video": path for at, path in enumerate(clips)}
    return media.transcode(operation, files=files | (overlay_file(media) if operation.overlay else {}))


def trim(media: MediaFactory, film: Path, **options: Any) -> tuple[Any, Path]:
    operation = Trim.model_validate({"url_video": URL, **options})
    return media.transcode(operation, files=overlay_file(media) if operation.overlay else {}, video=film)


def is_near(frame: Image.Image, place: tuple[int, int], color: tuple[int, int, int], within: int = 24) -> bool:
    found = frame.getpixel(place)
    assert isinstance(found, tuple)
    return max(abs(a - b) for a, b in zip(found, color, strict=True)) <= within


def names(frames: list[Image.Image], place: tuple[float, float] = (0.75, 0.5)) -> list[str]:
    """Return the strongest color of each run of frames, at a place in parts of the frame."""
    pixels = [frame.getpixel((int(frame.width * place[0]), int(frame.height * place[1]))) for frame in frames]
    return [name for name, _ in groupby(max(zip(pixel, ("red", "green", "blue"), strict=True))[1] for pixel in pixels)]  # type: ignore[arg-type]


def numbers(frames: list[Image.Image]) -> list[int]:
    """Return the numbers that are drawn into frames of 128x96 pixels."""
    return [
        sum((frame.convert("L").getpixel((16 * bit + 8, 8)) > 125) << bit for bit in range(8))  # type: ignore[operator]
        for frame in frames
    ]


@pytest.mark.parametrize("kind", ["slide_left", "fade"])
def test_watermark_stays_at_its_place_during_transitions(media: MediaFactory, kind: str) -> None:
    transition = {"kind": kind, "duration": 0.2}
    made, path = join(
        media, clip(media, "red"), clip(media, "blue", "90x90"), overlay=OVERLAY, transition=transition, fit="contain"
    )
    frames = media.decode_frames(path)
    assert (made.video_mode, len(frames)) == ("encode", 15)
    assert names(frames, (0.5, 0.8)) == ["red", "blue"]
    for frame in frames:
        assert is_near(frame, (18, 18), LOGO)
        assert not is_near(frame, (44, 18), LOGO, 60)


@pytest.mark.parametrize(
    ("video_format", "codec", "sound"), [("mp4_hevc", "hevc", "aac"), ("webm", "vp9", "opus"), ("gif", "gif", None)]
)
def test_joined_videos_have_the_format(media: MediaFactory, video_format: str, codec: str, sound: str | None) -> None:
    clips = [clip(media, "red"), clip(media, "blue"), clip(media, "lime", "90x90")]
    made, path = join(media, *clips, format=video_format, transition={"kind": "fade", "duration": 0.16})
    frames = media.decode_frames(path)
    assert (made.media.video_codec, made.media.audio_codec) == (codec, sound)
    assert (made.media.width, made.media.height) == (160, 90)
    assert names(frames) == ["red", "blue", "green"]
    first, last = frames[0], frames[-1]
    assert is_near(first, (80, 45), (254, 0, 0), 6)
    assert is_near(last, (80, 45), (0, 255, 0), 6)
    assert made.warnings == ((GIF_IS_SILENT,) if sound is None else ())
    whole = sum(media.probe(path).video.duration for path in clips) - 2 * 4 / 25  # type: ignore[union-attr, misc]
    assert made.media.duration_seconds == pytest.approx(float(whole), abs=0.05)
    assert len(frames) == round(float(whole) * (12.5 if sound is None else 25))


def test_draft_of_joined_videos_is_small_but_a_copy_stays(media: MediaFactory) -> None:
    red = clip(media, "red")
    made, path = join(media, red, red, quality="draft")
    assert made.video_mode == "copy"
    assert media.list_packets(path, "0:v") == media.list_packets(red, "0:v") * 2
    made, path = join(media, red, clip(media, "blue", "90x90"), quality="draft")
    assert (made.media.width, made.media.height) == (80, 44)
    assert names(media.decode_frames(path)) == ["red", "blue"]


def test_poster_of_joined_videos(media: MediaFactory) -> None:
    made, _path = join(media, clip(media, "red"), clip(media, "blue"), poster={"at": 0.6})
    assert (list(made.paths), made.video_mode) == (["output.mp4", "poster.jpg"], "copy")
    with Image.open(made.paths["poster.jpg"]) as poster:
        assert poster.size == (160, 90)
        assert is_near(poster, (80, 45), (0, 0, 254))


@pytest.mark.parametrize(("at", "number"), [(0, 31), (0.2, 36), (None, None)])
def test_poster_of_a_copied_part_shows_no_hidden_frame(
    media: MediaFactory, at: float | None, number: int | None
) -> None:
    film = make_film(media, FILMS["matroska"])
    made, path = trim(media, film, start=31 / 25, end=37 / 25, poster=True if at is None else {"at": at})
    assert made.video_mode == "copy"
    assert len(media.list_packets(path, "0:v")) > 6
    with Image.open(made.paths["poster.jpg"]) as poster:
        (found,) = numbers([poster])
    assert found == number if number is not None else found in range(31, 37)


PARTS = {"keep": [{"start": 0.2, "end": 0.4}, {"start": 1.2, "end": 1.32}]}
KEPT = [5, 6, 7, 8, 9, 30, 31, 32]


@pytest.mark.parametrize("part", [PARTS, {"start": 0.2, "end": 0.4}], ids=["several", "one"])
def test_trimmed_video_gets_another_frame_and_a_watermark(media: MediaFactory, part: dict[str, Any]) -> None:
    film = make_film(media, FILMS["matroska"])
    overlay = {**OVERLAY, "size": 50}
    made, path = trim(media, film, **part, size="256x96", fit="blur", overlay=overlay)
    frames = media.decode_frames(path)
    assert (made.video_mode, frames[0].size) == ("encode", (256, 96))
    assert numbers([frame.crop((64, 0, 192, 96)) for frame in frames]) == (KEPT if part is PARTS else KEPT[:5])
    for frame in frames:
        assert is_near(frame, (24, 24), LOGO)
        # Blurred: neighbors are alike, but it is no plain color.
        beside, shifted = frame.crop((200, 0, 255, 96)), frame.crop((201, 0, 256, 96))
        assert ImageStat.Stat(beside).stddev[0] > 3
        assert max(ImageStat.Stat(ImageChops.difference(beside, shifted)).mean) < 4


@pytest.mark.parametrize(
    ("video_format", "codec", "kept"),
    [("mp4_hevc", "hevc", KEPT), ("webm", "vp9", KEPT), ("gif", "gif", [5, 7, 9, 31])],
)
def test_trimmed_video_has_the_format(media: MediaFactory, video_format: str, codec: str, kept: list[int]) -> None:
    film = media.make_file(
        "numbered-sound.mp4", "-i", make_film(media, FILMS["matroska"]), "-f", "lavfi", "-i",
        "sine=440:d=2.6:r=44100", "-c:v", "copy", "-c:a", "aac",
    )  # fmt: skip
    made, path = trim(media, film, **PARTS, format=video_format)
    assert made.media.video_codec == codec
    assert made.media.audio_codec == {"hevc": "aac", "vp9": "opus", "gif": None}[codec]
    assert made.warnings == ((GIF_IS_SILENT,) if codec == "gif" else ())
    assert numbers(media.decode_frames(path)) == kept
    assert made.media.duration_seconds == pytest.approx(0.32, abs=0.05)


def test_draft_of_a_trimmed_video_is_small_but_a_copy_stays(media: MediaFactory) -> None:
    film = make_film(media, FILMS["matroska"])
    made, _path = trim(media, film, start=0.2, end=0.4, quality="draft")
    assert (made.video_mode, made.media.width) == ("copy", 128)
    made, path = trim(media, film, **PARTS, quality="draft")
    assert (made.media.width, made.media.height, made.media.frames) == (64, 48, 8)
    assert numbers([frame.resize((128, 96)) for frame in media.decode_frames(path)]) == KEPT


def test_gif_that_is_too_long_is_refused(media: MediaFactory) -> None:
    film = media.make_video("gif-long.mp4", 31, "64x36", "2", sound=False)
    for make in (lambda: trim(media, film, start=0.5, format="gif"), lambda: join(media, film, film, format="gif")):
        with pytest.raises(JobFailed) as failure:
            make()
        assert failure.value.failure.code == Code.MEDIA_OVER_BUDGET
        assert failure.value.failure.params["limit"] == "30 s of a GIF"
