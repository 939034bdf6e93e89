"""Audible results, and what stays unchanged when only a sound is added."""

from __future__ import annotations

import math
import re
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from gpu_worker.media.info import VideoFacts
from tests.support.media.factory import URL, MediaFactory


def loudness(media: MediaFactory, path: Path, hertz: int, start: float = 0.2, length: float = 0.8) -> float:
    """Return the strength of one tone, 0 to 1, by correlation."""
    rate = 8000
    raw = media.run_ffmpeg(
        "-ss",
        str(start),
        "-t",
        str(length),
        "-i",
        path,
        "-map",
        "0:a:0",
        "-ac",
        "1",
        "-ar",
        str(rate),
        "-f",
        "s16le",
        "-",
    )
    samples = struct.unpack(f"<{len(raw) // 2}h", raw)
    real = sum(v * math.cos(2 * math.pi * hertz * i / rate) for i, v in enumerate(samples))
    imaginary = sum(v * math.sin(2 * math.pi * hertz * i / rate) for i, v in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples) / 32768


def picture(media: MediaFactory, path: Path) -> VideoFacts:
    facts = media.probe(path).video
    assert facts is not None
    return facts


def test_picture_is_copied_bit_by_bit_and_the_sound_replaced(media: MediaFactory) -> None:
    video, sound = media.make_video(), media.make_audio("long.mp3", 4)
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=video, audio=sound)
    assert (made.video_mode, made.encoder) == ("copy", None)
    assert media.list_packets(path, "0:v:0") == media.list_packets(video, "0:v:0")
    assert loudness(media, path, 880) > 0.08
    assert loudness(media, path, 440) < 0.005
    audio = media.probe(path).audio
    assert audio is not None
    assert (audio.codec, audio.channels) == ("aac", 1)
    assert float(audio.end) == pytest.approx(2.0, abs=0.03)


def test_aac_is_copied_too(media: MediaFactory) -> None:
    sound = media.make_audio("voice.m4a", 4)
    _made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=media.make_video(), audio=sound)
    ours, theirs = media.list_packets(path, "0:a:0"), media.list_packets(sound, "0:a:0")
    assert ours[:80] == theirs[:80]
    assert len(ours) < len(theirs)


@pytest.mark.parametrize("end", [0.63, 0.8, 1.0, 1.21, 1.47, 1.5])
@pytest.mark.parametrize("preset", ["ultrafast", "medium"])
def test_longer_video_ends_with_the_sound_without_gaps(media: MediaFactory, preset: str, end: float) -> None:
    video = media.make_video(f"b-{preset}.mp4", 2, extra=("-preset", preset, "-bf", "3" if preset == "medium" else "0"))
    sound = media.make_audio(f"cut{end}.wav", end)
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=video, audio=sound)
    facts = picture(media, path)
    assert facts.frames == made.media.frames == math.ceil(end * 25)
    times = sorted(facts.packet_times)[: facts.frames]
    steps = {after - before for before, after in pairwise(times)}
    assert len(steps) == 1, "a hole between frames"
    assert len(media.decode_frames(path)) == facts.frames
    audio = media.probe(path).audio
    assert audio is not None
    assert float(audio.end) == pytest.approx(end, abs=0.001)


def test_mp3_duration_comes_from_its_packets(media: MediaFactory) -> None:
    # First loud, then nearly silent: a variable bit rate, and no header with the number of frames.
    noise = ("-f", "lavfi", "-i", "anoisesrc=d=1:r=44100:a=0.8,apad=whole_dur=4")
    song = media.make_file("headless.mp3", *noise, "-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0")
    header = re.search(r"Duration: 00:00:(\d+\.\d+)", media.read_header(song))
    assert header is not None
    assert abs(float(header[1]) - 4) > 0.3, "the header tells the truth here, so it proves nothing"
    made, _path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL), video=media.make_video("six.mp4", 6), audio=song
    )
    assert made.media.duration_seconds == pytest.approx(4, abs=0.06)
    assert made.media.frames in {100, 101, 102}


def test_longer_sound_ends_with_the_video(media: MediaFactory) -> None:
    made, _path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL), video=media.make_video(), audio=media.make_audio("l.wav", 5)
    )
    assert made.media.frames == 50
    assert made.media.duration_seconds == pytest.approx(2.0, abs=0.03)


def test_mixing_keeps_both_sounds_at_their_loudness(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, mode="mix", volume=0.5)
    made, path = media.transcode(operation, video=media.make_video(), audio=media.make_audio("long.mp3", 4))
    assert made.video_mode == "copy"
    assert loudness(media, path, 440) == pytest.approx(0.125, rel=0.1)
    assert loudness(media, path, 880) == pytest.approx(0.0625, rel=0.1)


def test_mixing_into_a_silent_video_is_the_plain_sound(media: MediaFactory) -> None:
    silent = media.make_video("silent.mp4", 2, sound=False)
    _made, path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL, mode="mix"), video=silent, audio=media.make_audio()
    )
    assert loudness(media, path, 880) > 0.08


def test_volume_scales_the_new_sound(media: MediaFactory) -> None:
    _made, path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL, volume=2),
        video=media.make_video(),
        audio=media.make_audio("long.mp3", 4),
    )
    assert loudness(media, path, 880) == pytest.approx(0.25, rel=0.1)


def test_rotation_of_a_copied_video_is_kept(media: MediaFactory) -> None:
    turned = media.make_rotated("turned2.mp4", media.make_video())
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=turned, audio=media.make_audio())
    assert picture(media, path).rotation == picture(media, turned).rotation == 90
    assert (made.media.width, made.media.height) == (180, 320)


@pytest.mark.parametrize(
    ("name", "extra", "mode"),
    [
        ("h.mkv", (), "copy"),
        ("h.ts", ("-c:v", "libx264"), "copy"),
        ("v.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime"), "copy"),
        ("x265.mp4", ("-c:v", "libx265", "-x265-params", "log-level=none"), "copy"),
        ("m.mp4", ("-c:v", "mpeg4"), "copy"),
        ("a.avi", ("-c:v", "mpeg4"), "encode"),
    ],
)
def test_only_playable_formats_are_copied(media: MediaFactory, name: str, extra: tuple[str, ...], mode: str) -> None:
    video = media.make_video(name, 1, extra=extra)
    made, path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL), video=video, audio=media.make_audio("l.wav", 5)
    )
    assert made.video_mode == mode
    assert made.media.frames == 25
    assert len(media.decode_frames(path)) == 25
    if name == "x265.mp4":
        assert "hvc1" in media.read_header(path)


def test_cover_art_is_ignored(media: MediaFactory) -> None:
    cover = media.make_circle("cover.png", (64, 64), 10)
    song = media.make_file(
        "art.mp3",
        "-i",
        media.make_audio(),
        "-i",
        cover,
        "-map",
        "0:a",
        "-map",
        "1:v",
        "-c:v",
        "mjpeg",
        "-disposition:v",
        "attached_pic",
    )
    film = media.make_file(
        "art.mp4",
        "-i",
        cover,
        "-i",
        media.make_video(),
        "-map",
        "1:v",
        "-map",
        "1:a",
        "-map",
        "0:v",
        "-c",
        "copy",
        "-c:v:1",
        "mjpeg",
        "-disposition:v:1",
        "attached_pic",
    )
    made, _path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=film, audio=song)
    assert (made.media.width, made.media.frames, made.media.video_codec) == (320, 38, "h264")


def test_captioning_copies_the_sound(media: MediaFactory) -> None:
    srt = media.folder / "s.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:01,000\nhi\n")
    video = media.make_video()
    _made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=srt)
    assert media.list_packets(path, "0:a:0") == media.list_packets(video, "0:a:0")
    pcm = media.make_video("pcm.mov", 1, extra=("-c:a", "pcm_s16le"))
    made, _path = media.transcode(Caption(url_video=URL, url_srt=URL), video=pcm, subtitles=srt)
    assert made.media.audio_codec == "aac"


@pytest.mark.fault("G8")
@pytest.mark.parametrize(
    ("channels", "rate", "expected"), [(1, 8000, (1, 48000)), (6, 96000, (2, 48000)), (8, 44100, (2, 44100))]
)
def test_unusual_sound_becomes_stereo_aac(
    media: MediaFactory, channels: int, rate: int, expected: tuple[int, int]
) -> None:
    sound = media.make_audio(f"odd{channels}.wav", 1, extra=("-ac", str(channels), "-ar", str(rate)))
    _made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=media.make_video(), audio=sound)
    audio = media.probe(path).audio
    assert audio is not None
    assert (audio.channels, audio.sample_rate) == expected


def still(media: MediaFactory) -> Path:
    return media.make_circle("cp.png", (160, 90), 20)


@pytest.mark.parametrize(("duration", "frames"), [(3.0, 72), (0.5, 12), (None, 36)])
def test_composed_clip_lasts_as_requested_or_as_its_sound(
    media: MediaFactory, duration: float | None, frames: int
) -> None:
    operation = Compose(url_image=URL, url_audio=URL, size="160x90", duration=duration)
    made, path = media.transcode(operation, image=still(media), audio=media.make_audio("s.wav", 1.5))
    facts = media.probe(path)
    assert facts.video is not None
    assert facts.audio is not None
    assert made.media.frames == frames
    assert facts.video.duration == Fraction(frames, 24)
    assert float(facts.audio.end) == pytest.approx(frames / 24, abs=0.05)
    if duration == 3.0:
        assert loudness(media, path, 880, 0.2, 1.0) > 0.08
        assert loudness(media, path, 880, 1.7, 1.0) < 0.002


def test_composed_clip_without_sound_lasts_as_its_subtitles_or_5_s(media: MediaFactory) -> None:
    srt = media.folder / "two.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:02,000\nhi\n")
    made, _path = media.transcode(Compose(url_image=URL, url_srt=URL, size="160x90"), image=still(media), subtitles=srt)
    assert made.media.frames == 48
    made, _path = media.transcode(Compose(url_image=URL, size="160x90"), image=still(media))
    assert (made.media.frames, made.media.audio_codec) == (120, None)


def test_video_composed_with_sound_only_is_copied(media: MediaFactory) -> None:
    made, _path = media.transcode(
        Compose(url_video=URL, url_audio=URL), video=media.make_video(), audio=media.make_audio()
    )
    assert made.video_mode == "copy"


def test_video_composed_with_captions_keeps_or_changes_its_sound(media: MediaFactory) -> None:
    srt = media.folder / "hi.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:02,000\nhi\n")
    made, path = media.transcode(Compose(url_video=URL, url_srt=URL), video=media.make_video(), subtitles=srt)
    assert (made.video_mode, made.media.frames) == ("encode", 50)
    assert loudness(media, path, 440) > 0.08
    made, path = media.transcode(
        Compose(url_video=URL, url_srt=URL, url_audio=URL),
        video=media.make_video(),
        subtitles=srt,
        audio=media.make_audio("s.wav", 1.5),
    )
    assert made.media.frames == 38
    assert loudness(media, path, 440) < 0.005
    assert loudness(media, path, 880) > 0.08


def test_real_video_is_copied_and_captioned_with_all_frames(media: MediaFactory, real_media: Path) -> None:
    film, speech = real_media / "bigbuckbunny.mp4", real_media / "a40.mp3"
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=film, audio=speech)
    assert (made.video_mode, made.media.frames, made.media.duration_seconds) == ("copy", 132, 5.28)
    assert media.list_packets(path, "0:v:0") == media.list_packets(film, "0:v:0")
    srt = media.folder / "film.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:01,000\nhi\n")
    made, path = media.transcode(Caption(url_video=URL, url_srt=URL), video=film, subtitles=srt)
    assert made.media.frames == 132
    assert media.list_packets(path, "0:a:0") == media.list_packets(film, "0:a:0")
