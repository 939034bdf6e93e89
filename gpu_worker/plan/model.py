"""The parts of a plan: files to write, ffmpeg runs, and what the output must look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeVar

from contract.artifacts import VideoFormat
from contract.options.output import Poster, Quality
from gpu_worker.media.info import AudioFacts, Cue, Facts, PhotoInfo, VideoFacts
from gpu_worker.media.measured import Measured
from gpu_worker.media.transcription import Transcription
from gpu_worker.plan.frame_source import FrameSource
from gpu_worker.plan.gpu import Gpu, GpuStage
from gpu_worker.plan.measure import Typefaces

_F = TypeVar("_F")

OUTPUT = "out.mp4"
"""The video, in the job's directory."""
SUBTITLES = "captions.ass"
SUBTITLE_TRACK = "captions.srt"
FONTS = "fonts"
"""The directory of fonts, linked into the job's directory so that no path of the host appears in a filter."""


def local_name(field: str) -> str:
    """Return the name of an input in the job's directory: `in_video`, or `in_music_audio` for that of `music`.

    It does not depend on the name in its URL.
    """
    return "in_" + field.replace("url_", "").replace(".", "_")


def pixels_name(field: str, *, has_alpha: bool = False) -> str:
    """Return the name of a decoded picture: raw rgb24 or rgba, upright, in sRGB, of the size that PhotoInfo states."""
    return f"{local_name(field)}.{'rgba' if has_alpha else 'rgb'}"


def artifact_file(name: str) -> str:
    """Return the name of an artifact's file in the job's directory."""
    return name.replace("output.", "out.") if name.startswith("output.") else f"artifact_{name}"


VIDEO, AUDIO, IMAGE = "url_video", "url_audio", "url_image"
"""The fields of the inputs that most operations have."""
IN_VIDEO, IN_AUDIO = local_name(VIDEO), local_name(AUDIO)


class Encoder(StrEnum):
    NVENC = "h264_nvenc"
    X264 = "libx264"
    HEVC_NVENC = "hevc_nvenc"
    X265 = "libx265"
    VP9 = "libvpx-vp9"
    GIF = "gif"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The capabilities and limits of one execution, and how its video is encoded.

    `gpu=None` means CPU only by request: no warning. `may_copy` becomes False after a plan that copies has failed.
    """

    gpu: Gpu | None = None
    threads: int = 2
    may_copy: bool = True
    max_pixels: int = 120_000_000
    max_output_bytes: int = 4 * 1024**3
    quality: Quality = Quality.STANDARD
    format: VideoFormat = VideoFormat.MP4
    output_name: str | None = None
    """The artifact that the plan makes; None for the main one of the format."""
    typefaces: Typefaces | None = None
    """Measures captions as the renderer draws them; None to estimate."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The probed inputs of one job, by their fields: `media` has the videos and sounds, `photos` the pictures.

    `cues` is None if the job has no captions. `warnings` are for the client, about problems found while reading them.
    `script` is the captions' text by sentences if they have no times; then `cues` is empty.
    """

    media: Mapping[str, Facts] = field(default_factory=dict)
    photos: Mapping[str, PhotoInfo] = field(default_factory=dict)
    cues: tuple[Cue, ...] | None = None
    warnings: tuple[str, ...] = ()
    script: tuple[str, ...] = ()
    transcription: Transcription | None = None
    """The words of the sound, if the operation requests them."""
    is_aligned: bool = False
    """True if the times of the cues' words were found in the sound."""
    speech: tuple[tuple[float, float], ...] = ()
    """When somebody speaks, in seconds, if music must be quieter then and no cues tell it."""
    chosen: int | None = None
    """The time of the most typical frame of the video, in units of its time base, if the operation requests it."""
    measured: Measured | None = None
    """The measurements of the input, if the operation requests it."""

    @property
    def video(self) -> Facts | None:
        return self.media.get(VIDEO)

    @property
    def audio(self) -> Facts | None:
        return self.media.get(AUDIO)

    @property
    def image(self) -> PhotoInfo | None:
        return self.photos.get(IMAGE)

    def video_track(self) -> VideoFacts:
        """Return the picture track of the video input. Raises LookupError if it was not probed, which is a defect."""
        return _required(self.video.video if self.video else None)

    def required_video(self) -> Facts:
        """Return the facts about the video input. Raises LookupError if it was not probed, which is a defect."""
        return _required(self.video)

    def photo(self) -> PhotoInfo:
        """Return the picture input. Raises LookupError if it was not probed, which is a defect."""
        return _required(self.image)

    def original_sound(self) -> AudioFacts | None:
        """Return the sound of the video input; None if it has none."""
        return self.video.audio if self.video else None

    def added_sound(self) -> AudioFacts:
        """Return the sound of the audio input. Raises LookupError if it was not probed, which is a defect."""
        return self.sound_of(AUDIO)

    def sound_of(self, field: str) -> AudioFacts:
        """Return the sound of an input. Raises LookupError if it was not probed, which is a defect."""
        return _required(self.media[field].audio if field in self.media else None)


def _required(facts: _F | None) -> _F:
    if facts is None:
        raise LookupError("the operation needs an input that was not probed")
    return facts


@dataclass(frozen=True, slots=True)
class Step:
    """One ffmpeg run: its arguments without the program. `seconds` is the duration of its output, for progress."""

    args: tuple[str, ...]
    seconds: float
    feed: FrameSource | None = None
    frame_size: tuple[int, int] | None = None
    """The size of the frames it reads. Later frames of another size would be distorted to this one."""
    decoded_field: str | None = None
    """The field of the input, if the step only decodes it: then the input is responsible for a failure."""
    fields: tuple[str, ...] = ()
    """The fields of its inputs by their numbers, empty for a file made here; without any, those of most operations."""
    work: float | None = None
    """Its share of the plan's work, in units of `seconds`, which it is by default."""

    @property
    def picture_field(self) -> str:
        """The field of the input whose picture it decodes."""
        return self.fields[0] if self.fields else VIDEO


@dataclass(frozen=True, slots=True)
class ExpectedOutput:
    """The required result of probing the output. All times are in seconds."""

    video_codec: str
    size: tuple[int, int]
    frames: int
    frames_tolerance: int
    duration: Fraction
    """Duration of the picture track."""
    end: Fraction
    """End of the picture track; it may be off by `end_tolerance`."""
    end_tolerance: Fraction
    has_audio: bool
    frames_added: int = 0
    """Frames that the source does not have."""
    has_source_frames: bool = True
    """False if frames are repeated or left out, so that their number does not depend on how many can be decoded."""
    is_cut: bool = False
    """True if the source continues after the end of the output."""
    sound_end: Fraction | None = None
    """End of the sound; it may be off by one frame of AAC plus `sound_end_tolerance`."""
    sound_end_tolerance: Fraction = Fraction(0)
    subtitles_end: Fraction | None = None
    """End of the last caption of the subtitle track; None if there is no such track."""


@dataclass(frozen=True, slots=True)
class Leveling:
    """A sound that is brought to a loudness before the steps of a plan, which use the result.

    Its own `steps` mix it. It lasts `seconds`; `lufs` and `true_peak_db` are the goal. `encoding` are the options that
    encode it, with the format of the file `name`.
    """

    steps: tuple[Step, ...]
    seconds: Fraction
    lufs: float
    true_peak_db: float
    name: str
    encoding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything needed to make the files of a job in a directory that holds its inputs.

    `expected` describes the video; without one, `expected` and `video_mode` are None. A job of several videos has a
    plan for each.
    """

    steps: tuple[Step, ...]
    expected: ExpectedOutput | None
    video_mode: Literal["encode", "copy"] | None
    encoder: Encoder | None
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    """Files to write first, by name."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The contents of artifacts that are text, by the artifact's name."""
    pictures: tuple[str, ...] = ()
    """The artifacts that are pictures and that the steps make, by name."""
    warnings: tuple[str, ...] = ()
    gpu: frozenset[GpuStage] = frozenset()
    """The stages that this plan gives to the GPU."""
    video_ends_at: Fraction | None = None
    """The end that only the picture track gets, in seconds."""
    word_timing: Literal["given", "estimated"] | None = None
    """The source of the times of words; None if the captions show no words."""
    fonts_used: tuple[str, ...] = ()
    """The font families that draw the captions."""
    leveling: Leveling | None = None
    """The sound that must get a loudness first; None if it may have any."""
    output: str = OUTPUT
    """The name of the video's file."""
    poster: Poster | None = None
    """The picture to take from the finished video."""
    ends_at: Fraction | None = None
    """The end of playback, in seconds: the output may hold packets from after it, which its edit lists hide."""
    copied_part: Fraction | None = None
    """Seconds of the picture that are copied if only a part of it is; None if `video_mode` says it for all of it."""

    others: tuple[Plan, ...] = ()
    """The plans of the videos after this one, made with the same options; they have no others."""

    @property
    def with_others(self) -> tuple[Plan, ...]:
        return self, *self.others

    @property
    def copied_seconds(self) -> Fraction | None:
        """Seconds of all pictures that are copied; None without a video."""
        if self.expected is None:
            return None
        whole = self.expected.duration if self.video_mode == "copy" else Fraction(0)
        own = whole if self.copied_part is None else self.copied_part
        return sum((other.copied_seconds or Fraction(0) for other in self.others), own)

    @property
    def encoded_seconds(self) -> Fraction | None:
        """Seconds of all pictures that are encoded; None without a video."""
        copied = self.copied_seconds
        if copied is None:
            return None
        return sum((one.expected.duration for one in self.with_others if one.expected), -copied)
