"""One encode of one picture track, with or without sound and captions: what the operations have in common."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from contract.operations import Fit, Role
from gpu_worker.plan.captions import BURN_FILTER, write_ass
from gpu_worker.plan.encode import TAG_FILTER, encoder_args, file_args
from gpu_worker.plan.facts import Cue, VideoFacts
from gpu_worker.plan.inputs import open_args
from gpu_worker.plan.picture import frame_timing, picture_filters, picture_warnings
from gpu_worker.plan.sound import SILENCE, Sound
from gpu_worker.plan.steps import IN_AUDIO, IN_VIDEO, SUBTITLES, Expected, Means, Plan, Step
from gpu_worker.plan.still import frames_of_still, still_step


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes with the picture. `audio_input` opens `in_audio` as input 1; `end` cuts the result, in seconds."""

    sound: Sound = SILENCE
    audio_input: bool = False
    cues: tuple[Cue, ...] | None = None
    end: Fraction | None = None


def render_video(video: VideoFacts, extras: Extras, means: Means) -> Plan:
    """Re-encode a video's picture. Its frames and their times stay; rotation is drawn in."""
    end = video.end if extras.end is None else min(extras.end, video.end)
    frames = _frames_before(video, end)
    expected = Expected(
        video_codec="h264",
        size=video.display_size,
        frames=frames,
        frames_off=1,
        duration=max(Fraction(0), end - video.start),
        duration_off=video.timing_slack,
        has_audio=extras.sound.present,
    )
    opening = open_args(Role.VIDEO, IN_VIDEO, means.max_pixels)
    step = _encode_step(opening, picture_filters(video), frame_timing(video), extras, expected, means)
    return _plan((step,), expected, extras, means, picture_warnings(video))


def render_still(
    image: VideoFacts, shape: tuple[tuple[int, int], Fit], timing: tuple[int, Fraction], extras: Extras, means: Means
) -> Plan:
    """Draw a clip from a picture. `shape` is (size, fit), `timing` is (frames, frames per second)."""
    size, fit = shape
    frames, rate = timing
    expected = Expected(
        video_codec="h264",
        size=size,
        frames=frames,
        frames_off=0,
        duration=frames / rate,
        duration_off=1 / rate,
        has_audio=extras.sound.present,
    )
    opening = (
        *("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{size[0]}x{size[1]}"),
        *("-framerate", str(rate), "-protocol_whitelist", "file,pipe", "-i", "pipe:0"),
    )
    step = _encode_step(opening, (), (), extras, expected, means)
    fed = Step(step.args, step.seconds, frames_of_still(size, frames))
    return _plan((still_step(image, size, fit, means), fed), expected, extras, means, ())


def _encode_step(
    opening: tuple[str, ...],
    filters: tuple[str, ...],
    timing: tuple[str, ...],
    extras: Extras,
    expected: Expected,
    means: Means,
) -> Step:
    second = open_args(Role.AUDIO, IN_AUDIO, means.max_pixels) if extras.audio_input else ()
    burn = (BURN_FILTER,) if extras.cues is not None else ()
    graph = f"[0:V:0]{','.join((*filters, *burn, TAG_FILTER))}[picture]"
    if extras.sound.graph:
        graph += ";" + extras.sound.graph
    cut = () if extras.end is None else ("-t", seconds(extras.end))
    args = (
        *opening,
        *second,
        *("-filter_complex", graph, "-map", "[picture]"),
        *timing,
        *encoder_args(means.encoder, means.threads),
        *extras.sound.args,
        *cut,
        *file_args(means),
    )
    return Step(args, float(expected.duration))


def _plan(steps: tuple[Step, ...], expected: Expected, extras: Extras, means: Means, warnings: tuple[str, ...]) -> Plan:
    files = {} if extras.cues is None else {SUBTITLES: write_ass(extras.cues, expected.size)}
    return Plan(steps, expected, "encode", means.encoder, files, warnings)


def _frames_before(video: VideoFacts, end: Fraction) -> int:
    if end >= video.end:
        return video.frames
    return sum(1 for time in video.packet_times if time * video.time_base < end) - video.hidden


def seconds(value: Fraction) -> str:
    """A time for ffmpeg's command line, to the microsecond it keeps."""
    return f"{float(value):.6f}"
