"""The command lines themselves, operation by operation and way by way: what changes in them is seen in a review.

`GOLDEN=write python -m pytest tests/worker/test_golden.py` writes them anew.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.img2vid import Img2Vid
from gpu_worker.media.info import AudioFacts, Color, Cue, Facts, PhotoInfo, VideoFacts
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import Inputs, Plan, PlanOptions

FOLDER = Path(__file__).parent / "golden"
U = "https://example.com/file"
CLIP = VideoFacts(
    codec="h264", width=1280, height=720, frames=50, start=Fraction(0), end=Fraction(2), frame_rate=Fraction(25),
    packet_times=array("q", range(0, 25600, 512)), time_base=Fraction(1, 12800),
    color=Color("bt709", "bt709", "bt709"),
)  # fmt: skip
PHOTO = PhotoInfo(4000, 3000)
FILM = Facts("mov,mp4,m4a,3gp,3g2,mj2", CLIP, AudioFacts("aac", 48000, 2, Fraction(0), Fraction(2)))
OLD_FILM = replace(FILM, video=replace(CLIP, width=720, height=576, color=Color("bt470bg"), interlaced=True))
SONG = Facts("mp3", None, AudioFacts("mp3", 44100, 2, Fraction(0), Fraction(3, 2)))
CUES = (Cue(500, 1200, "Hello"), Cue(1200, 1600, "there"))

CAPTION = Caption(url_video=U, url_srt=U), Inputs(video=FILM, cues=CUES)
OLD_CAPTION = Caption(url_video=U, url_srt=U), Inputs(video=OLD_FILM, cues=CUES)
ADDAUDIO = AddAudio(url_video=U, url_audio=U), Inputs(video=FILM, audio=SONG)
MIXED = AddAudio(url_video=U, url_audio=U, mode="mix", volume=0.5), Inputs(video=FILM, audio=SONG)
IMG2VID = Img2Vid(url_image=U, duration=2, frame_rate=29.97, size="640x360"), Inputs(image=PHOTO)
FROM_PHOTO = (
    Compose(url_image=U, url_audio=U, url_srt=U, duration=2, size="640x360"),
    Inputs(image=PHOTO, audio=SONG, cues=CUES),
)
FROM_FILM = Compose(url_video=U, url_audio=U, url_srt=U), Inputs(video=FILM, audio=SONG, cues=CUES)

GPU = Gpu()
NO_NVDEC = GPU.disabling({GpuStage.DECODE}, UnavailableReason.NO_CAPABILITY)
NO_FILTERS = GPU.disabling({GpuStage.DRAW}, UnavailableReason.BUILD)
NO_NVENC = GPU.disabling({GpuStage.ENCODE}, UnavailableReason.NO_ENCODER)

CASES: dict[str, tuple[tuple[Operation, Inputs], Gpu | None, bool]] = {
    "addaudio-copy": (ADDAUDIO, None, True),
    "addaudio-copy-mix": (MIXED, None, True),
    "addaudio-encode-x264": (ADDAUDIO, None, False),
    "addaudio-encode-gpu": (ADDAUDIO, GPU, False),
    "caption-x264": (CAPTION, None, True),
    "caption-gpu": (CAPTION, GPU, True),
    "caption-gpu-without-filters": (CAPTION, NO_FILTERS, True),
    "caption-gpu-without-nvdec": (CAPTION, NO_NVDEC, True),
    "caption-gpu-without-nvenc": (CAPTION, NO_NVENC, True),
    "caption-interlaced-bt601-x264": (OLD_CAPTION, None, True),
    "caption-interlaced-bt601-gpu": (OLD_CAPTION, GPU, True),
    "compose-film-x264": (FROM_FILM, None, True),
    "compose-film-gpu": (FROM_FILM, GPU, True),
    "compose-photo-x264": (FROM_PHOTO, None, True),
    "compose-photo-nvenc": (FROM_PHOTO, GPU, True),
    "img2vid-x264": (IMG2VID, None, True),
    "img2vid-nvenc": (IMG2VID, GPU, True),
}


def planned(case: str) -> Plan:
    (operation, sources), gpu, may_copy = CASES[case]
    means = PlanOptions(gpu=gpu, threads=3, may_copy=may_copy, max_pixels=1_000_000, max_output_bytes=9_999_999)
    return make_plan(operation, sources, means)


def written(plan: Plan) -> str:
    """A line per option with its value, a blank line between two runs of ffmpeg."""
    return "\n".join("".join(map(_placed, step.args)).lstrip("\n") + "\n" for step in plan.steps)


def _placed(arg: str) -> str:
    return f"\n{arg}" if re.match(r"-[a-z]", arg) else f" {arg}"


@pytest.mark.parametrize("case", CASES)
def test_the_command_lines_are_the_ones_on_file(case: str) -> None:
    path, text = FOLDER / f"{case}.txt", written(planned(case))
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), "not on file yet: run this test once with GOLDEN=write"
    assert text == path.read_text(), "if this change is meant, run this test once with GOLDEN=write and commit the file"


def test_every_file_belongs_to_a_case() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_of_the_gpu_is_what_is_on_the_command_line(case: str) -> None:
    plan = planned(case)
    text = written(plan)
    signs: dict[GpuStage, Callable[[str], bool]] = {
        GpuStage.DECODE: lambda line: "-hwaccel cuda" in line,
        GpuStage.DRAW: lambda line: "scale_cuda" in line,
        GpuStage.ENCODE: lambda line: "h264_nvenc" in line,
    }
    assert {part for part, sign in signs.items() if sign(text)} == plan.gpu
    assert (plan.encoder == "h264_nvenc") is (GpuStage.ENCODE in plan.gpu)
