"""Pictures become canvases: their fit and background, a few at a time. Measured in the raw canvas."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from contract.errors import Code, Failure
from contract.limits import Limits
from contract.messages import Stage
from contract.operations import Fit
from contract.operations.slideshow import Slideshow
from contract.options.picture import SceneLook
from contract.options.picture.motion import Motion, MotionKind
from gpu_worker.errors import JobFailed
from gpu_worker.frames.resampler import plane_sizes, split_planes
from gpu_worker.media.info import PhotoInfo
from gpu_worker.photo.read_photo import TooManyPixelsError
from gpu_worker.pipeline import read_pictures as module
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.read_pictures import read_pictures
from gpu_worker.plan.model import IMAGE, local_name, pixels_name
from gpu_worker.plan.still.canvas import canvas_name
from gpu_worker.plan.still.motion import canvas_size
from tests.support.media.factory import URL, MediaFactory

TALL = (180, 320)
Array = NDArray[np.uint8]


def look_of(
    fit: Fit, background: str = "#000000", size: tuple[int, int] = TALL, motion: MotionKind = MotionKind.STATIC
) -> SceneLook:
    return SceneLook(size, fit, background, Motion(kind=motion, amount=0.2))


def machine(media: MediaFactory, cpus: int = 2) -> Machine:
    return Machine(media.sandboxed_ffmpeg, None, cpus)


def canvas(media: MediaFactory, picture: Path, look: SceneLook, directory: Path) -> list[Array]:
    """Return the planes of the canvas of a picture."""
    (directory / local_name(IMAGE)).unlink(missing_ok=True)
    (directory / local_name(IMAGE)).symlink_to(picture)
    asyncio.run(read_pictures([IMAGE], {IMAGE: look}, directory, machine(media), Limits()))
    size = canvas_size(look)
    planes = split_planes((directory / canvas_name(IMAGE)).read_bytes(), size)
    return [np.frombuffer(p, np.uint8).reshape(h, w) for p, (w, h) in zip(planes, plane_sizes(size), strict=True)]


def halves(media: MediaFactory) -> Path:
    """Draw a wide picture: the left half light red, the right half light blue."""

    def draw(path: Path) -> None:
        image = Image.new("RGB", (640, 360), (220, 60, 60))
        image.paste((60, 60, 220), (320, 0, 640, 360))
        image.save(path)

    return media.make_once("red-and-blue.png", draw)


@pytest.mark.parametrize(
    ("color", "yuv"), [("#000000", (16, 128, 128)), ("#FFFFFF", (235, 128, 128)), ("#1E90FF", (126, 188, 73))]
)
@pytest.mark.parametrize("motion", [MotionKind.STATIC, MotionKind.PAN_UP])
def test_contain_shows_the_whole_picture_on_the_exact_color(
    media: MediaFactory, tmp_path: Path, color: str, yuv: tuple[int, int, int], motion: MotionKind
) -> None:
    found = canvas(media, halves(media), look_of(Fit.CONTAIN, color, motion=motion), tmp_path)
    for plane, level in zip(found, yuv, strict=True):
        height, width = plane.shape
        shown = round(width * 360 / 640 / 2)  # rows above and below the middle
        assert (plane[: height // 2 - shown - 2] == level).all()
        assert (plane[height // 2 + shown + 2 :] == level).all()
    luma, blue, red = found
    middle = luma.shape[0] // 2
    # BT.709, limited range: (220, 60, 60) and (60, 60, 220).
    assert [int(luma[middle, x]) for x in (5, -5)] == pytest.approx([97, 78], abs=1)
    assert [int(blue[middle // 2, x]) for x in (3, -3)] == pytest.approx([112, 198], abs=2)
    assert [int(red[middle // 2, x]) for x in (3, -3)] == pytest.approx([198, 121], abs=2)


def test_blur_shows_the_picture_on_a_darker_copy_without_edges(media: MediaFactory, tmp_path: Path) -> None:
    def draw(path: Path) -> None:
        image = Image.new("RGB", (640, 360), (200, 200, 200))
        for x in range(0, 640, 8):
            image.paste((60, 60, 60), (x, 0, x + 4, 360))
        image.paste((220, 60, 60), (0, 0, 320, 120))
        image.save(path)

    luma, blue, _red = canvas(media, media.make_once("bars.png", draw), look_of(Fit.BLUR), tmp_path)
    rows = slice(160 - 50 + 2, 160 + 50 - 2)
    picture = luma[rows].astype(int)
    assert np.abs(np.diff(picture[50:], axis=1)).max() > 20  # sharp
    for part in (luma[: 160 - 54].astype(int), luma[160 + 54 :].astype(int)):
        assert np.abs(np.diff(part, axis=1)).max() <= 6
        assert np.abs(np.diff(part, axis=0)).max() <= 6
    # The mean of the bars, 127.6, 85 % as far above black; and red remains red at the upper left.
    assert luma[300].mean() == pytest.approx(16 + (127.6 - 16) * 0.85, abs=2)
    assert blue[5, 10] < 122
    assert blue[155, 80] == pytest.approx(128, abs=2)


@pytest.mark.parametrize("fit", [Fit.CONTAIN, Fit.BLUR])
def test_picture_of_the_frames_shape_needs_no_background(media: MediaFactory, tmp_path: Path, fit: Fit) -> None:
    wide = look_of(fit, "#FF0000", (320, 180))
    found = canvas(media, halves(media), wide, tmp_path)
    cover = canvas(media, halves(media), wide._replace(fit=Fit.COVER), tmp_path)
    assert all((plane == other).all() for plane, other in zip(found, cover, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (4, 900), (900, 4), (31, 47)])
@pytest.mark.parametrize("fit", list(Fit))
def test_any_picture_fits(media: MediaFactory, tmp_path: Path, size: tuple[int, int], fit: Fit) -> None:
    def draw(path: Path) -> None:
        Image.new("RGB", size, (200, 200, 200)).save(path)

    picture = media.make_once(f"plain{size[0]}x{size[1]}.png", draw)
    luma, *_chroma = canvas(media, picture, look_of(fit, size=(66, 64)), tmp_path)
    assert luma[32, 33] == pytest.approx(188, abs=2)


def test_pixels_are_removed_and_progress_is_reported(media: MediaFactory, tmp_path: Path) -> None:
    fields = [f"images.{index}.url_image" for index in range(5)]
    for field in fields:
        (tmp_path / local_name(field)).symlink_to(halves(media))
    stages: list[tuple[Stage, float]] = []
    looks = dict.fromkeys(fields, look_of(Fit.COVER))
    found = asyncio.run(
        read_pictures(fields, looks, tmp_path, machine(media), Limits(), lambda *stage: stages.append(stage))
    )
    assert list(found) == fields
    assert stages == [("probe", pytest.approx(part / 5)) for part in range(1, 6)]
    assert not any((tmp_path / pixels_name(field)).exists() for field in fields)
    assert all((tmp_path / canvas_name(field)).stat().st_size == 180 * 320 * 3 // 2 for field in fields)


class Reading:
    """Stands for reading and scaling pictures of known sizes, and records which are read at the same time."""

    def __init__(self, pixels: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.pixels = pixels
        self.active: list[str] = []
        self.together: list[list[str]] = []
        monkeypatch.setattr(module, "read_photo", self.read)

    async def read(
        self, _sandbox: object, _path: Path, field: str, max_pixels: int, *_size: object, **_options: object
    ) -> PhotoInfo:
        if self.pixels[field] > max_pixels:
            raise TooManyPixelsError(Failure.of(Code.MEDIA_OVER_BUDGET, field=field, limit="pixels"))
        self.active.append(field)
        for _ in range(4):
            self.together.append([*self.active])
            await asyncio.sleep(0)
        self.active.remove(field)
        return PhotoInfo(self.pixels[field], 1)


def test_large_picture_is_read_alone(media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {f"images.{n}.url_image": 110_000_000 if n in {2, 5} else 12_000_000 for n in range(9)}
    reading = Reading(sizes, monkeypatch)
    found = asyncio.run(read_pictures(list(sizes), {}, tmp_path, machine(media, 3), Limits()))
    assert {field: photo.width for field, photo in found.items()} == sizes
    assert max(map(len, reading.together)) > 1
    assert max(len(names) for names in reading.together if any(sizes[name] > 10**8 for name in names)) == 1


def test_memory_bounds_the_pictures_in_flight(
    media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "working_bytes", lambda: 3 * 1024**3)
    sizes = {f"images.{n}.url_image": 12_000_000 for n in range(9)}
    reading = Reading(sizes, monkeypatch)
    asyncio.run(read_pictures(list(sizes), {}, tmp_path, machine(media, 16), Limits()))
    assert max(map(len, reading.together)) == 2


def test_picture_above_the_limit_is_refused(
    media: MediaFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (130_000_000, 50_000_000):
        Reading({IMAGE: size}, monkeypatch)
        limits = Limits(max_pixels=size - 1)
        with pytest.raises(JobFailed) as caught:
            asyncio.run(read_pictures([IMAGE], {}, tmp_path, machine(media), limits))
        assert caught.value.failure.code is Code.MEDIA_OVER_BUDGET


def test_scenes_change_on_time_in_a_finished_video(media: MediaFactory) -> None:
    levels = (40, 120, 200)

    def drawing(level: int) -> Path:
        return media.make_once(f"gray{level}.png", lambda path: Image.new("RGB", (320, 180), (level,) * 3).save(path))

    operation = Slideshow.model_validate(
        {
            "images": [{"url_image": URL, "duration": 0.5} for _ in levels],
            "size": "160x90", "frame_rate": 10, "transition": {"kind": "fade", "duration": 0.2},
        }
    )  # fmt: skip
    files = {f"images.{index}.url_image": drawing(level) for index, level in enumerate(levels)}
    made, path = media.transcode(operation, files=files)
    assert made.media is not None
    assert made.media.frames == 15
    means = [float(np.asarray(frame.convert("L")).mean()) for frame in media.decode_frames(path)]
    expected = [40] * 5 + [66.7, 93.3] + [120] * 3 + [146.7, 173.3] + [200] * 3
    assert means == pytest.approx(expected, abs=2)
