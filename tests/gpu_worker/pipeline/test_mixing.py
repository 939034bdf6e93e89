"""Fades, loops, padding and music, measured in the decoded sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.errors import Code
from contract.operations.addaudio import AddAudio
from contract.operations.compose import Compose
from gpu_worker.errors import JobFailed
from gpu_worker.plan.sound.mix import SHORTENED_FADES
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.sound_meter import RATE, decode, in_db, rms, tone

VOICE, MUSIC = 440, 2000
LEVEL = 0.125
"""The amplitude of ffmpeg's sine."""


def film(media: MediaFactory, seconds: float = 4, *, sound: bool = False) -> Path:
    """Return a small film; its own sound is a tone of 440 Hz."""
    return media.make_video(f"mixed{seconds}{sound}.mp4", seconds, "64x36", "10", sound=sound)


def tone_file(media: MediaFactory, name: str, seconds: float, hertz: int = MUSIC) -> Path:
    return media.make_audio(name, seconds, hertz, ("-ar", "48000"))


def spoken(media: MediaFactory) -> Path:
    """Return a tone of 440 Hz that lasts from 1.5 s to 2.5 s of 5 s."""
    source = f"aevalsrc=if(between(t\\,1.5\\,2.5)\\,0.3*sin(2*PI*{VOICE}*t)\\,0):s=48000:d=5"
    return media.make_file("spoken.wav", "-f", "lavfi", "-i", source)


def end_of_sound(media: MediaFactory, path: Path) -> float:
    audio = media.probe(path).audio
    assert audio is not None
    return float(audio.end)


def test_fades_are_linear_and_end_with_the_sound(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, fade_in=0.5, fade_out=1)
    made, path = media.transcode(operation, video=film(media), audio=tone_file(media, "fade.wav", 3))
    samples = decode(media, path)
    for at, expected in ((0.1, 0.2), (0.25, 0.5), (0.4, 0.8), (1.5, 1), (2.25, 0.75), (2.5, 0.5), (2.9, 0.1)):
        assert tone(samples, MUSIC, at - 0.02, at + 0.02) == pytest.approx(LEVEL * expected, abs=0.006)
    assert (made.media.duration_seconds, made.warnings) == (3.0, ())


def test_fades_longer_than_the_sound_are_shortened_in_proportion(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, fade_in=3, fade_out=1)
    made, path = media.transcode(operation, video=film(media), audio=tone_file(media, "short.wav", 2))
    samples = decode(media, path)
    assert made.warnings == (SHORTENED_FADES,)
    assert tone(samples, MUSIC, 0.73, 0.77) == pytest.approx(LEVEL / 2, abs=0.006)
    assert tone(samples, MUSIC, 1.73, 1.77) == pytest.approx(LEVEL / 2, abs=0.006)


def test_padded_sound_is_followed_by_silence_until_the_end_of_the_video(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, fit_audio="pad", fade_out=0.5)
    made, path = media.transcode(operation, video=film(media), audio=tone_file(media, "pad.wav", 1.5))
    samples = decode(media, path)
    assert (made.video_mode, made.media.duration_seconds) == ("copy", 4.0)
    assert tone(samples, MUSIC, 1.23, 1.27) == pytest.approx(LEVEL / 2, abs=0.006)
    assert in_db(rms(samples, 1.6, 4)) < -80
    assert end_of_sound(media, path) == pytest.approx(4, abs=0.022)


@pytest.mark.parametrize("name", ["loop.wav", "loop.mp3"])
def test_repeated_sound_has_no_gap_and_ends_with_the_video(media: MediaFactory, name: str) -> None:
    # A whole number of periods, so that an exact repetition is one unbroken tone.
    operation = AddAudio(url_video=URL, url_audio=URL, fit_audio="loop")
    made, path = media.transcode(operation, video=film(media), audio=tone_file(media, name, 1.5))
    samples = decode(media, path)
    assert made.media.duration_seconds == 4.0
    levels = [tone(samples, MUSIC, at / 100, at / 100 + 0.02) for at in range(10, 396)]
    assert min(levels) > LEVEL * 0.9
    assert max(levels) < LEVEL * 1.1
    assert end_of_sound(media, path) == pytest.approx(4, abs=0.022)


def test_longer_sound_ends_with_the_video_in_every_fit(media: MediaFactory) -> None:
    sound = tone_file(media, "longer.wav", 6)
    for fit in ("loop", "pad"):
        operation = AddAudio(url_video=URL, url_audio=URL, fit_audio=fit, fade_out=1)
        made, path = media.transcode(operation, video=film(media), audio=sound)
        assert made.media.duration_seconds == 4.0
        assert tone(decode(media, path), MUSIC, 3.48, 3.52) == pytest.approx(LEVEL / 2, abs=0.008)


def test_mix_does_not_delay_the_sounds(media: MediaFactory) -> None:
    click = media.make_file("click.wav", "-f", "lavfi", "-i", "aevalsrc=if(eq(n\\,24000)\\,0.9\\,0):s=48000:d=2")
    _made, path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL, mode="mix"), video=film(media, 2, sound=True), audio=click
    )
    samples = decode(media, path, 48000)
    loudest = max(range(20000, 28000), key=lambda index: abs(samples[index]))
    assert abs(loudest - 24000) <= 48


def test_music_plays_quietly_until_the_end_and_blends_where_it_repeats(media: MediaFactory) -> None:
    noise = ("-f", "lavfi", "-i", "anoisesrc=c=white:a=0.2:r=48000:d=1.6:seed=1", "-af", "lowpass=3000,lowpass=3000")
    music = media.make_file("music.mp3", *noise)
    operation = AddAudio(url_video=URL, url_audio=URL, mode="music", loudness="none", fade_in=0, fade_out=0.5)
    made, path = media.transcode(operation, video=film(media), audio=music)
    samples = decode(media, path)
    assert (made.video_mode, made.media.duration_seconds, made.loudness) == ("copy", 4.0, None)
    level = rms(decode(media, music), 0.4, 1.2)
    assert in_db(rms(samples, 0.1, 1.1) / level) == pytest.approx(-18, abs=0.2)
    # From 1.2 s to 1.6 s its end and its start overlap; noise keeps its level then.
    assert in_db(rms(samples, 1.25, 1.55) / level) == pytest.approx(-18, abs=1)
    assert in_db(rms(samples, 1.7, 2.3) / level) == pytest.approx(-18, abs=0.5)
    assert in_db(rms(samples, 3.72, 3.78) / level) == pytest.approx(-24, abs=1.5)
    assert end_of_sound(media, path) == pytest.approx(4, abs=0.022)


def test_music_is_quieter_exactly_while_the_video_speaks(media: MediaFactory) -> None:
    video = media.make_file(
        "speaks.mp4", "-i", film(media, 5), "-i", spoken(media), "-map", "0:v", "-map", "1:a", "-c:v", "copy"
    )
    operation = AddAudio(url_video=URL, url_audio=URL, mode="music", volume_db=0, loudness="none", fade_out=1)
    _made, path = media.transcode(operation, video=video, audio=tone_file(media, "bed.wav", 5))
    samples = decode(media, path)
    full = tone(samples, MUSIC, 0.8, 1.2)

    def level(at: float) -> float:
        """Return the level of the music in 50 ms, which hold whole periods of both tones."""
        return in_db(tone(samples, MUSIC, at - 0.025, at + 0.025) / full)

    assert level(1.3) == pytest.approx(0, abs=0.3)
    assert level(1.425) == pytest.approx(-5, abs=0.8)
    for at in (1.53, 2.0, 2.65):
        assert level(at) == pytest.approx(-10, abs=0.4)
    assert level(2.95) == pytest.approx(-5, abs=0.6)
    assert in_db(tone(samples, MUSIC, 3.3, 3.7) / full) == pytest.approx(0, abs=0.2)
    assert tone(samples, VOICE, 1.8, 2.2) == pytest.approx(0.3, rel=0.05)


def test_captions_tell_when_somebody_speaks(media: MediaFactory) -> None:
    srt = media.folder / "ducked.srt"
    srt.write_text("1\n00:00:02,900 --> 00:00:03,400\nnow\n")
    music = {
        "url_audio": URL,
        "volume_db": 0,
        "ducking": {"amount_db": 20, "attack": 0.1, "release": 0.1},
        "fade_out": 0,
    }
    operation = Compose(
        url_image=URL, url_audio=URL, url_srt=URL, size="64x64", subtitle_mode="soft", music=music, loudness="none"
    )
    image = media.make_circle("ducked.png", (64, 64), 10)
    bed = tone_file(media, "under.wav", 5)
    _made, path = media.transcode(
        operation, image=image, audio=spoken(media), subtitles=srt, files={"music.url_audio": bed}
    )
    samples = decode(media, path)
    assert in_db(tone(samples, MUSIC, 1.9, 2.1) / LEVEL) == pytest.approx(0, abs=0.3)
    assert in_db(tone(samples, MUSIC, 2.92, 3.38) / LEVEL) == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize("ducking", [False, True])
def test_music_ends_with_a_clip_that_lasts_longer_than_its_narration(media: MediaFactory, ducking: bool) -> None:
    music = {"url_audio": URL, "volume_db": -6, "ducking": ducking, "fade_in": 0, "fade_out": 0}
    operation = Compose(url_image=URL, url_audio=URL, duration=4, size="64x64", music=music, loudness="none")
    voice = tone_file(media, "first.wav", 1.5, VOICE)
    image, bed = media.make_circle("ducked.png", (64, 64), 10), tone_file(media, "under.wav", 5)
    made, path = media.transcode(operation, image=image, audio=voice, files={"music.url_audio": bed})
    samples = decode(media, path)
    assert made.media.duration_seconds == 4.0
    assert tone(samples, VOICE, 0.5, 1.3) == pytest.approx(LEVEL, rel=0.05)
    assert tone(samples, VOICE, 1.7, 3.9) < 0.001
    assert in_db(tone(samples, MUSIC, 0.5, 1.3) / LEVEL) == pytest.approx(-16 if ducking else -6, abs=0.4)
    assert in_db(tone(samples, MUSIC, 2.4, 3.95) / LEVEL) == pytest.approx(-6, abs=0.3)
    assert end_of_sound(media, path) == pytest.approx(4, abs=0.022)


def test_music_under_a_silent_video_is_the_only_sound(media: MediaFactory) -> None:
    operation = Compose(url_video=URL, music={"url_audio": URL, "volume_db": 0}, loudness="none")
    bed = tone_file(media, "under.wav", 5)
    made, path = media.transcode(operation, video=film(media), files={"music.url_audio": bed})
    assert (made.video_mode, made.media.duration_seconds) == ("copy", 4.0)
    samples = decode(media, path)
    assert tone(samples, MUSIC, 1, 1.9) == pytest.approx(LEVEL, rel=0.05)
    assert len(samples) == pytest.approx(4 * RATE, abs=RATE * 0.022)


def test_music_under_a_replaced_sound_leaves_out_that_of_the_video(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, fit_audio="pad", music=URL, loudness="none")
    made, path = media.transcode(
        operation,
        video=film(media, sound=True),
        audio=tone_file(media, "new.wav", 1.5, 880),
        files={"music.url_audio": tone_file(media, "under.wav", 5)},
    )
    samples = decode(media, path)
    assert made.media.duration_seconds == 4.0
    assert tone(samples, VOICE, 0.5, 3.5) < 0.001
    assert tone(samples, 880, 0.5, 1.4) == pytest.approx(LEVEL, rel=0.05)


def test_music_without_sound_is_named(media: MediaFactory) -> None:
    operation = Compose(url_video=URL, music=URL)
    with pytest.raises(JobFailed) as failed:
        media.transcode(operation, video=film(media), files={"music.url_audio": film(media)})
    assert failed.value.failure.code is Code.MEDIA_NO_AUDIO
    assert "music.url_audio" in failed.value.failure.message
