"""The line that the command line prints about a video."""

from __future__ import annotations

from dataclasses import replace

from contract.messages import LoudnessFacts, MediaFacts
from gpu_worker.cli.describe_output import describe_video
from gpu_worker.pipeline.transcode import Output

_MEDIA = MediaFacts(
    width=320, height=180, frame_rate=25.0, frames=50, duration_seconds=2.0, video_codec="h264", audio_codec="aac"
)
_COPY = Output({}, _MEDIA, encoder=None, video_mode="copy", warnings=(), copied_seconds=2.0, encoded_seconds=0.0)


def test_measured_loudness_follows_the_codec_of_the_sound() -> None:
    loudness = LoudnessFacts(lufs=-14.06, true_peak_db=-1.42, input_lufs=-22.0, gain_db=8.0)
    line = describe_video(replace(_COPY, loudness=loudness), "9 bytes")
    assert line == (
        "320x180, 50 frames at 25 fps, 2.000 s, h264, aac, loudness -14.1 LUFS, -1.4 dBTP, 9 bytes, picture copied"
    )
    assert "loudness" not in describe_video(_COPY, "9 bytes")


def test_seconds_are_named_where_a_part_of_the_picture_is_copied() -> None:
    encode = replace(_COPY, encoder="libx264", video_mode="encode")
    part = replace(encode, copied_seconds=1.5, encoded_seconds=0.5)
    assert describe_video(part, "").endswith("1.500 s copied, 0.500 s encoded with libx264")
    whole = replace(encode, copied_seconds=0.0, encoded_seconds=2.0)
    assert describe_video(whole, "").endswith(", encoded with libx264")
