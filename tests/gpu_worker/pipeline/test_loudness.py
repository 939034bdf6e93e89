"""The loudness of finished files, measured in the files themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.operations.addaudio import AddAudio
from contract.operations.compose import Compose
from gpu_worker.media.info import AudioFacts
from gpu_worker.pipeline.sound.level_sound import SILENT
from gpu_worker.pipeline.transcode import Output
from gpu_worker.plan.sound.mix import NOTHING_TO_LEVEL, TOO_SHORT
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.sound_meter import decode, measure_loudness

SECONDS = 4


def full(*values: float) -> object:
    return pytest.param(*values, marks=pytest.mark.full)


def film(media: MediaFactory, name: str = "loud.mp4", seconds: float = SECONDS, *, sound: bool = False) -> Path:
    return media.make_video(name, seconds, "64x36", "10", sound=sound)


def speech(media: MediaFactory) -> Path:
    """Return noise in syllables, with peaks that are 17 dB above its loudness, as those of speech are."""
    shape = "volume='0.05+0.5*pow(abs(sin(2*PI*t)),6)':eval=frame"
    source = f"anoisesrc=c=pink:a=0.5:r=48000:d={SECONDS + 2}:seed=5"
    return media.make_file("syllables.wav", "-f", "lavfi", "-i", source, "-af", f"asetnsamples=480,{shape}")


def audio_of(media: MediaFactory, path: Path) -> AudioFacts:
    audio = media.probe(path).audio
    assert audio is not None
    return audio


def assert_loudness(media: MediaFactory, made: Output, path: Path, lufs: float, peak: float = -1.0) -> None:
    """Assert what is promised, of the file itself, and that the job reports it."""
    found, found_peak = measure_loudness(media, path)
    assert found == pytest.approx(lufs, abs=0.5)
    assert found_peak <= peak
    assert made.loudness is not None
    assert made.loudness.lufs == pytest.approx(found, abs=0.06)
    assert made.loudness.true_peak_db == pytest.approx(found_peak, abs=0.06)
    assert made.warnings == ()


@pytest.mark.parametrize(("loudness", "peak"), [(-14, -1), full(-16, -3), full(-23, -1), full(-31, -9)])
def test_file_has_the_requested_loudness_and_peak(media: MediaFactory, loudness: float, peak: float) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, loudness=loudness, true_peak_db=peak)
    video = film(media)
    made, path = media.transcode(operation, video=video, audio=speech(media))
    assert_loudness(media, made, path, loudness, peak)
    assert made.loudness is not None
    assert made.loudness.input_lufs + made.loudness.gain_db == pytest.approx(loudness, abs=3)
    assert (made.video_mode, made.media.duration_seconds) == ("copy", 4.0)
    assert media.list_packets(path, "0:v:0") == media.list_packets(video, "0:v:0")
    audio = audio_of(media, path)
    assert (audio.codec, audio.sample_rate, audio.channels) == ("aac", 48000, 2)
    assert float(audio.end) == pytest.approx(4, abs=0.022)


@pytest.mark.full
def test_loudness_that_the_peaks_do_not_allow_is_reported_and_the_peak_is_kept(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, loudness=-9, true_peak_db=-9)
    made, path = media.transcode(operation, video=film(media), audio=speech(media))
    found, peak = measure_loudness(media, path)
    assert found < -10
    assert peak <= -9
    assert [warning[:20] for warning in made.warnings] == [f"The sound has {found:.1f} "]


def test_music_is_leveled_by_default(media: MediaFactory) -> None:
    video = film(media, "loud-own.mp4", sound=True)
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL, mode="music"), video=video, audio=speech(media))
    assert_loudness(media, made, path, -14)


def test_sound_that_a_video_came_with_is_leveled(media: MediaFactory) -> None:
    sources = ("-i", film(media), "-i", speech(media), "-map", "0:v", "-map", "1:a")
    video = media.make_file("own-speech.ts", *sources, "-c:v", "copy", "-c:a", "aac")
    made, path = media.transcode(Compose(url_video=URL, loudness="podcast"), video=video)
    assert_loudness(media, made, path, -16)
    assert made.video_mode == "copy"
    assert audio_of(media, path).end == pytest.approx(SECONDS + 2, abs=0.1)


def test_leveled_sound_is_neither_moved_nor_stretched(media: MediaFactory) -> None:
    clicks = "aevalsrc=if(mod(n\\,48000)\\,0.2*sin(2*PI*440*t)*lt(mod(t\\,1)\\,0.5)\\,0):s=48000:d=4"
    sound = media.make_file("beeps.wav", "-f", "lavfi", "-i", clicks)
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL, loudness=-14), video=film(media), audio=sound)
    assert made.loudness is not None
    samples = decode(media, path, 48000)
    for second in range(1, 4):
        # The last samples that are quiet, and the first ones that are loud.
        begins = next(at for at in range(second * 48000 - 480, second * 48000 + 480) if abs(samples[at]) > 0.02)
        assert begins == pytest.approx(second * 48000, abs=60)


def test_own_sound_of_a_transport_stream_stays_where_it_was(media: MediaFactory) -> None:
    tone = ("-itsoffset", "1.25", "-f", "lavfi", "-i", "sine=300:d=3:r=48000", "-map", "0:v", "-map", "1:a")
    options = ("-c:v", "copy", "-c:a", "aac", "-muxdelay", "0.7")
    video = media.make_file("late-own.ts", "-i", film(media), *tone, *options)
    _made, path = media.transcode(Compose(url_video=URL, loudness=-16), video=video)
    samples = decode(media, path, 48000)
    assert next(at for at, value in enumerate(samples) if abs(value) > 0.02) == pytest.approx(1.25 * 48000, abs=60)


def test_clip_from_a_picture_has_the_loudness(media: MediaFactory) -> None:
    operation = Compose(url_image=URL, url_audio=URL, size="64x64", duration=SECONDS, loudness="youtube")
    image = media.make_circle("loud.png", (64, 64), 10)
    made, path = media.transcode(operation, image=image, audio=speech(media))
    assert_loudness(media, made, path, -14)
    assert (made.media.frames, float(audio_of(media, path).end)) == (96, pytest.approx(4, abs=0.022))


def test_silence_stays_silent(media: MediaFactory) -> None:
    silence = media.make_file("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=48000:d=4")
    operation = AddAudio(url_video=URL, url_audio=URL, loudness=-14)
    made, path = media.transcode(operation, video=film(media), audio=silence)
    assert (made.loudness, made.warnings) == (None, (SILENT,))
    assert max(map(abs, decode(media, path))) == 0


def test_short_sound_and_none_at_all_are_left_as_they_are(media: MediaFactory) -> None:
    short = media.make_audio("short.m4a", 2)
    operation = AddAudio(url_video=URL, url_audio=URL, loudness=-14)
    made, path = media.transcode(operation, video=film(media), audio=short)
    assert (made.loudness, made.warnings) == (None, (TOO_SHORT,))
    assert media.list_packets(path, "0:a:0")[:60] == media.list_packets(short, "0:a:0")[:60]
    made, _path = media.transcode(Compose(url_video=URL, loudness=-14), video=film(media))
    assert (made.media.audio_codec, made.warnings) == (None, (NOTHING_TO_LEVEL,))


def test_sound_is_copied_if_nothing_else_is_requested(media: MediaFactory) -> None:
    sound = media.make_audio("copied.m4a", 5)
    operation = AddAudio(url_video=URL, url_audio=URL, volume=1, fade_in=0, loudness="none")
    made, path = media.transcode(operation, video=film(media), audio=sound)
    assert made.loudness is None
    assert media.list_packets(path, "0:a:0")[:150] == media.list_packets(sound, "0:a:0")[:150]


def test_real_speech_and_music_have_the_loudness(media: MediaFactory, real_media: Path) -> None:
    music = {"url_audio": URL, "volume_db": -12}
    operation = Compose(url_image=URL, url_audio=URL, size="64x64", duration=12, music=music, loudness=-16)
    image = media.make_circle("loud.png", (64, 64), 10)
    made, path = media.transcode(
        operation, image=image, audio=real_media / "a40.mp3", files={"music.url_audio": speech(media)}
    )
    assert_loudness(media, made, path, -16)


@pytest.mark.full
def test_webm_has_the_loudness_in_opus(media: MediaFactory) -> None:
    operation = AddAudio(url_video=URL, url_audio=URL, format="webm", loudness=-16)
    made, path = media.transcode(operation, video=film(media), audio=speech(media))
    assert_loudness(media, made, path, -16)
    audio = audio_of(media, path)
    assert (audio.codec, float(audio.end)) == ("opus", pytest.approx(4, abs=0.05))
