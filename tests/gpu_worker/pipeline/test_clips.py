"""A video of each of several pictures: what a job of each picture alone makes, in their order."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from contract.errors import Code
from contract.limits import Limits
from contract.operations.img2vid import Img2Vid
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.media.info import PhotoInfo
from gpu_worker.pipeline.cost import check_plan_cost
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.transcode import Output, transcode
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.model import Inputs, PlanOptions, local_name
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.fake_gpu import Fault, gpu_runs, install
from tests.support.media.gpu_messages import NO_SESSION

SMALL: dict[str, Any] = {"size": "160x90", "duration": 0.25, "frame_rate": 20}


@pytest.fixture
def pictures(media: MediaFactory) -> list[Path]:
    return [media.make_circle(f"clip{number}.png", (120 + 60 * number, 120), 20 + 8 * number) for number in range(3)]


def make(media: MediaFactory, pictures: list[Path], images: list[Any], **options: Any) -> Output:
    """Make the clips of pictures: each of `images` is what differs for it."""
    machine, limits = options.pop("machine", None), options.pop("limits", None)
    entries = [{"url_image": URL, **image} for image in images]
    files = {f"images.{number}.url_image": path for number, path in enumerate(pictures)}
    operation = Img2Vid.model_validate({**SMALL, **options, "images": entries})
    return media.transcode(operation, limits, machine=machine, files=files)[0]


def frames(media: MediaFactory, path: Path) -> list[str]:
    return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in media.decode_frames(path)]


def test_each_video_equals_that_of_its_picture_alone(media: MediaFactory, pictures: list[Path]) -> None:
    pan, ken_burns = {"duration": 0.4, "motion": "pan_left", "fit": "contain"}, {"kind": "ken_burns", "seed": 3}
    images: list[dict[str, Any]] = [{}, pan, {"motion": ken_burns}]
    made = make(media, pictures, images, fit="blur", background="#802010")
    assert list(made.paths) == ["output_1.mp4", "output_2.mp4", "output_3.mp4"]
    found = [frames(media, path) for path in made.paths.values()]
    assert [len(clip) for clip in found] == [5, 8, 5]
    for clip, picture, image in zip(found, pictures, images, strict=True):
        alone = Img2Vid.model_validate({"url_image": URL, **SMALL, "fit": "blur", "background": "#802010", **image})
        assert clip == frames(media, media.transcode(alone, image=picture)[1])
    assert (made.media.frames, made.media.duration_seconds) == (5, 0.25)
    assert (made.copied_seconds, made.encoded_seconds, made.video_mode) == (0, 0.9, "encode")


@pytest.mark.parametrize("ending", ["webm", "gif"])
def test_every_video_has_the_format_and_the_watermark(media: MediaFactory, pictures: list[Path], ending: str) -> None:
    logo = media.make_once("clips-logo.png", lambda path: Image.new("RGB", (40, 40), (250, 0, 0)).save(path))
    fields = {**SMALL, "format": ending, "overlay": URL, "images": [URL, URL], "motion": "static"}
    files = {"overlay.url_image": logo, **{f"images.{at}.url_image": pictures[at] for at in range(2)}}
    made, _path = media.transcode(Img2Vid.model_validate(fields), files=files)
    assert list(made.paths) == [f"output_1.{ending}", f"output_2.{ending}"]
    for path in made.paths.values():
        red, green, _blue = media.decode_frames(path)[0].getpixel((148, 10))  # type: ignore[misc]
        assert red > 200
        assert green < 60


def test_progress_is_shared_and_never_leaves_the_encode_early(media: MediaFactory, pictures: list[Path]) -> None:
    operation = Img2Vid.model_validate({**SMALL, "images": [URL] * 3})
    reported: list[tuple[str, float]] = []

    async def work() -> None:
        with tempfile.TemporaryDirectory(dir=media.folder) as name:
            for number, picture in enumerate(pictures):
                (Path(name) / local_name(f"images.{number}.url_image")).symlink_to(picture)
            machine = Machine(media.sandboxed_ffmpeg, None, 2)
            await transcode(
                operation, Path(name), machine, Limits(), lambda stage, done: reported.append((stage, done))
            )

    asyncio.run(work())
    stages = [stage for stage, _done in reported if stage != "probe"]
    assert stages == sorted(stages)  # "encode", then "verify" once
    done = [done for stage, done in reported if stage == "encode"]
    assert done == sorted(done)
    assert {int(3 * value) for value in done} == {0, 1, 2}


def test_unreadable_picture_is_named(media: MediaFactory, pictures: list[Path]) -> None:
    pictures[2] = media.make_once("clips-page.jpg", lambda path: path.write_text("<html></html>"))
    with pytest.raises(JobFailed) as failure:
        make(media, pictures, [{}] * 3)
    assert failure.value.failure.code == Code.MEDIA_UNREADABLE
    assert failure.value.failure.params["field"] == "images.2.url_image"


def test_gpu_that_fails_at_the_second_video_is_replaced_for_all(
    media: MediaFactory, pictures: list[Path], tmp_path: Path
) -> None:
    program = install(tmp_path, media.ffmpeg, (Fault("encode", NO_SESSION, first=2),))
    machine = Machine(Ffmpeg(program, media.sandbox), Gpu(), 2)
    made = make(media, pictures, [{}] * 3, size="320x180", machine=machine)
    assert (gpu_runs(tmp_path), made.encoder) == (["encode"] * 2, "libx264")
    assert len(made.warnings) == 1
    assert [len(media.decode_frames(path)) for path in made.paths.values()] == [5, 5, 5]


def test_videos_share_the_limit_of_the_output(media: MediaFactory, pictures: list[Path]) -> None:
    sizes = [path.stat().st_size for path in make(media, pictures, [{}] * 3).paths.values()]
    enough, small = (Limits(max_output_bytes=sum(sizes) + more) for more in (1, 0))
    make(media, pictures, [{}] * 3, limits=enough)
    with pytest.raises(JobFailed) as failure:
        make(media, pictures, [{}] * 3, limits=small)
    assert failure.value.failure.code == Code.OUTPUT_TOO_LARGE


def refusal(seconds: float = 600, **fields: Any) -> tuple[Code, str | None] | None:
    """Return the code and the field with which the cost check refuses clips; None if it accepts them."""
    operation = Img2Vid.model_validate(fields)
    photos = {given.field: PhotoInfo(400, 300) for given in operation.inputs()}
    inputs = Inputs(photos=photos)
    try:
        check_plan_cost(make_plan(operation, inputs, PlanOptions()), inputs, 1, Limits(execution_seconds=seconds), 1e9)
    except JobFailed as failed:
        return failed.failure.code, failed.failure.params["field"]
    return None


def test_cost_is_that_of_all_videos() -> None:
    one = {"url_image": URL, "duration": 300}
    assert refusal(seconds=50, images=[one], overlay=URL) is None
    assert refusal(seconds=50, images=[one] * 10, overlay=URL) == (Code.MEDIA_OVER_BUDGET, "images.0.url_image")
    gif = {"format": "gif", "size": "160x90", "frame_rate": 5}
    assert refusal(images=[URL, {**one, "duration": 31}], **gif) == (Code.MEDIA_OVER_BUDGET, "images.1.url_image")
    assert refusal(images=[URL, {**one, "duration": 30}], **gif) is None
