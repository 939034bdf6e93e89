"""Golden ffmpeg command lines of every operation, so that a review shows each change of them.

`GOLDEN=write python -m pytest tests/gpu_worker/plan/test_golden.py` writes the files.
"""

from __future__ import annotations

import os
import re
from array import array
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

from contract.documentation.describe import describe
from contract.operations import OPERATIONS, Fit, Operation, Role
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.concatenate import Concatenate
from contract.operations.img2vid import Img2Vid
from contract.operations.thumbnail import Thumbnail
from contract.operations.trim import Trim
from contract.options.captions.choices import SubtitleMode
from contract.options.output import Quality
from contract.options.picture.watermark import Watermark
from gpu_worker.media.info import AudioFacts, Color, Cue, Facts, PhotoInfo, VideoFacts
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import Plan, PlanOptions
from gpu_worker.plan.still.canvas import canvas_step
from tests.support.media.inputs import inputs_of

FOLDER = Path(__file__).parent / "golden"
URL = "https://example.com/file"
CLIP = VideoFacts(
    codec="h264", width=1280, height=720, frames=50, start=Fraction(0), end=Fraction(2), frame_rate=Fraction(25),
    packet_times=array("q", range(0, 25600, 512)), keys=bytes([1]) + bytes(49), time_base=Fraction(1, 12800),
    color=Color("bt709", "bt709", "bt709"),
)  # fmt: skip
PICTURE = PhotoInfo(4000, 3000)
VIDEO = Facts("mov,mp4,m4a,3gp,3g2,mj2", CLIP, AudioFacts("aac", 48000, 2, Fraction(0), Fraction(2)))
INTERLACED_VIDEO = replace(
    VIDEO, video=replace(CLIP, width=720, height=576, color=Color("bt470bg"), is_interlaced=True)
)

KNOWN_VIDEO = replace(VIDEO, video=replace(CLIP, parameter_sets="0123"))

SOUND = Facts("mp3", None, AudioFacts("mp3", 44100, 2, Fraction(0), Fraction(3, 2)))
CUES = (Cue(500, 1200, "Hello"), Cue(1200, 1600, "there"))

GPU = Gpu()
NO_NVDEC = GPU.disabling({GpuStage.DECODE}, UnavailableReason.NO_CAPABILITY)
NO_FILTERS = GPU.disabling({GpuStage.DRAW}, UnavailableReason.BUILD)
NO_NVENC = GPU.disabling({GpuStage.ENCODE}, UnavailableReason.NO_ENCODER)


class Case(NamedTuple):
    operation: Operation
    gpu: Gpu | None = None
    may_copy: bool = True
    video: Facts = VIDEO


ADDAUDIO, CAPTION = AddAudio(url_video=URL, url_audio=URL), Caption(url_video=URL, url_srt=URL)
SOFT = Caption(url_video=URL, url_srt=URL, subtitle_mode=SubtitleMode.SOFT, language="en")
STILL = Img2Vid(url_image=URL, duration=2, frame_rate=29.97, size="640x360")
FROM_VIDEO = Compose(url_video=URL, url_audio=URL, url_srt=URL)
FROM_PICTURE = Compose(url_image=URL, url_audio=URL, url_srt=URL, duration=2, size="640x360")

SMALLEST = {kind: model.model_validate(describe(model).smallest) for kind, model in OPERATIONS.items()}
EXAMPLES = {kind: Case(operation) for kind, operation in SMALLEST.items() if not operation.needs_speech()}
CASES = EXAMPLES | {
    "addaudio-mix": Case(AddAudio(url_video=URL, url_audio=URL, mode="mix", volume=0.5)),
    "addaudio-music": Case(AddAudio(url_video=URL, url_audio=URL, mode="music")),
    "addaudio-encode-x264": Case(ADDAUDIO, may_copy=False),
    "addaudio-encode-gpu": Case(ADDAUDIO, GPU, may_copy=False),
    "caption-draft-x264": Case(CAPTION.model_copy(update={"quality": Quality.DRAFT})),
    "caption-gpu": Case(CAPTION, GPU),
    "caption-gpu-without-filters": Case(CAPTION, NO_FILTERS),
    "caption-gpu-without-nvdec": Case(CAPTION, NO_NVDEC),
    "caption-gpu-without-nvenc": Case(CAPTION, NO_NVENC),
    "caption-interlaced-bt601-x264": Case(CAPTION, video=INTERLACED_VIDEO),
    "caption-interlaced-bt601-gpu": Case(CAPTION, GPU, video=INTERLACED_VIDEO),
    "caption-soft": Case(SOFT),
    "caption-soft-encode-gpu": Case(SOFT, GPU, may_copy=False),
    "caption-both-x264": Case(CAPTION.model_copy(update={"subtitle_mode": SubtitleMode.BOTH})),
    "caption-blur-x264": Case(CAPTION.model_copy(update={"size": "1080x1920", "fit": Fit.BLUR})),
    "caption-cover-gpu": Case(CAPTION.model_copy(update={"size": "1080x1920"}), GPU),
    "addaudio-overlay-x264": Case(AddAudio(url_video=URL, url_audio=URL, overlay=URL)),
    "img2vid-overlay-nvenc": Case(STILL.model_copy(update={"overlay": Watermark(url_image=URL, opacity=0.5)}), GPU),
    "compose-video-soft": Case(FROM_VIDEO.model_copy(update={"subtitle_mode": SubtitleMode.SOFT})),
    "compose-picture-soft-x264": Case(FROM_PICTURE.model_copy(update={"subtitle_mode": SubtitleMode.SOFT})),
    "compose-video-x264": Case(FROM_VIDEO),
    "compose-video-gpu": Case(FROM_VIDEO, GPU),
    "compose-picture-x264": Case(FROM_PICTURE),
    "compose-picture-music": Case(Compose(url_image=URL, url_audio=URL, music=URL, duration=4, size="640x360")),
    "compose-picture-nvenc": Case(FROM_PICTURE, GPU),
    "concatenate-copy": Case(SMALLEST["concatenate"], video=KNOWN_VIDEO),
    "concatenate-transition-gpu": Case(
        Concatenate(videos=[{"url_video": URL, "end": 1.5}, {"url_video": URL}], size="640x640", transition="fade"), GPU
    ),
    "concatenate-gif": Case(
        Concatenate(videos=[URL, URL], overlay=URL, transition="fade", format="gif", quality="draft")
    ),
    "thumbnail-sprite": Case(Thumbnail(url_video=URL, count=4, sprite=True)),
    "trim-encode-nvenc": Case(Trim(url_video=URL, start=0.5), GPU, may_copy=False),
    "trim-parts-x264": Case(
        Trim(url_video=URL, keep=[{"start": 0, "end": 0.4}, {"start": 0.8, "end": 1.2}, {"start": 1.6, "end": 2}])
    ),
    "trim-tall-webm": Case(Trim(url_video=URL, start=0.5, aspect_ratio="9:16", overlay=URL, format="webm")),
    "img2vid-29.97-x264": Case(STILL),
    "img2vid-29.97-nvenc": Case(STILL, GPU),
    "img2vid-images-nvenc": Case(
        Img2Vid(images=[URL, {"url_image": URL, "duration": 2, "motion": "pan_left"}], size="640x360"), GPU
    ),
    "img2vid-blur-pan": Case(Img2Vid(url_image=URL, size="360x640", fit="blur", motion="pan_up")),
    "img2vid-color-static": Case(
        Img2Vid(url_image=URL, size="360x640", fit="contain", background="#1E90FF", motion="static")
    ),
}
"""Each operation with its smallest example on the CPU, and variants. A file per case in `golden/`."""


def plan_case(name: str) -> Plan:
    """Return the plan of a case, after the steps that scale its pictures."""
    case = CASES[name]
    roles = {given.role for given in case.operation.inputs()}
    inputs = inputs_of(
        video=case.video if Role.VIDEO in roles else None,
        cues=CUES if Role.SUBTITLES in roles else None,
        speech=((0.2, 0.9),),
    )
    sounds = {given.field: SOUND for given in case.operation.inputs() if given.role is Role.AUDIO}
    videos = {given.field: case.video for given in case.operation.inputs() if given.role is Role.VIDEO}
    inputs = replace(inputs, media={**inputs.media, **videos, **sounds})
    photos = {given.field: PICTURE for given in case.operation.inputs() if given.role is Role.IMAGE}
    options = PlanOptions(
        gpu=case.gpu, threads=3, may_copy=case.may_copy, max_pixels=1_000_000, max_output_bytes=9_999_999
    )
    plan = make_plan(case.operation, replace(inputs, photos=photos), options)
    canvases = (canvas_step(PICTURE, field, look) for field, look in case.operation.scene_looks().items())
    return replace(plan, steps=(*canvases, *plan.steps))


def command_lines(plan: Plan) -> str:
    """Write one line per option with its value, and a blank line between two runs of ffmpeg."""
    others = (step for other in plan.others for step in other.steps)
    steps = (*(plan.leveling.steps if plan.leveling else ()), *plan.steps, *others)
    return "\n".join("".join(map(_format_argument, step.args)).lstrip("\n") + "\n" for step in steps)


def _format_argument(arg: str) -> str:
    return f"\n{arg}" if re.match(r"-[a-z]", arg) else f" {arg}"


@pytest.mark.parametrize("name", CASES)
def test_command_lines_equal_the_golden_files(name: str) -> None:
    path, text = FOLDER / f"{name}.txt", command_lines(plan_case(name))
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    assert path.exists(), "no golden file yet: run this test once with GOLDEN=write"
    assert text == path.read_text(), "if the change is intended, run this test once with GOLDEN=write"


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_reported_gpu_stages_are_on_the_command_line(name: str) -> None:
    plan = plan_case(name)
    text = command_lines(plan)
    signs: dict[GpuStage, str] = {
        GpuStage.DECODE: "-hwaccel cuda",
        GpuStage.DRAW: "scale_cuda",
        GpuStage.ENCODE: "h264_nvenc",
    }
    assert {stage for stage, sign in signs.items() if sign in text} == plan.gpu
    assert (plan.encoder == "h264_nvenc") is (GpuStage.ENCODE in plan.gpu)
