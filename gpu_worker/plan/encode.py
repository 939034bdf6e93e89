"""Encoder and muxer options: one row per property of the encode, and what all output files have in common."""

from __future__ import annotations

from fractions import Fraction

from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import OUTPUT, Encoder, PlanOptions

BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
"""Players take an untagged picture for BT.709 at one size and for BT.601 at another, so ours is tagged."""

TAG_FILTER = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""From ffmpeg 7 on the encoder uses the tags of the frames, before that those of the options: both are set."""

_TABLE: tuple[dict[Encoder, tuple[str, ...]], ...] = (
    # Effort. NVENC's presets cost no CPU, so p5 of p1…p7, "slow (good quality)" in ffmpeg's help, is affordable.
    {Encoder.X264: ("-preset", "veryfast"), Encoder.NVENC: ("-preset", "p5", "-tune", "hq")},
    # Constant quality. NVENC calls it target quality: VBR with `-cq`, and no bit rate, which would cap it at 2 Mb/s.
    {Encoder.X264: ("-crf", "23"), Encoder.NVENC: ("-rc", "vbr", "-cq", "23", "-b:v", "0")},
    # Adaptive quantization spends bits where viewers see them: x264's default, an option of NVENC.
    {Encoder.NVENC: ("-spatial-aq", "1")},
    # The equivalent of x264's veryfast: 3 B-frames, 10 frames of look-ahead. NVENC's preset decides whether B-frames
    # serve as references: a GPU that cannot do that would refuse the whole encode.
    {Encoder.NVENC: ("-bf", "3", "-rc-lookahead", "10")},
    # The longest GOP, in frames: x264's default. A keyframe every 2 s makes the video of a zooming photo 40 % to 50 %
    # larger, and that of a film 20 %.
    {Encoder.X264: ("-g", "250"), Encoder.NVENC: ("-g", "250")},
)
"""One row per property of the encode, one column per encoder. The qualities 23 and 23 are not calibrated."""

_MIN_SIDE, _MAX_SIDE = 160, 4096
"""Sides, in pixels, that NVENC accepts for H.264: from 145 on GPUs of Turing and later, up to 4096."""


def encoder_args(encoder: Encoder, threads: int, *, on_gpu: bool = False) -> tuple[str, ...]:
    """Return the options that select and configure the video encoder.

    `on_gpu` means that its frames are in GPU memory and cannot be converted. `threads` is for libx264: NVENC has a
    hardware unit of its own.
    """
    options = tuple(option for row in _TABLE for option in row.get(encoder, ()))
    pixels = () if on_gpu else ("-pix_fmt", "yuv420p")
    cpu = ("-threads", str(threads)) if encoder is Encoder.X264 else ()
    return ("-c:v", encoder.value, *options, "-profile:v", "high", *pixels, *cpu, *BT709)


def gpu_for_size(gpu: Gpu | None, size: tuple[int, int]) -> Gpu | None:
    """Return the GPU without encoding if NVENC refuses pictures of this size."""
    if gpu is None or (min(size) >= _MIN_SIDE and max(size) <= _MAX_SIDE):
        return gpu
    return gpu.disabling((GpuStage.ENCODE,), UnavailableReason.PICTURE)


def output_args(options: PlanOptions, *, has_subtitles: bool = False) -> tuple[str, ...]:
    """Return the options of the output file: no metadata of the inputs, index in front, limited size.

    `-fs` ends ffmpeg without an error, so the caller must compare the size of the file with the limit.
    """
    return (
        *("-map_metadata", "-1", "-map_chapters", "-1", *(() if has_subtitles else ("-sn",)), "-dn"),
        *("-movflags", "+faststart", "-fs", str(options.max_output_bytes), "-f", "mp4", "-y", OUTPUT),
    )


def format_seconds(value: Fraction) -> str:
    """Format a time for ffmpeg's command line, to the microsecond that it keeps."""
    return f"{float(value):.6f}"
