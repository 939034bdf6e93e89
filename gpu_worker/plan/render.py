"""One encode of one picture track, with or without sound and captions: what the operations have in common."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction

from contract.operations import Fit, Role
from gpu_worker.media.info import Cue, PhotoInfo, VideoFacts
from gpu_worker.plan.audio import NO_SOUND, Sound
from gpu_worker.plan.captions.added_frames import add_frames, find_added_times, first_frame_filters
from gpu_worker.plan.captions.layout import BURN_FILTER, write_ass
from gpu_worker.plan.cuda.graph import CUDA_INPUT_ARGS, DOWNLOAD_FILTERS, gpu_for_video, gpu_graph, gpu_stages
from gpu_worker.plan.encode import TAG_FILTER, encoder_args, gpu_for_size, output_args
from gpu_worker.plan.filters import decoder_args, frame_timing_args, picture_filters, picture_warnings
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.plan.model import IN_AUDIO, IN_VIDEO, SUBTITLES, Encoder, ExpectedOutput, Plan, PlanOptions, Step
from gpu_worker.plan.still.canvas import still_frame_source, still_step


@dataclass(frozen=True, slots=True)
class Overlay:
    """What goes with the picture. `audio_input` opens `in_audio` as input 1; `end` cuts the result, in seconds."""

    sound: Sound = NO_SOUND
    audio_input: bool = False
    cues: tuple[Cue, ...] | None = None
    end: Fraction | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    """How pictures get from `[0:V:0]` to the encoder, and which parts of that the GPU does."""

    opening: tuple[str, ...]
    graph: str
    timing: tuple[str, ...]
    gpu: frozenset[GpuStage]


def render_video(video: VideoFacts, extras: Overlay, means: PlanOptions) -> Plan:
    """Re-encode a video's picture. Its frames and their times stay; rotation is drawn in."""
    end = video.end if extras.end is None else min(extras.end, video.end)
    added = find_added_times(video, extras.cues, end)
    expected = ExpectedOutput(
        video_codec="h264",
        size=video.display_size,
        frames=_frames_before(video, end) + len(added),
        # Where the times are estimates, a frame may be there already.
        frames_tolerance=1 if video.timed else 1 + len(added),
        frames_added=len(added),
        cut=end < video.end,
        duration=max(Fraction(0), end - video.start),
        end=end,
        end_tolerance=video.timing_slack,
        has_audio=extras.sound.present,
        sound_end=extras.sound.end,
        sound_end_tolerance=extras.sound.end_tolerance,
    )
    gpu = gpu_for_video(means.gpu, video, extras.cues, adds_frames=bool(added))
    route = _video_route(video, extras.cues, added, gpu_stages(gpu), means)
    asked = ALL_STAGES if extras.cues is not None else ALL_STAGES - {GpuStage.DRAW}
    warnings = (*picture_warnings(video), *_excuses(gpu, asked))
    step = replace(_encode_step(route, extras, expected, means), shape=(video.width, video.height))
    plan = _plan((step,), expected, extras, route, warnings)
    # Filters that give frames other times forget how long the last one is.
    return replace(plan, video_ends_at=end) if added or expected.cut or first_frame_filters(video) else plan


def render_still(
    image: PhotoInfo,
    shape: tuple[tuple[int, int], Fit],
    timing: tuple[int, Fraction],
    extras: Overlay,
    means: PlanOptions,
) -> Plan:
    """Draw a clip from a picture. `shape` is (size, fit), `timing` is (frames, frames per second)."""
    size, fit = shape
    frames, rate = timing
    expected = ExpectedOutput(
        video_codec="h264",
        size=size,
        frames=frames,
        frames_tolerance=0,
        duration=frames / rate,
        end=frames / rate,
        end_tolerance=1 / rate,
        has_audio=extras.sound.present,
        sound_end=extras.sound.end,
        sound_end_tolerance=extras.sound.end_tolerance,
    )
    opening = (
        *("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{size[0]}x{size[1]}"),
        *("-framerate", str(rate), "-protocol_whitelist", "file,pipe", "-i", "pipe:0"),
    )
    gpu = gpu_for_size(means.gpu, size)
    # The frames are made on the CPU and stay there: NVENC takes them as they are.
    route = _Route(opening, _graph("V:0", (), extras.cues), (), gpu_stages(gpu) & {GpuStage.ENCODE})
    step = _encode_step(route, extras, expected, means)
    fed = Step(step.args, step.seconds, still_frame_source(size, frames))
    steps = (still_step(image, size, fit), fed)
    warnings = (*image.warnings, *_excuses(gpu, {GpuStage.ENCODE}))
    return _plan(steps, expected, extras, route, warnings)


def _video_route(
    video: VideoFacts,
    cues: tuple[Cue, ...] | None,
    added: tuple[int, ...],
    parts: frozenset[GpuStage],
    means: PlanOptions,
) -> _Route:
    opening = (*decoder_args(video), *open_args(Role.VIDEO, IN_VIDEO, means.max_pixels))
    retimed = first_frame_filters(video)
    timing = frame_timing_args(video, keep_clock=not (added or retimed))
    if parts == ALL_STAGES:
        return _Route((*CUDA_INPUT_ARGS, *opening), gpu_graph(video, cues), timing, parts)
    if GpuStage.DECODE in parts:
        # Nothing is scaled here: should the GPU decode to another size, the output's check must see it.
        return _Route(
            (*CUDA_INPUT_ARGS, *opening), _graph(video.selector, (DOWNLOAD_FILTERS,), cues, added), timing, parts
        )
    few = () if GpuStage.ENCODE in parts else decoder_threads_args(means)
    filters = (*retimed, *picture_filters(video))
    return _Route((*few, *opening), _graph(video.selector, filters, cues, added), timing, parts)


def decoder_threads_args(means: PlanOptions) -> tuple[str, ...]:
    """Options before an input that is encoded by x264, which takes five times as long as decoding does.

    ffmpeg would start as many threads for decoding, and the processors would mostly change between them.
    """
    return ("-threads", str(max(1, means.threads // 4)))


def _graph(selector: str, filters: tuple[str, ...], cues: tuple[Cue, ...] | None, added: tuple[int, ...] = ()) -> str:
    burn = (BURN_FILTER,) if cues is not None else ()
    last = (*burn, TAG_FILTER)
    chain = add_frames(added, ",".join(filters), ",".join(last)) if added else ",".join((*filters, *last))
    return f"[0:{selector}]{chain}[picture]"


def _excuses(gpu: Gpu | None, parts: Collection[GpuStage]) -> tuple[str, ...]:
    return () if gpu is None else gpu.warnings(parts)


def _encoder(route: _Route) -> Encoder:
    return Encoder.NVENC if GpuStage.ENCODE in route.gpu else Encoder.X264


def _encode_step(route: _Route, extras: Overlay, expected: ExpectedOutput, means: PlanOptions) -> Step:
    second = open_args(Role.AUDIO, IN_AUDIO, means.max_pixels) if extras.audio_input else ()
    sound = extras.sound
    cut = MAX_DURATION_ARGS if extras.end is None else ("-t", seconds(extras.end))
    args = (
        *route.opening,
        *second,
        *sound.decoding,
        *("-filter_complex", route.graph),
        # Its own graph: one that held both would be built anew, and lose sound, whenever the picture changes.
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", "[picture]"),
        *route.timing,
        *encoder_args(_encoder(route), means.threads, on_gpu=route.gpu == ALL_STAGES),
        *sound.args,
        *cut,
        *output_args(means),
    )
    return Step(args, float(expected.duration))


def _plan(
    steps: tuple[Step, ...], expected: ExpectedOutput, extras: Overlay, route: _Route, warnings: tuple[str, ...]
) -> Plan:
    files = {} if extras.cues is None else {SUBTITLES: write_ass(extras.cues, expected.size)}
    return Plan(steps, expected, "encode", _encoder(route), files, warnings, gpu=route.gpu)


def _frames_before(video: VideoFacts, end: Fraction) -> int:
    if end >= video.end:
        return video.frames
    return sum(1 for time in video.packet_times if time * video.time_base < end) - video.hidden


def seconds(value: Fraction) -> str:
    """A time for ffmpeg's command line, to the microsecond it keeps."""
    return f"{float(value):.6f}"
