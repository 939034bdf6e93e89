"""Decode, caption and encode a video on the GPU.

libass draws the captions on the CPU, on a transparent canvas, once per change of the captions; only those canvases are
uploaded. The frames never leave GPU memory.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from gpu_worker.media.info import Color, Cue, VideoFacts
from gpu_worker.plan.captions.added_frames import first_frame_filters, lookup_expression
from gpu_worker.plan.captions.ass_script import BURN_FILTER, to_centiseconds
from gpu_worker.plan.encode import TAG_FILTER, gpu_for_size
from gpu_worker.plan.filters import picture_filters
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason

CUDA_INPUT_ARGS = (
    *("-init_hw_device", "cuda=gpu:0", "-filter_hw_device", "gpu"),
    *("-hwaccel", "cuda", "-hwaccel_device", "gpu", "-hwaccel_output_format", "cuda"),
    # Each thread of the software decoder would claim a surface, and NVDEC has 32. No extra surfaces
    # (`-extra_hw_frames`) either: the first filter copies each frame and returns its surface.
    *("-threads", "1"),
)
"""Options that make the GPU decode the input, or fail: after a silent fallback to the CPU the first filter fails."""

DOWNLOAD_FILTERS = "hwdownload,format=nv12,format=yuv420p"
"""Copies decoded frames to CPU memory for filters there."""

_COPY = "scale_cuda=format=yuv420p:interp_algo=nearest"
"""NVDEC outputs NV12, `overlay_cuda` needs planes. At the same size `nearest` copies samples without changing them."""

_CODECS = frozenset({"h264", "hevc", "vp9", "av1"})
_MIN_SIDE, _MAX_SIDE = 160, 4096
"""Sides, in pixels, that every GPU with these decoders accepts (the minimum is 128 for VP9 and AV1, 144 for HEVC)."""

MAX_CAPTION_CHANGES = 4000
"""Keeps the expression with the times of the captions shorter than 100 KB; Linux allows 128 KiB per argument."""


def gpu_for_video(
    gpu: Gpu | None,
    video: VideoFacts,
    cues: Sequence[Cue] | None,
    size: tuple[int, int] | None = None,
    *,
    filters_on_cpu: bool = False,
    is_animated: bool = False,
) -> Gpu | None:
    """Return the GPU without the stages that it cannot run for this video.

    `size` is that of the output, by default the video's own. `filters_on_cpu`: the plan changes the picture, or adds
    frames. `is_animated`: captions change with every frame, not only with `cues`.

    The GPU decodes and draws only pictures that need no conversion: CUDA's scaler knows no color matrix, and rotation
    or deinterlacing there depends on the build. The CPU filters all others.
    """
    gpu = gpu_for_size(gpu, size or video.display_size)
    if gpu is None:
        return None
    if not _is_plain(video):
        return gpu.disabling((GpuStage.DECODE, GpuStage.DRAW), UnavailableReason.PICTURE)
    if filters_on_cpu:
        return gpu.disabling((GpuStage.DRAW,), UnavailableReason.PICTURE)
    if cues is not None and (is_animated or len(caption_changes(video, cues)) > MAX_CAPTION_CHANGES):
        return gpu.disabling((GpuStage.DRAW,), UnavailableReason.CAPTIONS)
    return gpu


def gpu_stages(gpu: Gpu | None) -> frozenset[GpuStage]:
    """Return the stages to give to the GPU: drawing there pays only if frames are decoded and encoded there too."""
    supported = frozenset(stage for stage in GpuStage if gpu is not None and gpu.supports(stage))
    return supported if supported == ALL_STAGES else supported - {GpuStage.DRAW}


def gpu_graph(video: VideoFacts, cues: Sequence[Cue] | None) -> str:
    """Return the filter graph from `[0:V:0]` to `[picture]`, with frames in GPU memory at both ends."""
    copied = f"[0:{video.selector}]{_COPY}"
    if cues is None:
        return f"{copied},{TAG_FILTER}[picture]"
    return f"{copied}[main];{_captions(video, cues)}[text];[main][text]overlay_cuda,{TAG_FILTER}[picture]"


def caption_changes(video: VideoFacts, cues: Sequence[Cue]) -> list[int]:
    """Return the times, in units of the video's time base, of frames that show other captions than the previous frame.

    The first frame is always one of them. Whether a frame shows a cue is computed as ffmpeg's `ass` filter does, in
    double precision and truncated to milliseconds. This may move a cue that starts exactly with a frame to the next
    one: then both ways of drawing are late by the same frame.
    """
    begin = math.ceil(video.start / video.time_base)
    times = sorted(time for time in video.packet_times if time >= begin)
    tick = video.time_base.numerator / video.time_base.denominator

    def first_at(milliseconds: int) -> int:
        return bisect_left(times, milliseconds, key=lambda time: int(time * tick * 1000))

    spans = [(first_at(to_centiseconds(cue.start_ms) * 10), first_at(to_centiseconds(cue.end_ms) * 10)) for cue in cues]
    events = sorted(
        event for number, (start, end) in enumerate(spans) if start < end for event in ((start, number), (end, number))
    )
    shown: frozenset[int] = frozenset()
    changes = [0]
    for index, group in groupby(events, key=lambda event: event[0]):
        after = shown.symmetric_difference(number for _, number in group)
        if after != shown and 0 < index < len(times):
            changes.append(index)
        shown = after
    return [times[index] for index in changes] if times else []


def _captions(video: VideoFacts, cues: Sequence[Cue]) -> str:
    """Return a source of transparent canvases with captions, one per change, each at its time.

    Blending them as straight alpha is right because the parts of the text next to transparency are black, like the
    canvas: outline and shadow. The canvas is as large as the picture: uploads are rare, and a smaller band would cut
    off a caption of many lines.
    """
    width, height = video.display_size
    changes = caption_changes(video, cues)
    return (
        f"color=c=black@0:s={width}x{height}:r=1:d={len(changes)},format=yuva420p,"
        f"settb={video.time_base},setpts='{lookup_expression(changes)}',{BURN_FILTER}:alpha=1,hwupload"
    )


def _is_plain(video: VideoFacts) -> bool:
    """Return True if the CPU's filters would change nothing and the GPU can decode the video."""
    converted = replace(video, pix_fmt="yuv420p", color=Color("bt709", "bt709", "bt709"), is_interlaced=False)
    return (
        picture_filters(video) == picture_filters(converted)
        and (video.pix_fmt, video.color.full_range) == (converted.pix_fmt, converted.color.full_range)
        and video.rotation == 0
        and video.sample_aspect == 1
        and video.display_size == (video.width, video.height)
        and min(video.display_size) >= _MIN_SIDE
        and max(video.display_size) <= _MAX_SIDE
        and video.codec in _CODECS
        and video.is_timed
        and not first_frame_filters(video)
    )
