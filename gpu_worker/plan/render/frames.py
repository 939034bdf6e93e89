"""Encode frames that this worker draws."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from gpu_worker.plan.cuda.graph import gpu_stages
from gpu_worker.plan.encode import gpu_for_format, gpu_for_size
from gpu_worker.plan.expected import as_format
from gpu_worker.plan.frame_source import FrameSource
from gpu_worker.plan.gpu import GpuStage, gpu_warnings
from gpu_worker.plan.model import ExpectedOutput, Plan, PlanOptions
from gpu_worker.plan.overlay import Overlay
from gpu_worker.plan.picture.watermark import Watermark, watermark_chain, watermark_step
from gpu_worker.plan.render.route import Route, cpu_graph
from gpu_worker.plan.render.step import encode_step, plan_encode
from gpu_worker.plan.sound.part import sound_in_format


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
        *("-threads", "1"),  # nothing is decoded, and further threads only take time
        *("-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{size[0]}x{size[1]}"),
        *("-framerate", str(rate), "-protocol_whitelist", "file,pipe", "-i", "pipe:0"),
    )
    expected = as_format(expected, options.format)
    gpu = gpu_for_size(gpu_for_format(options), size)
    # The frames are drawn on the CPU; NVENC takes them from there.
    route = Route(
        input_args,
        cpu_graph("V:0", watermark_chain("", watermark), None if drawn is None else drawn.shown),
        (),
        gpu_stages(gpu) & {GpuStage.ENCODE},
    )
    encode = replace(encode_step(route, overlay, track, expected, options), feed=source)
    warnings = gpu_warnings(gpu, {GpuStage.ENCODE})
    steps = (encode,) if watermark is None else (watermark_step(watermark), encode)
    plan = plan_encode(steps, expected, (drawn, track), route, warnings, options)
    return overlay.complete(plan, (drawn, track), expected.end, size, options)
