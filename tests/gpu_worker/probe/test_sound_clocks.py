"""Sounds with irregular times, parameters or tracks: what is audible in the output, and when."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from contract.errors import Blame, Code
from contract.operations import Operation
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from gpu_worker.errors import JobFailed
from gpu_worker.pipeline.verify import verify
from gpu_worker.plan import make_plan
from gpu_worker.plan.model import PlanOptions
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.inputs import inputs_of
from tests.support.media.tone_meter import EXACT, assert_tone

REPLACE = AddAudio(url_video=URL, url_audio=URL)
MIX = AddAudio(url_video=URL, url_audio=URL, mode="mix")
STILL = Compose(url_image=URL, url_audio=URL, size="160x90")
CAPTION = Caption(url_video=URL, url_srt=URL)
LOST = "The sound of the video cannot be decoded and was left out."

PARTS = ((500, 44100, "1"), (900, 24000, "1"), (1500, 44100, "2"))
"""Tone in Hz, sample rate and channels of each second of a narration joined byte by byte."""


def transcode(media: MediaFactory, operation: Operation, sound: Path | None = None, video: Path | None = None) -> Path:
    return transcode_with_warnings(media, operation, sound, video)[1]


def transcode_with_warnings(
    media: MediaFactory, operation: Operation, sound: Path | None = None, video: Path | None = None
) -> tuple[tuple[str, ...], Path]:
    inputs = {} if sound is None else {"audio": sound}
    if operation is STILL:
        inputs["image"] = media.make_circle("sc.png", (160, 90), 20)
    else:
        inputs["video"] = video or make_source_video(media)
    if operation is CAPTION:
        inputs["subtitles"] = media.folder / "sc.srt"
        inputs["subtitles"].write_text("1\n00:00:00,200 --> 00:00:01,000\nhi\n")
    result, path = media.transcode(operation, **inputs)
    return result.warnings, path


def make_source_video(media: MediaFactory) -> Path:
    return media.make_video("sc.mp4", 4, "160x90", source="color=c=navy")


def find_failure(media: MediaFactory, sound: Path) -> Code:
    with pytest.raises(JobFailed) as failed:
        transcode_with_warnings(media, REPLACE, sound)
    assert failed.value.failure.blame is Blame.CALLER
    assert failed.value.failure.params["field"] == "url_audio"
    return failed.value.failure.code


def join_parts(media: MediaFactory, kind: str, parts: tuple[tuple[int, int, str], ...] = PARTS) -> Path:
    """One second per part, encoded alone; the files are concatenated."""
    path = media.folder / f"joined-{'-'.join(part[2] for part in parts)}-{parts[1][1]}.{kind}"
    if not path.exists():
        source = "aevalsrc=0.2*sin(2*PI*{}*t):d=1:s={}"
        files = [
            media.make_file(f"part-{hertz}-{rate}-{channels}.{kind}", "-f", "lavfi", "-i", source.format(hertz, rate),
                        "-af", "pan=stereo|c0=c0|c1=c0" if channels == "2" else "anull")
            for hertz, rate, channels in parts
        ]  # fmt: skip
        path.write_bytes(b"".join(file.read_bytes() for file in files))
    return path


@pytest.mark.parametrize(
    ("kind", "operation"), [("mp3", REPLACE), ("mp3", MIX), ("mp3", STILL), ("aac", REPLACE), ("aac", STILL)]
)
def test_all_parts_of_a_joined_narration_are_used(media: MediaFactory, kind: str, operation: Operation) -> None:
    path = transcode(media, operation, join_parts(media, kind))
    late = 0.02 if kind == "aac" else 0.0  # encoder delay
    assert_tone(media, path, 500, (late, 1.0 + late))
    assert_tone(media, path, 900, (1.05 + late, 2.07 + late))
    assert_tone(media, path, 1500, (2.11 + late, 3.12 + late))
    facts = media.probe(path)
    assert facts.video is not None
    assert facts.audio is not None
    assert float(facts.audio.end) == pytest.approx(float(facts.video.end), abs=EXACT)


@pytest.mark.parametrize("operation", [REPLACE, STILL])
def test_parts_with_other_channel_counts_are_used_too(media: MediaFactory, operation: Operation) -> None:
    """Packets do not show the change: ffmpeg's log does, and the run is repeated."""
    path = transcode(
        media, operation, join_parts(media, "mp3", ((500, 44100, "2"), (900, 44100, "1"), (1500, 44100, "2")))
    )
    for number, hertz in enumerate((500, 900, 1500)):
        start = number * 1.045
        assert_tone(media, path, hertz, (start, start + 1))


def test_sound_after_a_time_reset_is_kept(media: MediaFactory) -> None:
    path = transcode(media, REPLACE, join_parts(media, "ogg", tuple((hertz, 44100, "1") for hertz in (500, 900, 1500))))
    for start, hertz in enumerate((500, 900, 1500)):
        assert_tone(media, path, hertz, (start, start + 1))


@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_joined_files_are_refused_if_only_the_first_plays(media: MediaFactory, kind: str) -> None:
    sound = join_parts(media, kind)
    if kind == "ogg" and b"version 7." in media.run_ffmpeg("-version")[:40].replace(b"n7.", b"7."):
        pytest.skip("this ffmpeg reads on")
    assert find_failure(media, sound) == Code.MEDIA_UNSUPPORTED


def test_a_video_sound_that_changes_midway_keeps_its_times(media: MediaFactory) -> None:
    silent = media.make_video("sc-silent.mp4", 4, "160x90", sound=False, source="color=c=navy")
    video = media.make_file("changing.mkv", "-i", silent, "-i", join_parts(media, "mp3"), "-map", "0:v", "-map", "1:a",
                        "-c", "copy")  # fmt: skip
    for path in (
        transcode(media, MIX, media.make_audio("over.mp3", 4, 2500), video),
        transcode(media, CAPTION, video=video),
    ):
        assert_tone(media, path, 500, (0.02, 1.03))
        assert_tone(media, path, 900, (1.08, 2.09))
        assert_tone(media, path, 1500, (2.13, 3.15))


VIDEO_SOUNDS: dict[str, tuple[tuple[str, ...], tuple[tuple[float, float], ...]]] = {
    "gap.mkv": (("-af", "aselect='not(between(t,1,2.5))'", "-c:a", "libopus"), ((0, 1.03), (2.53, 4))),
    "sound-gap.mp4": (("-af", "aselect='not(between(t,1,2.5))'"), ((0, 1.02), (2.5, 4))),
    "small-gap.mkv": (("-af", "asetpts='PTS+if(gt(T,2),0.06/TB,0)'", "-c:a", "pcm_s16le"), ((0, 2.03), (2.09, 4))),
    "late.mp4": (("-af", "asetpts=PTS+1.5/TB"), ((1.5, 4),)),
    "short.mp4": (("-af", "atrim=end=2"), ((0, 2),)),
}


@pytest.mark.parametrize("name", VIDEO_SOUNDS)
def test_a_mix_keeps_both_sounds_at_their_own_times(media: MediaFactory, name: str) -> None:
    extra, expected = VIDEO_SOUNDS[name]
    video = media.make_video(name, 4, "160x90", extra=extra, source="color=c=navy")
    marked = "aevalsrc='0.2*sin(2*PI*600*t)+0.2*between(t,3,3.3)*sin(2*PI*1000*t)':d=4:s=44100"
    path = transcode(media, MIX, media.make_file("marked.mp3", "-f", "lavfi", "-i", marked), video)
    assert_tone(media, path, 440, *expected)
    assert_tone(media, path, 600, (0, 4))
    assert_tone(media, path, 1000, (3, 3.3))


def test_a_sound_with_gaps_is_not_copied(media: MediaFactory) -> None:
    extra, expected = VIDEO_SOUNDS["gap.mkv"]
    video = media.make_video("gap.mkv", 4, "160x90", extra=extra, source="color=c=navy")
    path = transcode(media, CAPTION, video=video)
    assert_tone(media, path, 440, *expected)
    assert "opus" not in media.read_header(path)


def make_undecodable(media: MediaFactory, name: str, tracks: int) -> Path:
    """A video with tones of 500 and 900 Hz in two tracks; the first tracks have an unknown codec."""
    tones = (option for hertz in (500, 900) for option in ("-f", "lavfi", "-i", f"sine={hertz}:d=2"))
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "copy", "-t", "2")
    whole = media.make_file("two.mov", "-i", make_source_video(media), *tones, *maps)
    data = bytearray(whole.read_bytes())
    at = data.index(b"stsd", data.index(b"soun"))
    for _ in range(tracks):
        entry = data.index(b"mp4a", at)
        data[entry : entry + 4] = b"apac"
        box = data.index(b"esds", entry)
        data[box : box + 4] = b"free"
        at = data.find(b"stsd", box)
    path = media.folder / name
    path.write_bytes(data)
    return path


def test_the_default_or_first_decodable_track_is_used(media: MediaFactory) -> None:
    second = make_undecodable(media, "second.mov", 1)
    for operation, sound in ((MIX, media.make_audio("over.mp3", 4, 2500)), (CAPTION, None)):
        warnings, path = transcode_with_warnings(media, operation, sound, second)
        assert_tone(media, path, 900, (0, 2))
        assert warnings == ()
    assert_tone(media, transcode(media, REPLACE, second), 900, (0, 2))
    marked = media.make_file("default.mkv", "-i", make_undecodable(media, "both.mov", 0), "-map", "0", "-c", "copy",
                         "-disposition:a:0", "0", "-disposition:a:1", "default")  # fmt: skip
    assert_tone(media, transcode(media, CAPTION, video=marked), 900, (0, 2))
    assert_tone(media, transcode(media, REPLACE, marked), 900, (0, 2))


def make_garbage(media: MediaFactory) -> Path:
    """A video whose AAC track is valid by its container, but random bytes."""
    video = media.make_video("ordered.mp4", 2, "160x90", source="color=c=navy", extra=("-b:a", "64k"))
    table = media.run_ffmpeg("-i", video, "-map", "0:a", "-c", "copy", "-f", "adts", "-")
    data, at = bytearray(video.read_bytes()), 0
    while at < len(table):
        size = (table[at + 3] & 3) << 11 | table[at + 4] << 3 | table[at + 5] >> 5
        place = data.find(table[at + 7 : at + size])
        data[place : place + size - 7] = bytes((37 * index * index + at) & 255 for index in range(size - 7))
        at += size
    path = media.folder / "garbage.mp4"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["unknown", "garbage"])
def test_a_video_with_undecodable_sound_is_silent_with_a_warning(media: MediaFactory, kind: str) -> None:
    video = make_garbage(media) if kind == "garbage" else make_undecodable(media, "none.mov", 2)
    warnings, path = transcode_with_warnings(media, CAPTION, video=video)
    assert (warnings, media.probe(path).audio) == ((LOST,), None)
    warnings, path = transcode_with_warnings(media, MIX, media.make_audio("over.mp3", 4, 2500), video)
    assert warnings == (LOST,)
    assert_tone(media, path, 2500, (0, 2))
    assert find_failure(media, video) == (Code.MEDIA_NO_AUDIO if kind == "garbage" else Code.MEDIA_UNSUPPORTED)


def write_blip(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\1\2" * 15)


def write_empty(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))


@pytest.mark.parametrize("write", [write_blip, write_empty])
def test_a_sound_shorter_than_20_ms_is_no_sound(
    media: MediaFactory, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "sound.wav")
    assert find_failure(media, tmp_path / "sound.wav") == Code.MEDIA_NO_AUDIO


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_of_unknown_length_plays_to_its_end(media: MediaFactory, size: int) -> None:
    data = bytearray(media.make_audio("second.wav", 1, 900).read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = size.to_bytes(4, "little")
    path = media.folder / f"stream{size}.wav"
    path.write_bytes(data)
    assert_tone(media, transcode(media, STILL, path), 900, (0, 1))


def test_an_output_sound_with_a_wrong_end_fails_verification(media: MediaFactory) -> None:
    path = media.make_video("sc-long.mp4", 2, "160x90", extra=("-af", "apad=whole_dur=2.7"))
    plan = make_plan(CAPTION, inputs_of(video=media.probe(path), cues=()), PlanOptions())
    asyncio.run(verify(media.sandboxed_ffmpeg, path, plan.expected))
    expected = replace(plan.expected, sound_end=Fraction(2), sound_end_tolerance=Fraction(0))
    with pytest.raises(JobFailed) as failed:
        asyncio.run(verify(media.sandboxed_ffmpeg, path, expected))
    assert failed.value.failure.code == Code.OUTPUT_INVALID


@pytest.mark.parametrize("name", ["late-in.ts", "late-in.mpg"])
def test_a_late_sound_of_a_broadcast_stays_late(media: MediaFactory, name: str) -> None:
    """ffmpeg starts such files' times at the first mapped stream, which must not be the sound alone."""
    picture = ("-f", "lavfi", "-i", "color=navy:s=160x90:r=25:d=4")
    tone = ("-itsoffset", "0.8", "-f", "lavfi", "-i", "sine=440:d=2:r=48000", "-map", "0", "-map", "1")
    options = ("-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-c:a", "ac3")
    video = media.make_file(name, *picture, *tone, *options)
    assert_tone(media, transcode(media, CAPTION, video=video), 440, (0.8, 2.8))
