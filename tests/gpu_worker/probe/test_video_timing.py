"""Videos whose packets differ from their frames: without times, hidden, cut off, damaged, or far apart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from contract.errors import Code
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from gpu_worker.errors import JobFailed
from gpu_worker.ffmpeg.run import run_ffmpeg
from gpu_worker.formats.mp4 import read_track_ends
from gpu_worker.media.info import Cue, VideoFacts
from gpu_worker.pipeline.transcode import Output
from gpu_worker.pipeline.verify import has_expected_frames
from gpu_worker.plan.captions.added_frames import find_added_times
from gpu_worker.plan.model import ExpectedOutput
from gpu_worker.probe.decoder_report import DecoderReport, parse_decoder_report
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels

DARK = "color=navy"
MPEG4, X264 = ("-c:v", "mpeg4", "-bf", "2"), ("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25")
X265 = (
    *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params"),
    "log-level=0:pools=1:open-gop=1:keyint=25:min-keyint=25:bframes=4",
)


def add_captions(media: MediaFactory, video: Path, *spans: tuple[float, float]) -> tuple[Output, Path]:
    text = "\n".join(f"{_clock(start)} --> {_clock(end)}\nMMMM\n" for start, end in spans)
    subtitles = media.folder / "spans.srt"
    subtitles.write_text(text)
    return media.transcode(Caption(url_video=URL, url_srt=URL), video=video, subtitles=subtitles)


def _clock(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", ",")


def find_visible(media: MediaFactory, path: Path, *times: float) -> list[bool]:
    """Return for each time if a caption is visible then."""
    return [count_bright_pixels(_frame_on(media, path, time)) > 0 for time in times]


def _frame_on(media: MediaFactory, path: Path, time: float) -> Image.Image:
    return media.decode_frames(
        path, "-vf", f"fps=100:start_time=0,trim=start={time},setpts=PTS-STARTPTS", "-frames:v", "1"
    )[0]


def make_slides(media: MediaFactory) -> Path:
    return media.make_video("slow_slides.mp4", 12, rate="1/4", sound=False, source=DARK)


def make_paused_recording(media: MediaFactory) -> Path:
    cut = ("-vf", "select='lt(t,1)+gt(t,4.5)'", "-fps_mode", "passthrough")
    return media.make_video("paused.mp4", 6, rate="30", sound=False, source=DARK, extra=cut)


def make_held_frame(media: MediaFactory) -> Path:
    """A single frame of six seconds, like a slideshow of one picture."""
    return media.make_video("held.mp4", 6, rate="1/6", sound=False, source=DARK)


@pytest.mark.parametrize("draw", [make_slides, make_paused_recording, make_held_frame])
def test_captions_are_drawn_where_the_video_has_no_frames(
    media: MediaFactory, draw: Callable[[MediaFactory], Path]
) -> None:
    video = draw(media)
    before = media.probe(video).video
    made, path = add_captions(media, video, (1.2, 2.5), (3, 3.2), (5, 5.6))
    times = (1.1, 1.25, 2.45, 2.6, 3.1, 3.3, 4.9, 5.1, 5.5, 5.7)
    assert find_visible(media, path, *times) == [False, True, True, False, True, False, False, True, True, False]
    assert before is not None
    assert made.media.duration_seconds == pytest.approx(float(before.end), abs=0.002)
    assert not [warning for warning in made.warnings if "Subtitles" in warning]


def test_compose_ends_a_sparse_video_with_its_sound(media: MediaFactory) -> None:
    (media.folder / "spans.srt").write_text("00:00:01,000 --> 00:00:02,000\nMMMM\n")
    made, path = media.transcode(
        Compose(url_video=URL, url_audio=URL, url_srt=URL),
        video=make_slides(media),
        subtitles=media.folder / "spans.srt",
        audio=media.make_audio("five.mp3", 5),
    )
    assert made.media.duration_seconds == pytest.approx(5.0, abs=0.06)
    assert float(read_track_ends(path)["vide"]) == pytest.approx(5, abs=0.06)
    assert find_visible(media, path, 0.9, 1.1, 1.9, 2.1, 4.8) == [False, True, True, False, False]


@pytest.mark.parametrize("name", ["paused.mkv", "paused.ts", "paused.mp4"])
def test_the_last_frame_before_a_cut_is_held(media: MediaFactory, name: str) -> None:
    """The sound ends where the recording pauses; the encoder gets the frame before it with the usual duration."""
    cut = ("-vf", "select='lt(t,1)+gt(t,4.5)'", "-fps_mode", "passthrough", "-c:v", "mpeg2video")
    video = media.make_video(f"mpeg2-{name}", 6, rate="30", sound=False, extra=cut)
    made, path = media.transcode(
        AddAudio(url_video=URL, url_audio=URL), video=video, audio=media.make_audio("three.wav", 3)
    )
    facts = media.probe(path).video
    assert facts is not None
    assert (made.video_mode, facts.frames) == ("encode", 31)
    assert float(read_track_ends(path)["vide"]) == pytest.approx(3, abs=0.002)


def video_info(times: list[int], end: int, base: Fraction = Fraction(1, 10)) -> VideoFacts:
    return VideoFacts(
        "h264", 320, 180, len(times), times[0] * base, end * base, Fraction(1), has_constant_rate=False,
        packet_times=times, time_base=base,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("times", "cue", "added"),
    [
        ([0, 1, 2, 3], (50, 250), []),  # at ten frames per second no frame is added
        ([0, 10], (500, 1500), [45_000, 135_000, 179_100]),
        ([0, 10], (1000, 1500), [135_000, 179_100]),  # starts with a frame
        ([0, 10], (2000, 2500), []),  # starts after the end of the video
        ([5, 10], (100, 800), [9_000, 72_000, 179_100]),  # the first frame is shown from 0 on
        ([0, 10], (500, 9000), [45_000, 179_100]),
    ],
)  # fmt: skip
def test_frames_are_added_where_captions_change(times: list[int], cue: tuple[int, int], added: list[int]) -> None:
    assert list(find_added_times(video_info(times, 20), [Cue(*cue, "x")], Fraction(2))) == added


def test_thousands_of_captions_between_frames_get_a_fixed_rate() -> None:
    many = [Cue(at, at + 10, "x") for at in range(0, 86_000, 20)]
    times = find_added_times(video_info([0, 1], 90, Fraction(1)), many, Fraction(90))
    assert len(times) == 900 - 1
    # The lecture already has a frame at 1 s.
    assert {after - before for before, after in pairwise(times[10:-1])} == {9000}


TIMELESS: dict[str, tuple[str, ...]] = {
    "xvid.avi": MPEG4,
    "x264.avi": X264,
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-bf", "2"),
    "mpeg2.vob": ("-c:v", "mpeg2video", "-bf", "2", "-g", "12"),
}


@pytest.mark.parametrize("name", TIMELESS)
def test_packets_without_times_play_at_the_frame_rate(media: MediaFactory, name: str) -> None:
    video = media.make_video(name, 3, source=DARK, extra=TIMELESS[name])
    facts = media.probe(video).video
    assert facts is not None
    assert not facts.is_timed
    assert (facts.frames, facts.frame_rate, facts.duration) == (75, 25, 3)
    made, path = add_captions(media, video, (1, 2))
    assert (made.media.frames, made.media.frame_rate) == (75, 25)
    assert made.media.duration_seconds == pytest.approx(3, abs=0.08)
    assert find_visible(media, path, 0.98, 1.02, 1.98, 2.02) == [False, True, True, False]
    made, path = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=video, audio=media.make_audio())
    assert made.media.frames == pytest.approx(38, abs=1)
    assert made.media.duration_seconds == pytest.approx(1.5, abs=0.05)


def make_alternate_references(media: MediaFactory) -> Path:
    """VP8 of a two-pass encode: some packets are only references for others, and never shown."""

    def draw(path: Path) -> None:
        source = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3", "-c:v", "libvpx", "-b:v", "300k")
        options = (*source, "-auto-alt-ref", "1", "-lag-in-frames", "16", "-passlogfile", media.folder / "vp8pass")
        media.run_ffmpeg(*options, "-pass", "1", "-f", "null", "-")
        media.run_ffmpeg(*options, "-pass", "2", path)

    return media.make_once("altref.webm", draw)


def make_open_gop(media: MediaFactory) -> Path:
    whole = media.make_video("open.mp4", 4, sound=False, extra=X265)
    return media.make_file("open-cut.ts", "-ss", "1.9", "-i", whole, "-c", "copy")


def make_open_gop_matroska(media: MediaFactory) -> Path:
    whole = media.make_video("open.mp4", 4, sound=False, extra=X265)
    return media.make_file("open-cut.mkv", "-ss", "1.9", "-i", whole, "-c", "copy")


def start_between_keyframes(media: MediaFactory) -> Path:
    """A transport stream as recorders start it: with packets from the middle of a GOP."""
    return media.make_video("from-the-air.ts", 4, extra=(*X264, "-bsf:v", "noise=drop='lt(n,10)'"))


def make_broadcast_mpeg2(media: MediaFactory) -> Path:
    options = ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-bsf:v", "noise=drop='lt(n,5)'", "-f", "mpegts")
    return media.make_video("from-the-air.mpegts", 3, extra=options)


def make_late_picture(media: MediaFactory) -> Path:
    (media.folder / "early.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nx\n")
    film = media.make_video("on-time.mp4", 2, sound=False)
    inputs = ("-itsoffset", "0.5", "-i", film, "-i", media.folder / "early.srt", "-map", "0", "-map", "1")
    return media.make_file("late.mkv", *inputs, "-c:v", "copy", "-c:s", "srt")


@pytest.mark.parametrize(
    ("draw", "frames", "end"),
    [
        (make_alternate_references, 75, 3.0), (make_open_gop, 50, 2.0), (make_open_gop_matroska, 50, 2.1),
        (start_between_keyframes, 75, 4.0), (make_broadcast_mpeg2, 63, 3.0), (make_late_picture, 50, 2.5),
    ],
)  # fmt: skip
def test_frames_are_counted_by_the_decoder(
    media: MediaFactory, draw: Callable[[MediaFactory], Path], frames: int, end: float
) -> None:
    video = draw(media)
    made, path = add_captions(media, video, (0.2, 1.8))
    assert abs(made.media.frames - frames) <= 4
    assert made.media.duration_seconds == pytest.approx(end, abs=0.15)
    # Picture and sound both start at 0.
    result = media.probe(path).video
    assert result is not None
    assert result.start <= Fraction(1, 10)
    made, _ = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=video, audio=media.make_audio())
    assert made.media.duration_seconds == pytest.approx(1.5, abs=0.1)


def make_damaged(media: MediaFactory) -> Path:
    data = bytearray(media.make_video("whole.mp4", 4, extra=X264).read_bytes())
    begin = data.index(b"mdat") + 4000
    for at in range(begin, begin + 40_000, 700):
        data[at : at + 40] = bytes((at * 7 + i * 13) % 256 for i in range(40))
    path = media.folder / "damaged.mp4"
    path.write_bytes(data)
    return path


def test_damage_is_reported_and_the_rest_is_kept(media: MediaFactory) -> None:
    made, _ = add_captions(media, make_damaged(media), (0.2, 1))
    assert 60 < made.media.frames <= 100
    assert any("damaged" in warning for warning in made.warnings)


def test_an_undecodable_video_is_the_callers_fault(media: MediaFactory) -> None:
    data = bytearray(media.make_video("whole.ts", 4, extra=X264).read_bytes())
    for at in range(188 * 20, len(data), 188):
        data[at + 20 : at + 188] = bytes(168)
    path = media.folder / "hollow.ts"
    path.write_bytes(data)
    with pytest.raises(JobFailed) as failure:
        add_captions(media, path, (0.2, 1))
    assert failure.value.failure.code in {Code.MEDIA_UNREADABLE, Code.MEDIA_NO_VIDEO}


def make_two_tracks(media: MediaFactory, first: str, second: str, name: str, *options: str) -> Path:
    small = media.make_video("preview.mp4", 1, "160x90", sound=False)
    large = media.make_video("feature.mp4", 2, "320x180", sound=False)
    tracks = {"small": small, "large": large}
    return media.make_file(
        name, "-i", tracks[first], "-i", tracks[second], "-map", "0", "-map", "1", "-c", "copy", *options
    )


@pytest.mark.parametrize(
    ("name", "order", "options", "width"),
    [
        ("both-videos.mkv", ("small", "large"), ("-disposition:v", "0"), 320),
        ("both-films2.mkv", ("large", "small"), ("-disposition:v", "0"), 320),
        ("default-film.mkv", ("small", "large"), ("-disposition:v:0", "0", "-disposition:v:1", "default"), 320),
        ("little-film.mkv", ("large", "small"), ("-disposition:v:0", "0", "-disposition:v:1", "default"), 160),
        ("both-videos.mp4", ("small", "large"), (), 320),
    ],
)
def test_the_default_or_largest_video_track_is_used(
    media: MediaFactory, name: str, order: tuple[str, str], options: tuple[str, ...], width: int
) -> None:
    video = make_two_tracks(media, *order, name, *options)
    made, _ = add_captions(media, video, (0.2, 0.8))
    assert (made.media.width, made.media.frames) == (width, 50 if width == 320 else 25)
    made, _ = media.transcode(AddAudio(url_video=URL, url_audio=URL), video=video, audio=media.make_audio())
    assert (made.media.width, made.video_mode) == (width, "copy")


def test_an_undecodable_track_is_skipped(media: MediaFactory) -> None:
    video = make_two_tracks(media, "large", "small", "odd-first.mov")
    data = bytearray(video.read_bytes())
    at = data.index(b"avc1", data.index(b"stsd"))
    data[at : at + 4] = b"zzzz"
    odd = media.folder / "odd.mov"
    odd.write_bytes(data)
    made, _ = add_captions(media, odd, (0.2, 0.8))
    assert made.media.width == 160


@pytest.mark.parametrize("rate", ["25", "30000/1001"])
def test_a_video_cut_short_keeps_its_average_rate(media: MediaFactory, rate: str) -> None:
    video = media.make_video(f"rate-{rate.replace('/', '-')}.mp4", 3, rate=rate, sound=False, extra=X264)
    for length in (0.5, 1.0, 1.013, 1.5):
        made, path = media.transcode(
            AddAudio(url_video=URL, url_audio=URL), video=video, audio=media.make_audio(f"for-{length}.wav", length)
        )
        assert made.video_mode == "copy"
        assert made.media.frame_rate == pytest.approx(float(Fraction(rate)), abs=0.001)
        assert f"{float(Fraction(rate)):.4g} fps" in media.read_header(path)


def test_the_report_of_a_real_decoder_is_parsed(media: MediaFactory) -> None:
    log = asyncio.run(
        run_ffmpeg(media.sandboxed_ffmpeg, ("-i", str(media.make_video()), "-f", "null", "-"), media.folder)
    )
    assert parse_decoder_report(log, "video") == DecoderReport(50, 50, 0)
    sound = parse_decoder_report(log, "audio")
    assert sound is not None
    assert sound.frames >= 94
    assert parse_decoder_report(log, "video", 1) is None


EXPECTED = ExpectedOutput("h264", (320, 180), 150, 1, Fraction(3), Fraction(3), Fraction(1, 25), has_audio=False)


@pytest.mark.parametrize(
    ("found", "cut", "decoded", "right"),
    [
        (75, False, DecoderReport(150, 75, 0), True),  # fields as packets
        (150, False, DecoderReport(150, 75, 0), False),
        (140, False, DecoderReport(150, 140, 10), True),
        (120, False, DecoderReport(150, 140, 10), False),
        (75, True, DecoderReport(150, 75, 0), True),
        (60, True, DecoderReport(150, 75, 0), False),
        (150, True, DecoderReport(170, 165, 0), True),
        (120, True, DecoderReport(170, 165, 0), False),
        (149, False, None, True), (140, False, None, False),
    ],
)  # fmt: skip
def test_an_output_has_as_many_frames_as_were_decoded(
    found: int, cut: bool, decoded: DecoderReport | None, right: bool
) -> None:
    assert has_expected_frames(found, replace(EXPECTED, is_cut=cut), decoded) is right
