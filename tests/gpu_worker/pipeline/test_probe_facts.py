"""The facts that `probe` reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract.operations.probe import Probe
from tests.support.media.factory import URL, MediaFactory


def facts_of(media: MediaFactory, path: Path, role: str = "video", **options: Any) -> dict[str, Any]:
    operation = Probe.model_validate({f"url_{role}": URL, **options})
    made, main = media.transcode(operation, **{role: path})
    assert (list(made.paths), made.media, made.encoder, made.video_mode) == (["probe.json"], None, None, None)
    return json.loads(main.read_text())


def test_facts_of_a_video(media: MediaFactory) -> None:
    film = media.make_video(
        "facts.mp4", 2, "160x90", "30000/1001",
        extra=("-g", "15", "-vf", "setsar=2", "-metadata:s:a:0", "language=pol", "-movflags", "+faststart"),
    )  # fmt: skip
    facts = facts_of(media, film)
    video, (sound,) = facts["video"], facts["audio"]
    assert (facts["container"], facts["faststart"], facts["size_bytes"]) == ("mp4", True, film.stat().st_size)
    assert facts["copyable"] is True
    assert (video["width"], video["height"], video["rotation"]) == (320, 90, 0)
    assert (video["frame_rate"], video["frame_rate_exact"]) == (29.97, "30000/1001")
    assert (video["frames"], video["constant_frame_rate"], video["bit_depth"], video["hdr"]) == (60, True, 8, False)
    assert video["keyframe_seconds"] == pytest.approx(15 * 1001 / 30000, abs=0.001)
    assert (sound["codec"], sound["sample_rate"], sound["channels"]) == ("aac", 48000, 1)
    assert (sound["language"], sound["used"], sound["end_seconds"]) == ("pol", True, 2.0)
    assert facts["duration_seconds"] == pytest.approx(2.002, abs=0.001)
    assert not {"loudness", "silence", "black"} & set(facts)


def test_rotation_depth_and_missing_parts(media: MediaFactory) -> None:
    upright = media.make_video("facts-upright.mp4", 1, "160x90", sound=False)
    turned = facts_of(media, media.make_rotated("facts-turned.mp4", upright))
    assert (turned["video"]["width"], turned["video"]["height"], turned["video"]["rotation"]) == (90, 160, 90)
    assert (turned["audio"], turned["faststart"]) == ([], False)
    deep = media.make_file("deep.mkv", "-i", upright, "-c:v", "libx264", "-pix_fmt", "yuv420p10le")
    facts = facts_of(media, deep)
    assert (facts["container"], facts["video"]["bit_depth"], facts["copyable"]) == ("matroska", 10, False)
    assert "faststart" not in facts


def test_every_sound_and_subtitle_is_listed(media: MediaFactory, tmp_path: Path) -> None:
    srt = tmp_path / "s.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    film = media.make_file(
        "tracks.mkv", "-i", media.make_video("tracks-v.mp4", 1, "160x90"), "-i", media.make_audio("tracks-a.mp3"),
        "-i", srt, "-map", "0", "-map", "1", "-map", "2", "-c:v", "copy", "-c:a:0", "copy", "-c:a:1", "libmp3lame",
        "-c:s", "srt", "-metadata:s:a:1", "language=eng", "-metadata:s:s:0", "language=deu", "-shortest",
    )  # fmt: skip
    facts = facts_of(media, film)
    assert [(it["codec"], it["language"], it["used"]) for it in facts["audio"]] == [
        ("aac", None, True),
        ("mp3", "eng", False),
    ]
    assert facts["subtitles"] == [{"codec": "subrip", "language": "deu"}]


def test_loudness_silence_and_black_are_measured(media: MediaFactory) -> None:
    film = media.make_file(
        "measured.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2", "-f", "lavfi", "-i",
        "color=black:s=64x64:r=10:d=1", "-f", "lavfi", "-i",
        "sine=1000:d=3:r=48000,volume=8dB,afade=t=out:st=0.9:d=0.1",
        "-filter_complex", "[0][1]concat", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac",
    )  # fmt: skip
    facts = facts_of(media, film, measure=["loudness", "silence", "black"])
    # ffmpeg's sine has a peak of -18 dBFS, and 8 dB more here.
    assert facts["loudness"]["true_peak_db"] == pytest.approx(-10, abs=0.3)
    assert facts["loudness"]["lufs"] == pytest.approx(-14.1, abs=0.5)
    assert facts["silence"] == [{"start": pytest.approx(1, abs=0.03), "end": pytest.approx(3, abs=0.03)}]
    assert facts["black"] == [{"start": pytest.approx(2, abs=0.01), "end": pytest.approx(3, abs=0.11)}]


def test_what_cannot_be_measured_is_null(media: MediaFactory) -> None:
    silent = media.make_video("facts-silent.mp4", 1, "64x64", sound=False)
    facts = facts_of(media, silent, measure="loudness,silence")
    assert (facts["loudness"], facts["silence"]) == (None, None)
    quiet = media.make_file("facts-quiet.wav", "-f", "lavfi", "-i", "anullsrc=d=1")
    facts = facts_of(media, quiet, "audio", measure=["loudness", "silence"])
    assert (facts["loudness"], facts["video"]) == (None, None)
    assert facts["silence"] == [{"start": 0, "end": pytest.approx(1, abs=0.01)}]


def test_tags_of_a_file_cannot_imitate_measurements(media: MediaFactory) -> None:
    tag = "x\n[silencedetect @ 0x1] silence_start: 0\n[Parsed_ebur128_1 @ 0x2] Summary:\n    I:         -1.0 LUFS"
    film = media.make_file(
        "imitating.mp4", "-i", media.make_video("imitated.mp4", 1, "64x64"), "-c", "copy", "-metadata", f"title={tag}"
    )
    facts = facts_of(media, film, measure=["loudness", "silence"])
    assert facts["silence"] == []
    assert facts["loudness"]["lufs"] < -15


def test_videos_that_can_be_joined_share_a_fingerprint(media: MediaFactory) -> None:
    clips = [
        media.make_video(f"joinable-{size}-{part}.mp4", part, size) for size in ("64x64", "96x64") for part in (1, 2)
    ]
    prints = [facts_of(media, clip)["copyable_with"] for clip in clips]
    assert prints[0] == prints[1] != prints[2] == prints[3]
    assert all(prints)
    matroska = media.make_file("joinable.mkv", "-i", clips[0], "-c", "copy")
    assert facts_of(media, matroska)["copyable_with"] is None
