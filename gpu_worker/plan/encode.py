"""Encoder and muxer options by format and quality, and what all output files have in common."""

from __future__ import annotations

from fractions import Fraction

from contract.artifacts import VIDEO_FILES, VideoFormat
from contract.options.output import Quality
from gpu_worker.plan.gpu import Gpu, GpuStage, UnavailableReason
from gpu_worker.plan.model import Encoder, PlanOptions, artifact_file

BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
"""Players take an untagged picture for BT.709 at one size and for BT.601 at another, so ours is tagged."""

TAG_FILTER = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""From ffmpeg 7 on the encoder uses the tags of the frames, before that those of the options: both are set."""

_EFFORT: dict[Encoder, dict[Quality, tuple[str, ...]]] = {
    Encoder.X264: {
        Quality.DRAFT: ("-preset", "ultrafast", "-crf", "30"),
        Quality.STANDARD: ("-preset", "veryfast", "-crf", "23"),
        Quality.HIGH: ("-preset", "fast", "-crf", "16"),
    },
    # NVENC's presets cost no CPU, so p5 of p1…p7, "slow (good quality)" in ffmpeg's help, is affordable. It calls
    # constant quality target quality: VBR with `-cq`, and no bit rate, which would cap it at 2 Mb/s.
    Encoder.NVENC: {
        Quality.DRAFT: ("-preset", "p1", "-tune", "hq", "-rc", "vbr", "-cq", "30", "-b:v", "0"),
        Quality.STANDARD: ("-preset", "p5", "-tune", "hq", "-rc", "vbr", "-cq", "23", "-b:v", "0"),
        Quality.HIGH: ("-preset", "p6", "-tune", "hq", "-rc", "vbr", "-cq", "16", "-b:v", "0"),
    },
    Encoder.X265: {
        Quality.DRAFT: ("-preset", "ultrafast", "-crf", "34"),
        Quality.STANDARD: ("-preset", "veryfast", "-crf", "26"),
        Quality.HIGH: ("-preset", "fast", "-crf", "20"),
    },
    Encoder.HEVC_NVENC: {
        Quality.DRAFT: ("-preset", "p1", "-tune", "hq", "-rc", "vbr", "-cq", "32", "-b:v", "0"),
        Quality.STANDARD: ("-preset", "p5", "-tune", "hq", "-rc", "vbr", "-cq", "26", "-b:v", "0"),
        Quality.HIGH: ("-preset", "p6", "-tune", "hq", "-rc", "vbr", "-cq", "19", "-b:v", "0"),
    },
    Encoder.VP9: {
        Quality.DRAFT: ("-deadline", "realtime", "-cpu-used", "8", "-crf", "42", "-b:v", "0"),
        Quality.STANDARD: ("-deadline", "good", "-cpu-used", "5", "-crf", "33", "-b:v", "0"),
        Quality.HIGH: ("-deadline", "good", "-cpu-used", "3", "-crf", "24", "-b:v", "0"),
    },
    Encoder.GIF: dict.fromkeys(Quality, ()),
}
"""Speed and quality. The qualities of different encoders are not calibrated."""

NVENC = frozenset({Encoder.NVENC, Encoder.HEVC_NVENC})
"""The encoders on the GPU."""

_GOP = ("-g", "250")
"""The longest GOP, in frames: x264's default. A keyframe every 2 s makes the video of a zooming photo 40 % to 50 %
larger, and that of a film 20 %."""

_NVENC = (
    # Adaptive quantization spends bits where viewers see them: x264's default, an option of NVENC.
    *("-spatial-aq", "1"),
    # The equivalent of x264's veryfast: 3 B-frames, 10 frames of look-ahead. NVENC's preset decides whether B-frames
    # serve as references: a GPU that cannot do that would refuse the whole encode.
    *("-bf", "3", "-rc-lookahead", "10"),
)
_OPTIONS: dict[Encoder, tuple[str, ...]] = {
    Encoder.X264: (*_GOP, "-profile:v", "high"),
    Encoder.NVENC: (*_NVENC, *_GOP, "-profile:v", "high"),
    # Apple's players recognize HEVC by this tag only. x265 logs to stderr by itself.
    Encoder.X265: (*_GOP, "-tag:v", "hvc1", "-x265-params", "log-level=error"),
    Encoder.HEVC_NVENC: (*_NVENC, *_GOP, "-profile:v", "main", "-tag:v", "hvc1"),
    Encoder.VP9: (*_GOP, "-row-mt", "1"),
    Encoder.GIF: (),
}

_ENCODERS: dict[VideoFormat, tuple[Encoder, Encoder | None]] = {
    VideoFormat.MP4: (Encoder.X264, Encoder.NVENC),
    VideoFormat.MP4_HEVC: (Encoder.X265, Encoder.HEVC_NVENC),
    VideoFormat.WEBM: (Encoder.VP9, None),
    VideoFormat.GIF: (Encoder.GIF, None),
}
"""The encoders of each format: on the CPU, and on the GPU."""

CODECS = {VideoFormat.MP4: "h264", VideoFormat.MP4_HEVC: "hevc", VideoFormat.WEBM: "vp9", VideoFormat.GIF: "gif"}
"""The video codec of each format, by ffmpeg's names."""

_MUXERS: dict[VideoFormat, tuple[str, tuple[str, ...]]] = {
    VideoFormat.MP4: ("mp4", ("-movflags", "+faststart")),
    VideoFormat.MP4_HEVC: ("mp4", ("-movflags", "+faststart")),
    VideoFormat.WEBM: ("webm", ()),
    VideoFormat.GIF: ("gif", ("-loop", "0")),
}
"""The muxer of each format, and its options."""

GIF_RATE = Fraction(25, 2)
"""Frames per second of a GIF, whose clock ticks 100 times per second."""
_GIF_FILTERS = (
    f"fps={GIF_RATE},split[gif_colors][gif_frames];[gif_colors]palettegen[gif_palette];"
    "[gif_frames][gif_palette]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle"
)
"""Colors of all frames: `stats_mode=diff` would not know those of a last scene in which nothing moves."""

_MIN_SIDE, _MAX_SIDE = 160, 4096
"""Sides, in pixels, that NVENC accepts for H.264: from 145 on GPUs of Turing and later, up to 4096."""


def decoder_threads_args(options: PlanOptions) -> tuple[str, ...]:
    """Return options before an input that the CPU encodes, which takes five times as long as decoding.

    By default ffmpeg starts as many threads for decoding as for encoding, and the CPUs mostly switch between them.
    """
    return ("-threads", str(max(1, options.threads // 4)))


def encoder_args(
    encoder: Encoder, threads: int, *, on_gpu: bool = False, quality: Quality = Quality.STANDARD
) -> tuple[str, ...]:
    """Return the options that select and configure the video encoder.

    `on_gpu` means that its frames are in GPU memory and cannot be converted. `threads` is for encoders on the CPU:
    NVENC has a hardware unit of its own.
    """
    options = (*_EFFORT[encoder][quality], *_OPTIONS[encoder])
    if encoder is Encoder.GIF:
        return ("-c:v", encoder.value)
    pixels = () if on_gpu else ("-pix_fmt", "yuv420p")
    cpu = () if encoder in NVENC else ("-threads", str(threads))
    return ("-c:v", encoder.value, *options, *pixels, *cpu, *BT709)


def pick_encoder(video_format: VideoFormat, *, on_gpu: bool) -> Encoder:
    """Return the encoder of a format. `on_gpu` is False if the GPU has none for it."""
    cpu, gpu = _ENCODERS[video_format]
    return gpu if on_gpu and gpu is not None else cpu


def gpu_for_format(options: PlanOptions) -> Gpu | None:
    """Return the GPU, without encoding if it has no encoder for the format."""
    if options.gpu is None or _ENCODERS[options.format][1] is not None:
        return options.gpu
    return options.gpu.disabling((GpuStage.ENCODE,), UnavailableReason.FORMAT)


def finish_graph(graph: str, video_format: VideoFormat) -> str:
    """Return a graph that ends with `[picture]` with what the format needs before its encoder."""
    if video_format is not VideoFormat.GIF:
        return graph
    return f"{graph.removesuffix('[picture]')},{_GIF_FILTERS}[picture]"


def gpu_for_size(gpu: Gpu | None, size: tuple[int, int]) -> Gpu | None:
    """Return the GPU without encoding if NVENC refuses pictures of this size."""
    if gpu is None or (min(size) >= _MIN_SIDE and max(size) <= _MAX_SIDE):
        return gpu
    return gpu.disabling((GpuStage.ENCODE,), UnavailableReason.PICTURE)


def output_args(options: PlanOptions, *, has_subtitles: bool = False) -> tuple[str, ...]:
    """Return the options of the output file: no metadata of the inputs, index in front, limited size.

    `-fs` ends ffmpeg without an error, so the caller must compare the size of the file with the limit.
    """
    muxer, flags = _MUXERS[options.format]
    return (
        *("-map_metadata", "-1", "-map_chapters", "-1", *(() if has_subtitles else ("-sn",)), "-dn"),
        *(*flags, "-fs", str(options.max_output_bytes), "-f", muxer, "-y", output_file(options)),
    )


def output_file(options: PlanOptions) -> str:
    """Return the name of the video's file."""
    return artifact_file(options.output_name or VIDEO_FILES[options.format].name)


def format_seconds(value: Fraction) -> str:
    """Format a time for ffmpeg's command line, to the microsecond that it keeps."""
    return f"{float(value):.6f}"
