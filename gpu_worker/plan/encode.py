"""How a picture is encoded: one row of options per encoder, and what every output file has in common."""

from __future__ import annotations

from gpu_worker.plan.steps import OUTPUT, Encoder, Means

BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
"""Players take an untagged picture for BT.709 at one size and BT.601 at another; ours says what it is."""

TAG_FILTER = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""From ffmpeg 7 on the encoder believes the frames, before that the options: both are given."""

_OPTIONS: dict[Encoder, tuple[str, ...]] = {
    Encoder.X264: ("-preset", "veryfast", "-crf", "23"),
    Encoder.NVENC: ("-preset", "p5", "-tune", "hq", "-rc", "vbr", "-cq", "23", "-b:v", "0", "-spatial-aq", "1"),
}


def encoder_args(encoder: Encoder, threads: int) -> tuple[str, ...]:
    """Options that choose and set the video encoder. Threads count for libx264 only: NVENC has its own unit."""
    own = ("-threads", str(threads)) if encoder is Encoder.X264 else ()
    return ("-c:v", encoder.value, *_OPTIONS[encoder], "-profile:v", "high", "-pix_fmt", "yuv420p", *own, *BT709)


def file_args(means: Means) -> tuple[str, ...]:
    """Options of the file itself: no metadata of the sources, index in front, bounded size.

    `-fs` stops ffmpeg without an error, so whoever runs this compares the size with the bound.
    """
    return (
        *("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn"),
        *("-movflags", "+faststart", "-fs", str(means.max_output_bytes), "-f", "mp4", "-y", OUTPUT),
    )
