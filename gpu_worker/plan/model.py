"""What a plan is made of: files to write, ffmpeg runs, and what the result must look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeVar

from contract.operations import Role
from gpu_worker.media.info import AudioFacts, Cue, Facts, PhotoInfo, VideoFacts
from gpu_worker.plan.gpu import Gpu, GpuStage

_F = TypeVar("_F")

OUTPUT = "out.mp4"
SUBTITLES = "captions.ass"
FONTS = "fonts"
"""A directory of that name is put beside the inputs, so that no path of the host appears in a filter."""
IN_VIDEO, IN_AUDIO, IN_IMAGE = "in_video", "in_audio", "in_image"
PIXELS = "photo.rgb"
"""The picture once it was read: raw rgb24, upright, in sRGB, of the size that PhotoInfo states."""


class Encoder(StrEnum):
    NVENC = "h264_nvenc"
    X264 = "libx264"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What this execution works with. `may_copy` is withdrawn after a plan that copies has failed.

    Without a `gpu`, none was asked for, and no reason is due for doing without.
    """

    gpu: Gpu | None = None
    threads: int = 2
    may_copy: bool = True
    max_pixels: int = 120_000_000
    max_output_bytes: int = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one job, probed. Absent ones are None."""

    video: Facts | None = None
    audio: Facts | None = None
    image: PhotoInfo | None = None
    cues: tuple[Cue, ...] | None = None
    notes: tuple[str, ...] = ()
    """What reading them has to tell the client."""

    def picture(self) -> VideoFacts:
        """The video's picture track. Probing a video guarantees it; anything else is a defect."""
        return _there(self.video.video if self.video else None)

    def still(self) -> PhotoInfo:
        """The picture a clip is made from."""
        return _there(self.image)

    def own_sound(self) -> AudioFacts | None:
        """The sound the video came with, if any."""
        return self.video.audio if self.video else None

    def new_sound(self) -> AudioFacts:
        """The sound of the audio input."""
        return _there(self.audio.audio if self.audio else None)


def _there(facts: _F | None) -> _F:
    if facts is None:
        raise LookupError("the operation needs an input that was not probed")
    return facts


@dataclass(frozen=True, slots=True)
class FrameSource:
    """Frames to be drawn from a still and written to ffmpeg's stdin as raw yuv420p.

    `path` holds one raw yuv420p picture of `still_size`; each of the `frames` comes out at `size`.
    """

    path: str
    still_size: tuple[int, int]
    size: tuple[int, int]
    frames: int


@dataclass(frozen=True, slots=True)
class Step:
    """One ffmpeg run: its arguments without the program. `seconds` is how much it will write, for progress."""

    args: tuple[str, ...]
    seconds: float
    feed: FrameSource | None = None
    shape: tuple[int, int] | None = None
    """The size of the frames it reads. Frames of another shape later on would be squeezed into the same picture."""
    decodes: Role | None = None
    """Set where the step only decodes that input: if it fails, the input is to blame."""


@dataclass(frozen=True, slots=True)
class ExpectedOutput:
    """What a probe of the output must find."""

    video_codec: str
    size: tuple[int, int]
    frames: int
    frames_tolerance: int
    duration: Fraction
    """Of the picture track, in seconds."""
    end: Fraction
    end_tolerance: Fraction
    """The end of the picture track in seconds, and by how much it may end earlier or later."""
    has_audio: bool
    frames_added: int = 0
    """Frames that the source does not have."""
    cut: bool = False
    """The source goes on behind the end."""
    sound_end: Fraction | None = None
    sound_end_tolerance: Fraction = Fraction(0)
    """The end of the sound in seconds, and by how much more than a frame of AAC it may end earlier or later."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything needed to make one output file in a directory that holds the inputs."""

    steps: tuple[Step, ...]
    expected: ExpectedOutput
    video_mode: Literal["encode", "copy"]
    encoder: Encoder | None
    files: Mapping[str, str] = field(default_factory=dict)
    """Text files to write first, by name."""
    warnings: tuple[str, ...] = ()
    gpu: frozenset[GpuStage] = frozenset()
    """The parts of the work that this plan gives to the GPU."""
    video_ends_at: Fraction | None = None
    """The end that the picture track alone gets, in seconds."""
    ends_at: Fraction | None = None
    """Where players are to end, in seconds: the finished file may hold packets from beyond, which it hides."""
