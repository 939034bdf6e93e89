"""A video's picture on the GPU: decoded there, captioned there, and encoded from there.

The captions are drawn by libass on the CPU, on a transparent canvas, once for each time they change;
only those canvases are uploaded. The frames themselves never leave the GPU.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from gpu_worker.media.info import Color, Cue, VideoFacts
from gpu_worker.plan.captions.added_frames import first_frame_filters, lookup
from gpu_worker.plan.captions.layout import BURN_FILTER, hundredths
from gpu_worker.plan.encode import TAG_FILTER, gpu_for_size
from gpu_worker.plan.filters import picture_filters
from gpu_worker.plan.gpu import ALL_STAGES, Gpu, GpuStage, UnavailableReason

CUDA_INPUT_ARGS = (
    *("-init_hw_device", "cuda=gpu:0", "-filter_hw_device", "gpu"),
    *("-hwaccel", "cuda", "-hwaccel_device", "gpu", "-hwaccel_output_format", "cuda"),
    # A thread of the software decoder would each claim a surface, and NVDEC has 32. No extra surfaces
    # (`-extra_hw_frames`) either: the first filter copies each frame and gives its surface back.
    *("-threads", "1"),
)
"""Options before an input that have the GPU decode it, or fail: a silent return to the CPU ends at the first filter."""

DOWNLOAD_FILTERS = "hwdownload,format=nv12,format=yuv420p"
"""Brings decoded frames back for filters of the CPU."""

_COPY = "scale_cuda=format=yuv420p:interp_algo=nearest"
"""NVDEC gives NV12 and `overlay_cuda` blends on planes. At the same size `nearest` moves samples and changes none."""

_CODECS = frozenset({"h264", "hevc", "vp9", "av1"})
_SMALLEST, _LARGEST = 160, 4096
"""Sides every one of these decoders takes on every GPU that has them (VP9 and AV1 ask for 128, HEVC for 144)."""

MAX_CAPTION_CHANGES = 4000
"""The expression that times the captions stays under 100 KB; Linux allows 128 KiB in one argument."""


def gpu_for_video(
    gpu: Gpu | None, video: VideoFacts, cues: Sequence[Cue] | None, *, adds_frames: bool = False
) -> Gpu | None:
    """The GPU as far as it is right for this video. `adds_frames`: to those that the video has.

    It gets only pictures that need no conversion: CUDA's scaler knows no color matrix, and rotation
    or deinterlacing there depends on the build. All others are filtered by the CPU.
    """
    gpu = gpu_for_size(gpu, video.display_size)
    if gpu is None:
        return None
    if not _is_plain(video):
        return gpu.disabling((GpuStage.DECODE, GpuStage.DRAW), UnavailableReason.PICTURE)
    if adds_frames:
        return gpu.disabling((GpuStage.DRAW,), UnavailableReason.PICTURE)
    if cues is not None and len(caption_changes(video, cues)) > MAX_CAPTION_CHANGES:
        return gpu.disabling((GpuStage.DRAW,), UnavailableReason.CAPTIONS)
    return gpu


def gpu_stages(gpu: Gpu | None) -> frozenset[GpuStage]:
    """What a GPU does of a video: drawing pays only where frames are there already and may stay."""
    done = frozenset(part for part in GpuStage if gpu is not None and gpu.supports(part))
    return done if done == ALL_STAGES else done - {GpuStage.DRAW}


def gpu_graph(video: VideoFacts, cues: Sequence[Cue] | None) -> str:
    """The filter graph from `[0:V:0]`, frames on the GPU, to `[picture]`, frames on the GPU."""
    copied = f"[0:{video.selector}]{_COPY}"
    if cues is None:
        return f"{copied},{TAG_FILTER}[picture]"
    return f"{copied}[main];{_captions(video, cues)}[text];[main][text]overlay_cuda,{TAG_FILTER}[picture]"


def caption_changes(video: VideoFacts, cues: Sequence[Cue]) -> list[int]:
    """Times, in units of the video's time base, of the frames that show other captions than the frame before.

    The first frame is always one of them. Whether a cue is on a frame is computed like ffmpeg's `ass`
    filter does, in double precision and cut to milliseconds, which may put a cue that starts exactly
    with a frame on the one after it: both ways of drawing are then late by the same frame.
    """
    begin = math.ceil(video.start / video.time_base)
    times = sorted(time for time in video.packet_times if time >= begin)
    tick = video.time_base.numerator / video.time_base.denominator

    def first_at(milliseconds: int) -> int:
        return bisect_left(times, milliseconds, key=lambda time: int(time * tick * 1000))

    spans = [(first_at(hundredths(cue.start_ms) * 10), first_at(hundredths(cue.end_ms) * 10)) for cue in cues]
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
    """A source of transparent canvases with captions, one per change, each at its time.

    Blending them as straight alpha is right because whatever of the text meets transparency is
    black, like the canvas: outline and shadow. The canvas is the whole picture: uploads are rare, and a
    band cut out of it would cut off a caption of many lines.
    """
    width, height = video.display_size
    changes = caption_changes(video, cues)
    return (
        f"color=c=black@0:s={width}x{height}:r=1:d={len(changes)},format=yuva420p,"
        f"settb={video.time_base},setpts='{lookup(changes)}',{BURN_FILTER}:alpha=1,hwupload"
    )


def _is_plain(video: VideoFacts) -> bool:
    """Whether the CPU's filters would change nothing, and the GPU's decoders take it."""
    done = replace(video, pix_fmt="yuv420p", color=Color("bt709", "bt709", "bt709"), interlaced=False)
    return (
        picture_filters(video) == picture_filters(done)
        and (video.pix_fmt, video.color.full_range) == (done.pix_fmt, done.color.full_range)
        and video.rotation == 0
        and video.sample_aspect == 1
        and video.display_size == (video.width, video.height)
        and min(video.display_size) >= _SMALLEST
        and max(video.display_size) <= _LARGEST
        and video.codec in _CODECS
        and video.timed
        and not first_frame_filters(video)
    )
