"""What is to be heard, and what stays untouched when only sound is added."""

from __future__ import annotations

import math
import re
import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from contract.operations import AddAudio, Caption, Compose
from gpu_worker.media.info import VideoFacts
from tests.support.media.factory import MediaFactory, U


def loudness(studio: MediaFactory, path: Path, hertz: int, start: float = 0.2, length: float = 0.8) -> float:
    """Strength of one tone, 0 to 1, by correlation with it."""
    rate = 8000
    raw = studio.run("-ss", str(start), "-t", str(length), "-i", path, "-map", "0:a:0", "-ac", "1", "-ar", str(rate),
                     "-f", "s16le", "-")  # fmt: skip
    samples = struct.unpack(f"<{len(raw) // 2}h", raw)
    real = sum(v * math.cos(2 * math.pi * hertz * i / rate) for i, v in enumerate(samples))
    imaginary = sum(v * math.sin(2 * math.pi * hertz * i / rate) for i, v in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples) / 32768


def picture(studio: MediaFactory, path: Path) -> VideoFacts:
    facts = studio.probe(path).video
    assert facts is not None
    return facts


def test_the_picture_is_copied_bit_by_bit_and_the_old_sound_is_gone(studio: MediaFactory) -> None:
    video, sound = studio.video(), studio.sound("long.mp3", 4)
    made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=video, audio=sound)
    assert (made.video_mode, made.encoder) == ("copy", None)
    assert studio.listing(path, "0:v:0") == studio.listing(video, "0:v:0")
    assert loudness(studio, path, 880) > 0.08
    assert loudness(studio, path, 440) < 0.005
    audio = studio.probe(path).audio
    assert audio is not None
    assert (audio.codec, audio.channels) == ("aac", 1)
    assert float(audio.end) == pytest.approx(2.0, abs=0.03)


def test_aac_is_copied_too(studio: MediaFactory) -> None:
    sound = studio.sound("voice.m4a", 4)
    _made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=studio.video(), audio=sound)
    ours, theirs = studio.listing(path, "0:a:0"), studio.listing(sound, "0:a:0")
    assert ours[:80] == theirs[:80]
    assert len(ours) < len(theirs)


@pytest.mark.parametrize("end", [0.63, 0.8, 1.0, 1.21, 1.47, 1.5])
@pytest.mark.parametrize("preset", ["ultrafast", "medium"])
def test_a_longer_video_ends_with_the_sound_without_holes(studio: MediaFactory, preset: str, end: float) -> None:
    video = studio.video(f"b-{preset}.mp4", 2, extra=("-preset", preset, "-bf", "3" if preset == "medium" else "0"))
    sound = studio.sound(f"cut{end}.wav", end)
    made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=video, audio=sound)
    facts = picture(studio, path)
    assert facts.frames == made.media.frames == math.ceil(end * 25)
    times = sorted(facts.packet_times)[: facts.frames]
    steps = {after - before for before, after in pairwise(times)}
    assert len(steps) == 1, "a hole between frames"
    assert len(studio.frames(path)) == facts.frames
    audio = studio.probe(path).audio
    assert audio is not None
    assert float(audio.end) == pytest.approx(end, abs=0.001)


def test_an_mp3_is_measured_by_its_packets(studio: MediaFactory) -> None:
    # Loud at first, nearly silent then, at a variable bit rate, and no header that counts the frames.
    noise = ("-f", "lavfi", "-i", "anoisesrc=d=1:r=44100:a=0.8,apad=whole_dur=4")
    song = studio.file("headless.mp3", *noise, "-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0")
    header = re.search(r"Duration: 00:00:(\d+\.\d+)", studio.header(song))
    assert header is not None
    assert abs(float(header[1]) - 4) > 0.3, "the header tells the truth here, so it proves nothing"
    made, _path = studio.make(AddAudio(url_video=U, url_audio=U), video=studio.video("six.mp4", 6), audio=song)
    assert made.media.duration_seconds == pytest.approx(4, abs=0.06)
    assert made.media.frames in {100, 101, 102}


def test_a_longer_sound_ends_with_the_video(studio: MediaFactory) -> None:
    made, _path = studio.make(AddAudio(url_video=U, url_audio=U), video=studio.video(), audio=studio.sound("l.wav", 5))
    assert made.media.frames == 50
    assert made.media.duration_seconds == pytest.approx(2.0, abs=0.03)


def test_mixing_keeps_both_sounds_at_their_loudness(studio: MediaFactory) -> None:
    operation = AddAudio(url_video=U, url_audio=U, mode="mix", volume=0.5)
    made, path = studio.make(operation, video=studio.video(), audio=studio.sound("long.mp3", 4))
    assert made.video_mode == "copy"
    assert loudness(studio, path, 440) == pytest.approx(0.125, rel=0.1)
    assert loudness(studio, path, 880) == pytest.approx(0.0625, rel=0.1)


def test_mixing_into_a_silent_video_is_the_plain_sound(studio: MediaFactory) -> None:
    silent = studio.video("silent.mp4", 2, sound=False)
    _made, path = studio.make(AddAudio(url_video=U, url_audio=U, mode="mix"), video=silent, audio=studio.sound())
    assert loudness(studio, path, 880) > 0.08


def test_volume_scales_the_new_sound(studio: MediaFactory) -> None:
    _made, path = studio.make(
        AddAudio(url_video=U, url_audio=U, volume=2), video=studio.video(), audio=studio.sound("long.mp3", 4)
    )
    assert loudness(studio, path, 880) == pytest.approx(0.25, rel=0.1)


def test_rotation_of_a_copied_video_is_kept(studio: MediaFactory) -> None:
    turned = studio.turned("turned2.mp4", studio.video())
    made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=turned, audio=studio.sound())
    assert picture(studio, path).rotation == picture(studio, turned).rotation == 90
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
def test_only_what_players_know_is_copied(studio: MediaFactory, name: str, extra: tuple[str, ...], mode: str) -> None:
    video = studio.video(name, 1, extra=extra)
    made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=video, audio=studio.sound("l.wav", 5))
    assert made.video_mode == mode
    assert made.media.frames == 25
    assert len(studio.frames(path)) == 25
    if name == "x265.mp4":
        assert "hvc1" in studio.header(path)


def test_cover_art_is_neither_picture_nor_trouble(studio: MediaFactory) -> None:
    cover = studio.circle("cover.png", (64, 64), 10)
    song = studio.file(
        "art.mp3",
        "-i",
        studio.sound(),
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
    film = studio.file("art.mp4", "-i", cover, "-i", studio.video(), "-map", "1:v", "-map", "1:a", "-map", "0:v",
                       "-c", "copy", "-c:v:1", "mjpeg", "-disposition:v:1", "attached_pic")  # fmt: skip
    made, _path = studio.make(AddAudio(url_video=U, url_audio=U), video=film, audio=song)
    assert (made.media.width, made.media.frames, made.media.video_codec) == (320, 38, "h264")


def test_captioning_copies_the_sound(studio: MediaFactory) -> None:
    srt = studio.folder / "s.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:01,000\nhi\n")
    video = studio.video()
    _made, path = studio.make(Caption(url_video=U, url_srt=U), video=video, subtitles=srt)
    assert studio.listing(path, "0:a:0") == studio.listing(video, "0:a:0")
    pcm = studio.video("pcm.mov", 1, extra=("-c:a", "pcm_s16le"))
    made, _path = studio.make(Caption(url_video=U, url_srt=U), video=pcm, subtitles=srt)
    assert made.media.audio_codec == "aac"


@pytest.mark.fault("G8")
@pytest.mark.parametrize(
    ("channels", "rate", "expected"), [(1, 8000, (1, 48000)), (6, 96000, (2, 48000)), (8, 44100, (2, 44100))]
)
def test_unusual_sound_becomes_ordinary(
    studio: MediaFactory, channels: int, rate: int, expected: tuple[int, int]
) -> None:
    sound = studio.sound(f"odd{channels}.wav", 1, extra=("-ac", str(channels), "-ar", str(rate)))
    _made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=studio.video(), audio=sound)
    audio = studio.probe(path).audio
    assert audio is not None
    assert (audio.channels, audio.sample_rate) == expected


def still(studio: MediaFactory) -> Path:
    return studio.circle("cp.png", (160, 90), 20)


@pytest.mark.parametrize(("duration", "frames", "heard"), [(3.0, 72, 1.5), (0.5, 12, 0.5), (None, 36, 1.5)])
def test_a_composed_clip_lasts_as_asked_or_as_its_sound(
    studio: MediaFactory, duration: float | None, frames: int, heard: float
) -> None:
    operation = Compose(url_image=U, url_audio=U, size="160x90", duration=duration)
    made, path = studio.make(operation, image=still(studio), audio=studio.sound("s.wav", 1.5))
    facts = studio.probe(path)
    assert facts.video is not None
    assert facts.audio is not None
    assert made.media.frames == frames
    assert facts.video.duration == Fraction(frames, 24)
    assert float(facts.audio.end) == pytest.approx(frames / 24, abs=0.05)
    if duration == 3.0:
        assert loudness(studio, path, 880, 0.2, 1.0) > 0.08
        assert loudness(studio, path, 880, 1.7, 1.0) < 0.002


def test_a_composed_clip_without_sound_lasts_as_its_subtitles_or_five_seconds(studio: MediaFactory) -> None:
    srt = studio.folder / "two.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:02,000\nhi\n")
    made, _path = studio.make(Compose(url_image=U, url_srt=U, size="160x90"), image=still(studio), subtitles=srt)
    assert made.media.frames == 48
    made, _path = studio.make(Compose(url_image=U, size="160x90"), image=still(studio))
    assert (made.media.frames, made.media.audio_codec) == (120, None)


def test_a_video_composed_with_sound_alone_is_copied(studio: MediaFactory) -> None:
    made, _path = studio.make(Compose(url_video=U, url_audio=U), video=studio.video(), audio=studio.sound())
    assert made.video_mode == "copy"


def test_a_video_composed_with_captions_keeps_or_changes_its_sound(studio: MediaFactory) -> None:
    srt = studio.folder / "hi.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:02,000\nhi\n")
    made, path = studio.make(Compose(url_video=U, url_srt=U), video=studio.video(), subtitles=srt)
    assert (made.video_mode, made.media.frames) == ("encode", 50)
    assert loudness(studio, path, 440) > 0.08
    made, path = studio.make(
        Compose(url_video=U, url_srt=U, url_audio=U),
        video=studio.video(),
        subtitles=srt,
        audio=studio.sound("s.wav", 1.5),
    )
    assert made.media.frames == 38
    assert loudness(studio, path, 440) < 0.005
    assert loudness(studio, path, 880) > 0.08


def test_the_film_that_stands_beside_the_checkout(studio: MediaFactory, real_media: Path) -> None:
    film, speech = real_media / "bigbuckbunny.mp4", real_media / "a40.mp3"
    made, path = studio.make(AddAudio(url_video=U, url_audio=U), video=film, audio=speech)
    assert (made.video_mode, made.media.frames, made.media.duration_seconds) == ("copy", 132, 5.28)
    assert studio.listing(path, "0:v:0") == studio.listing(film, "0:v:0")
    srt = studio.folder / "film.srt"
    srt.write_text("1\n00:00:00,200 --> 00:00:01,000\nhi\n")
    made, path = studio.make(Caption(url_video=U, url_srt=U), video=film, subtitles=srt)
    assert made.media.frames == 132
    assert studio.listing(path, "0:a:0") == studio.listing(film, "0:a:0")
