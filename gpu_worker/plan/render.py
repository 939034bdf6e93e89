"""One encode of one picture track, with or without sound and captions: the part that the operations share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction

from contract.operations import Role
from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.plan.captions.added_frames import add_frames, find_added_times, first_frame_filters
from gpu_worker.plan.captions.ass_script import BURN_FILTER
from gpu_worker.plan.captions.draw import DrawnCaptions
from gpu_worker.plan.captions.files.track import SubtitleTrack
from gpu_worker.plan.cuda.graph import CUDA_INPUT_ARGS, DOWNLOAD_FILTERS, gpu_for_video, gpu_graph, gpu_stages
from gpu_worker.plan.encode import (
    TAG_FILTER,
    encoder_args,
    finish_graph,
    format_seconds,
    gpu_for_format,
    gpu_for_size,
    output_args,
    output_file,
    pick_encoder,
)
from gpu_worker.plan.expected import as_format, has_edit_lists
from gpu_worker.plan.filters import decoder_args, frame_timing_args, picture_warnings
from gpu_worker.plan.frame_source import FrameSource
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage
from gpu_worker.plan.input_args import MAX_DURATION_ARGS, open_args
from gpu_worker.plan.model import (
    IN_VIDEO,
    SUBTITLES,
    VIDEO,
    ExpectedOutput,
    Plan,
    PlanOptions,
    Step,
)
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.changes import UNCHANGED, PictureChanges
from gpu_worker.plan.picture.frame import frame_chain
from gpu_worker.plan.picture.watermark import Watermark, watermark_chain, watermark_step
from gpu_worker.plan.sound.part import input_fields, open_sounds, sound_in_format


@dataclass(frozen=True, slots=True)
class _Route:
    """The path of the frames from `[0:V:0]` to the encoder, and the stages of it that run on the GPU."""

    input_args: tuple[str, ...]
    graph: str
    timing: tuple[str, ...]
    gpu: frozenset[GpuStage]


def render_video(
    video: VideoFacts, overlay: Overlay, options: PlanOptions, changes: PictureChanges = UNCHANGED
) -> Plan:
    """Encode a video's picture again, upright. Its frames and their times stay."""
    overlay = replace(overlay, sound=sound_in_format(overlay.sound, options.format))
    end = video.end if overlay.end is None else min(overlay.end, video.end)
    size = changes.size(video)
    drawn = overlay.draw(size, options)
    track = overlay.track(end)
    shown = None if drawn is None else drawn.shown
    added = find_added_times(video, shown, end)
    expected = ExpectedOutput(
        video_codec="h264",
        size=size,
        frames=_count_frames_before(video, end) + len(added),
        # Where times are estimates, a frame may already be at a time that gets one.
        frames_tolerance=1 if video.is_timed else 1 + len(added),
        frames_added=len(added),
        is_cut=end < video.end,
        duration=max(Fraction(0), end - video.start),
        end=end,
        end_tolerance=video.timing_slack,
        has_audio=overlay.sound.is_present,
        sound_end=overlay.sound.end,
        sound_end_tolerance=overlay.sound.end_tolerance,
        subtitles_end=None if track is None else track.end,
    )
    expected = as_format(expected, options.format)
    is_animated = drawn is not None and drawn.is_animated
    on_cpu = bool(added) or changes.is_changed
    gpu = gpu_for_video(gpu_for_format(options), video, shown, size, filters_on_cpu=on_cpu, is_animated=is_animated)
    route = _route_video(video, shown, added, gpu_stages(gpu), options, changes)
    needed = ALL_STAGES if drawn is not None else ALL_STAGES - {GpuStage.DRAW}
    encode = replace(_encode_step(route, overlay, track, expected, options), frame_size=(video.width, video.height))
    warnings = (*picture_warnings(video), *_gpu_warnings(gpu, needed))
    plan = _make_plan((*changes.steps(), encode), expected, (drawn, track), route, warnings, options)
    plan = overlay.complete(plan, (drawn, track), end, size, options)
    # Filters that change the times of frames, or join several streams of them, lose the duration of the last one.
    loses_end = added or expected.is_cut or changes.is_changed or first_frame_filters(video)
    return replace(plan, video_ends_at=end) if loses_end and has_edit_lists(options.format) else plan


def render_frames(
    source: FrameSource, rate: Fraction, overlay: Overlay, options: PlanOptions, watermark: Watermark | None = None
) -> Plan:
    """Encode frames that this worker draws, at `rate` frames per second."""
    overlay = replace(overlay, sound=sound_in_format(overlay.sound, options.format))
    size, frames = source.size, source.frames
    drawn = overlay.draw(size, options)
    track = overlay.track(frames / rate)
    expected = ExpectedOutput(
        video_codec="h264",
        size=size,
        frames=frames,
        frames_tolerance=0,
        duration=frames / rate,
        end=frames / rate,
        end_tolerance=1 / rate,
        has_audio=overlay.sound.is_present,
        sound_end=overlay.sound.end,
        sound_end_tolerance=overlay.sound.end_tolerance,
        subtitles_end=None if track is None else track.end,
    )
    input_args = (
        *("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{size[0]}x{size[1]}"),
        *("-framerate", str(rate), "-protocol_whitelist", "file,pipe", "-i", "pipe:0"),
    )
    expected = as_format(expected, options.format)
    gpu = gpu_for_size(gpu_for_format(options), size)
    # The frames are drawn on the CPU; NVENC takes them from there.
    route = _Route(
        input_args,
        _cpu_graph("V:0", watermark_chain("", watermark), None if drawn is None else drawn.shown),
        (),
        gpu_stages(gpu) & {GpuStage.ENCODE},
    )
    encode = replace(_encode_step(route, overlay, track, expected, options), feed=source)
    warnings = _gpu_warnings(gpu, {GpuStage.ENCODE})
    steps = (encode,) if watermark is None else (watermark_step(watermark), encode)
    plan = _make_plan(steps, expected, (drawn, track), route, warnings, options)
    return overlay.complete(plan, (drawn, track), expected.end, size, options)


def _route_video(
    video: VideoFacts,
    cues: tuple[Cue, ...] | None,
    added: tuple[int, ...],
    stages: frozenset[GpuStage],
    options: PlanOptions,
    changes: PictureChanges,
) -> _Route:
    input_args = (*decoder_args(video), *open_args(Role.VIDEO, IN_VIDEO, options.max_pixels))
    first_frame = first_frame_filters(video)
    timing = frame_timing_args(video, keep_clock=not (added or first_frame))
    if stages == ALL_STAGES:
        return _Route((*CUDA_INPUT_ARGS, *input_args), gpu_graph(video, cues), timing, stages)
    if GpuStage.DECODE in stages:
        # No scaling to the same size: if the GPU decodes to another one, the check of the output must notice it.
        chain = DOWNLOAD_FILTERS if changes.frame is None else f"{DOWNLOAD_FILTERS},{frame_chain(video, changes.frame)}"
        graph = _cpu_graph(video.selector, watermark_chain(chain, changes.watermark), cues, added)
        return _Route((*CUDA_INPUT_ARGS, *input_args), graph, timing, stages)
    threads = () if GpuStage.ENCODE in stages else _decoder_threads_args(options)
    chain = ",".join((*first_frame, frame_chain(video, changes.frame)))
    graph = _cpu_graph(video.selector, watermark_chain(chain, changes.watermark), cues, added)
    return _Route((*threads, *input_args), graph, timing, stages)


def _decoder_threads_args(options: PlanOptions) -> tuple[str, ...]:
    """Return options before an input that x264 encodes, which takes five times as long as decoding.

    By default ffmpeg starts as many threads for decoding as for encoding, and the CPUs mostly switch between them.
    """
    return ("-threads", str(max(1, options.threads // 4)))


def _cpu_graph(selector: str, chain: str, cues: tuple[Cue, ...] | None, added: tuple[int, ...] = ()) -> str:
    last = TAG_FILTER if cues is None else f"{BURN_FILTER},{TAG_FILTER}"
    chain = add_frames(added, chain, last) if added else f"{chain},{last}" if chain else last
    return f"[0:{selector}]{chain}[picture]"


def _gpu_warnings(gpu: Gpu | None, stages: Collection[GpuStage]) -> tuple[str, ...]:
    return () if gpu is None else gpu.warnings(stages)


def _encode_step(
    route: _Route, overlay: Overlay, track: SubtitleTrack | None, expected: ExpectedOutput, options: PlanOptions
) -> Step:
    sound = overlay.sound
    encoder = pick_encoder(options.format, on_gpu=GpuStage.ENCODE in route.gpu)
    args = (
        *route.input_args,
        *open_sounds(sound.inputs, options.max_pixels),
        *(() if track is None else track.input_args),
        *sound.decoding,
        *("-filter_complex", finish_graph(route.graph, options.format)),
        # A graph of its own: ffmpeg rebuilds one that held both, and loses sound, whenever the picture changes.
        *(("-filter_complex", sound.graph) if sound.graph else ()),
        *("-map", "[picture]"),
        *route.timing,
        *encoder_args(encoder, options.threads, on_gpu=route.gpu == ALL_STAGES, quality=options.quality),
        *sound.args,
        *(() if track is None else track.output_args(1 + len(sound.inputs))),
        *(MAX_DURATION_ARGS if overlay.end is None else ("-t", format_seconds(overlay.end))),
        *output_args(options, has_subtitles=track is not None),
    )
    fields = (VIDEO, *input_fields(sound.inputs)) if len(sound.inputs) > 1 else ()
    return Step(args, float(expected.duration), fields=fields)


def _make_plan(
    steps: tuple[Step, ...],
    expected: ExpectedOutput,
    captions: tuple[DrawnCaptions | None, SubtitleTrack | None],
    route: _Route,
    warnings: tuple[str, ...],
    options: PlanOptions,
) -> Plan:
    drawn, track = captions
    encoder = pick_encoder(options.format, on_gpu=GpuStage.ENCODE in route.gpu)
    files: dict[str, str | bytes] = {} if track is None else dict(track.files)
    files |= {} if drawn is None else {SUBTITLES: drawn.script}
    plan = Plan(
        steps, expected, "encode", encoder, files, warnings=warnings, gpu=route.gpu, output=output_file(options)
    )
    return plan if drawn is None else replace(plan, word_timing=drawn.word_timing, fonts_used=drawn.fonts)


def _count_frames_before(video: VideoFacts, end: Fraction) -> int:
    if end >= video.end:
        return video.frames
    return sum(1 for time in video.packet_times if time * video.time_base < end) - video.hidden
