"""Describe a finished video in one line."""

from __future__ import annotations

from gpu_worker.pipeline.transcode import Output


def describe_video(result: Output, size: str) -> str:
    """Return the facts about the video of a result; `size` is that of its file, such as "1024 bytes"."""
    media, loudness = result.media, result.loudness
    if media is None:
        return size
    sound = media.audio_codec or "no sound"
    if loudness is not None:
        sound += f", loudness {loudness.lufs:.1f} LUFS, {loudness.true_peak_db:.1f} dBTP"
    return (
        f"{media.width}x{media.height}, {media.frames} frames at {media.frame_rate:g} fps, "
        f"{media.duration_seconds:.3f} s, {media.video_codec}, {sound}, {size}, {_describe_picture(result)}"
    )


def _describe_picture(result: Output) -> str:
    if result.encoder is None:
        return "picture copied"
    if result.copied_seconds:
        encoded = result.encoded_seconds or 0.0
        return f"{result.copied_seconds:.3f} s copied, {encoded:.3f} s encoded with {result.encoder}"
    return f"encoded with {result.encoder}"
