"""Subtitle tracks of real outputs: their texts and times, and the picture next to them."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.options.captions.choices import SubtitleMode
from gpu_worker.ffmpeg.locate import Ffmpeg
from gpu_worker.formats.mp4 import list_tracks
from gpu_worker.media.info import Cue
from gpu_worker.pipeline.machine import Machine
from gpu_worker.pipeline.verify import has_expected_subtitles
from gpu_worker.plan.captions.files.srt import write_srt
from gpu_worker.plan.captions.files.track import flatten
from gpu_worker.plan.model import ExpectedOutput
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels
from tests.support.programs import write_ffmpeg

SOFT, BOTH = SubtitleMode.SOFT, SubtitleMode.BOTH
CAPTIONS = "1\n00:00:00,400 --> 00:00:00,800\nHello <i>you</i>\n\n2\n00:00:00,800 --> 00:00:09,000\nthere\n"
BRIEF = "1 of 2 captions is shown too briefly to read, the first at 0.4 s."
READ_BACK = [("00:00:00,400", "00:00:00,800", "Hello <i>you</i>"), ("00:00:00,800", "00:00:01,000", "there")]

HOSTILE = [
    "42",
    "{\\an8}top {\\b1}bold{\\r}",
    "{Y:i}x{c:$0000ff}y",
    "a < b > c",
    "<<b>>bold</b>",
    "<script>1</script>",
    "C:\\new \\h \\N",
    "1 --> 2",
    "00:00:09,000 --> 00:00:10,000",
    "&lt;i&gt; &amp;",
    "{",
    "x}",
    "\u202eright to left",
    "two\nlines",
    "<u>under</u>",
]


def read_track(media: MediaFactory, path: Path) -> list[tuple[str, str, str]]:
    """Return start, end and text of each caption, without word joiners."""
    text = re.sub("[\r\u2060]", "", media.run_ffmpeg("-i", path, "-map", "0:s", "-f", "srt", "-").decode())
    found = re.findall(r"^\d+\n(\S+) --> (\S+)\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    return [(start, end, body) for start, end, body in found]


def list_timed_packets(media: MediaFactory, path: Path, stream: str) -> bytes:
    """Return the times, sizes and checksums of a stream's packets."""
    return media.run_ffmpeg("-i", path, "-map", stream, "-c", "copy", "-f", "framecrc", "-")


def write_captions(media: MediaFactory, name: str = "track.srt", text: str = CAPTIONS) -> Path:
    path = media.folder / name
    path.write_text(text, encoding="utf-8")
    return path


def make_video(media: MediaFactory) -> Path:
    return media.make_video("silent_black.mp4", 1, "320x180", "10", source="color=c=black")


def test_soft_captions_leave_picture_and_sound_as_they_are(media: MediaFactory) -> None:
    video = make_video(media)
    operation = Caption(url_video=URL, url_srt=URL, subtitle_mode=SOFT, language="pt-BR")
    made, path = media.transcode(operation, video=video, subtitles=write_captions(media))
    assert read_track(media, path) == READ_BACK
    for stream in ("0:v", "0:a"):
        assert list_timed_packets(media, path, stream) == list_timed_packets(media, video, stream)
    assert (made.video_mode, made.encoder, made.fonts_used, made.word_timing) == ("copy", None, (), None)
    assert (made.copied_seconds, made.encoded_seconds) == (1, 0)
    assert made.warnings == (BRIEF,)
    assert re.search(r"\(por\): Subtitle: mov_text .*\(default\)", media.read_header(path))
    assert [kind for kind, _end in list_tracks(path)] == ["vide", "soun", "sbtl"]
    assert dict(list_tracks(path))["sbtl"] == 1


def test_both_modes_draw_and_add_a_track(media: MediaFactory) -> None:
    operation = Caption(url_video=URL, url_srt=URL, subtitle_mode=BOTH)
    made, path = media.transcode(operation, video=make_video(media), subtitles=write_captions(media))
    assert read_track(media, path) == READ_BACK
    assert (made.video_mode, bool(made.fonts_used)) == ("encode", True)
    assert (made.copied_seconds, made.encoded_seconds) == (0, 1)
    assert [count_bright_pixels(frame) > 20 for frame in media.decode_frames(path)] == [False] * 4 + [True] * 6


def test_new_sound_and_a_track_leave_the_picture_as_it_is(media: MediaFactory) -> None:
    video = make_video(media)
    operation = Compose(url_video=URL, url_audio=URL, url_srt=URL, subtitle_mode=SOFT)
    made, path = media.transcode(
        operation, video=video, audio=media.make_audio("track-sound.mp3", 0.9), subtitles=write_captions(media)
    )
    start, end, text = read_track(media, path)[-1]
    assert (start, text) == ("00:00:00,800", "there")
    assert end <= "00:00:00,95"
    assert made.video_mode == "copy"
    ends = dict(list_tracks(path))
    assert Fraction(8, 10) < ends["sbtl"] <= ends["vide"]
    packets = media.list_packets(path, "0:v")
    assert packets == media.list_packets(video, "0:v")[: len(packets)]


def test_clip_from_a_picture_gets_a_track(media: MediaFactory) -> None:
    operation = Compose(url_image=URL, url_srt=URL, subtitle_mode=SOFT, duration=1, size="160x90")
    picture = media.make_circle("track.png", (160, 90), 20)
    made, path = media.transcode(operation, image=picture, subtitles=write_captions(media))
    assert read_track(media, path) == READ_BACK
    assert (made.video_mode, made.fonts_used) == ("encode", ())


def test_failed_copy_is_encoded_with_its_track(media: MediaFactory, tmp_path: Path) -> None:
    program = write_ffmpeg(tmp_path, f'case "$*" in *setts*) exit 1;; esac\nexec "{media.ffmpeg}" "$@"')
    machine = Machine(Ffmpeg(program, media.sandbox), None, 2)
    operation = Caption(url_video=URL, url_srt=URL, subtitle_mode=SOFT)
    made, path = media.transcode(operation, machine=machine, video=make_video(media), subtitles=write_captions(media))
    assert read_track(media, path) == READ_BACK
    warnings = (BRIEF, "The picture could not be copied and was encoded again.")
    assert (made.video_mode, made.warnings) == ("encode", warnings)
    assert not any(count_bright_pixels(frame) for frame in media.decode_frames(path))


def test_captions_outside_the_video_make_no_track(media: MediaFactory) -> None:
    operation = Caption(url_video=URL, url_srt=URL, subtitle_mode=SOFT)
    late = write_captions(media, "late.srt", CAPTIONS.replace("00:00:00", "00:00:07"))
    made, path = media.transcode(operation, video=make_video(media), subtitles=late)
    assert [kind for kind, _end in list_tracks(path)] == ["vide", "soun"]
    assert made.warnings == ("Subtitles that begin after the end of the video: 2 of 2.",)


def test_nothing_in_a_text_is_a_command(media: MediaFactory) -> None:
    shown = flatten([Cue(100 * at, 100 * at + 90, text) for at, text in enumerate(HOSTILE)], 2000)
    captions = write_captions(media, "hostile.srt", write_srt(shown))
    path = media.folder / "hostile.mp4"
    media.run_ffmpeg("-f", "srt", "-i", captions, "-c:s", "mov_text", path)
    assert [text for _start, _end, text in read_track(media, path)] == HOSTILE


@pytest.mark.parametrize(
    ("tracks", "end", "is_right"),
    [
        ([("vide", 5)], None, True),
        ([("vide", 5), ("sbtl", 4)], None, False),
        ([("vide", 5), ("sbtl", 4)], 4, True),
        ([("vide", 5), ("sbtl", 5)], 4, False),
        ([("vide", 5)], 4, False),
        ([("vide", 5), ("sbtl", 4), ("text", 4)], 4, False),
    ],
)
def test_output_must_have_the_track_that_was_planned(
    tracks: list[tuple[str, int]], end: int | None, is_right: bool
) -> None:
    expected = ExpectedOutput(
        "h264", (2, 2), 1, 0, Fraction(5), Fraction(5), Fraction(0), has_audio=False,
        subtitles_end=None if end is None else Fraction(end),
    )  # fmt: skip
    assert has_expected_subtitles([(kind, Fraction(at)) for kind, at in tracks], expected) is is_right
