"""How a picture is encoded: one row of options per encoder, and what every output file has in common."""

from __future__ import annotations

from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import OUTPUT, Encoder, PlanOptions

BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
"""Players take an untagged picture for BT.709 at one size and BT.601 at another; ours says what it is."""

TAG_FILTER = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""From ffmpeg 7 on the encoder believes the frames, before that the options: both are given."""

_TABLE: tuple[dict[Encoder, tuple[str, ...]], ...] = (
    # Effort. NVENC's presets cost no CPU: p5 of p1…p7, "slow (good quality)" in ffmpeg's words, can be afforded.
    {Encoder.X264: ("-preset", "veryfast"), Encoder.NVENC: ("-preset", "p5", "-tune", "hq")},
    # Constant quality. NVENC calls it target quality: VBR with `-cq`, and no bit rate, which would cap it at 2 Mb/s.
    {Encoder.X264: ("-crf", "23"), Encoder.NVENC: ("-rc", "vbr", "-cq", "23", "-b:v", "0")},
    # Bits go where the eye looks: x264's default, to be asked for in NVENC.
    {Encoder.NVENC: ("-spatial-aq", "1")},
    # What veryfast means to x264: 3 B-frames, 10 frames of look-ahead. B-frames as references are left to NVENC's
    # preset: a GPU that cannot do them would refuse the whole encode.
    {Encoder.NVENC: ("-bf", "3", "-rc-lookahead", "10")},
    # Frames from one keyframe to the next, at most: x264's default. A keyframe every 2 s makes a zooming photo 40 %
    # to 50 % larger, a film 20 %.
    {Encoder.X264: ("-g", "250"), Encoder.NVENC: ("-g", "250")},
)
"""One row per property of the encode, one column per encoder. The rates 23 and 23 are not calibrated on each other."""

_SMALLEST, _LARGEST = 160, 4096
"""Sides NVENC takes for H.264: 145 on GPUs of Turing and later, up to 4096."""


def encoder_args(encoder: Encoder, threads: int, *, on_gpu: bool = False) -> tuple[str, ...]:
    """Options that choose and set the video encoder. `on_gpu`: its frames lie there and cannot be converted.

    Threads count for libx264 only: NVENC has its own unit.
    """
    options = tuple(option for row in _TABLE for option in row.get(encoder, ()))
    pixels = () if on_gpu else ("-pix_fmt", "yuv420p")
    own = ("-threads", str(threads)) if encoder is Encoder.X264 else ()
    return ("-c:v", encoder.value, *options, "-profile:v", "high", *pixels, *own, *BT709)


def gpu_for_size(gpu: Gpu | None, size: tuple[int, int]) -> Gpu | None:
    """The GPU as far as it can encode pictures of this size."""
    if gpu is None or (min(size) >= _SMALLEST and max(size) <= _LARGEST):
        return gpu
    return gpu.disabling((GpuStage.ENCODE,), UnavailableReason.PICTURE)


def output_args(means: PlanOptions) -> tuple[str, ...]:
    """Options of the file itself: no metadata of the sources, index in front, bounded size.

    `-fs` stops ffmpeg without an error, so whoever runs this compares the size with the bound.
    """
    return (
        *("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn"),
        *("-movflags", "+faststart", "-fs", str(means.max_output_bytes), "-f", "mp4", "-y", OUTPUT),
    )
