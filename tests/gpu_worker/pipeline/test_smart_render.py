"""Captions in videos of our own make: what carries text is encoded, all else stays bit for bit what it was."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from contract.errors import Code
from contract.operations import Caption, Compose
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import AudioFacts, Colour, Cue, Facts, VideoFacts
from gpu_worker.pipeline import transcode as making
from gpu_worker.pipeline.transcode import Output
from gpu_worker.pipeline.verify_intermediate import check_proof
from gpu_worker.plan import make_plan
from gpu_worker.plan.encode import encoder_args, group_frames
from gpu_worker.plan.gops import ReencodeRange, frame_ticks, stretches
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.model import Encoder, Inputs, IntermediateCheck, PlanOptions
from tests.support.media.factory import URL, MediaFactory, count_bright_pixels

FRAMES, RATE, GROUP = 200, 25, 24
DARK = "gradients=c0=0x101040:c1=0x401010:c2=0x104010:n=3:speed=0.06:seed=3"
CAPTION = Caption(url_video=URL, url_srt=URL)
OURS = (*encoder_args(Encoder.X264, 2, group=GROUP), "-map_metadata", "-1", "-movflags", "+faststart")


def own(media: MediaFactory, name: str = "own.mp4", *extra: str, seconds: float = FRAMES / RATE) -> Path:
    """Eight dark, moving seconds with sound, encoded as jobs encode."""
    tags = ("-vf", "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709")
    return media.make_video(name, seconds, rate=str(RATE), source=DARK, extra=(*tags, *OURS, "-c:a", "aac", *extra))


def srt(media: MediaFactory, *spans: tuple[float, float]) -> Path:
    def clock(seconds: float) -> str:
        return f"00:00:{int(seconds):02},{round(seconds % 1 * 1000):03}"

    text = "\n".join(f"{n}\n{clock(a)} --> {clock(b)}\nText number {n}\n" for n, (a, b) in enumerate(spans, 1))
    path = media.folder / f"{abs(hash(spans)):x}.srt"
    path.write_text(text)
    return path


@contextmanager
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing passes for our own make in here, so that all is encoded."""

    async def no(_ffmpeg: str, _path: Path) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(making, "is_own_encode", no)
        yield


def hashes(media: MediaFactory, path: Path) -> list[str]:
    """A checksum of each decoded frame."""
    out = media.run_ffmpeg("-i", path, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-").decode()
    return [row.rsplit(",", 1)[1].strip() for row in out.splitlines() if not row.startswith("#")]


def kept(media: MediaFactory, source: Path, output: Path) -> list[int]:
    """The packets, in decode order, that are those of the source, byte for byte."""
    pairs = zip(media.list_packets(source, "0:v"), media.list_packets(output, "0:v"), strict=True)
    return [index for index, (before, after) in enumerate(pairs) if before == after]


def written(media: MediaFactory, path: Path) -> list[int]:
    return [index for index, frame in enumerate(media.decode_frames(path)) if count_bright_pixels(frame) > 20]


def check_file(media: MediaFactory, source: Path, output: Path) -> None:
    """Every frame once and at its time, the same sound, one set of parameters for all of it."""
    before, after = media.probe(source).video, media.probe(output).video
    assert before is not None
    assert after is not None
    assert sorted(after.packet_times) == sorted(before.packet_times)
    assert (after.time_base, after.parameters, after.hidden) == (before.time_base, before.parameters, 0)
    rows = media.run_ffmpeg("-i", output, "-map", "0:v", "-c", "copy", "-f", "framecrc", "-").decode().splitlines()
    decoded = [int(row.split(",")[1]) for row in rows if not row.startswith("#")]
    assert {later - sooner for sooner, later in pairwise(decoded)} == {frame_ticks(before)}
    assert media.list_packets(output, "0:a") == media.list_packets(source, "0:a")
    # A reader that knows only the parameters in the file's header sees the same pictures.
    bare = media.make_file(
        f"bare-{output.name}", "-i", output, "-an", "-c", "copy", "-bsf:v", "filter_units=remove_types=6-8"
    )
    assert hashes(media, bare) == hashes(media, output)


SPANS = {
    "a fifth": ((3.1, 4.7),),
    "at the very start": ((0.0, 0.6),),
    "at the very end": ((7.5, 8.0),),
    "beyond the end": ((7.7, 12.0), (20.0, 22.0)),
    "over a key frame": ((1.8, 2.1), (2.1, 2.2)),
    "up to a key frame": ((1.5, 1.92),),
    "two in one group": ((2.0, 2.2), (2.5, 2.7)),
    "far apart": ((0.9, 1.4), (4.36, 4.6), (6.404, 6.52)),
    "less than a frame": ((5.0, 5.02),),
}


@pytest.mark.parametrize("name", SPANS)
def test_only_what_carries_text_is_encoded(media: MediaFactory, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, cues = own(media), srt(media, *SPANS[name])
    made, path = media.transcode(CAPTION, video=source, subtitles=cues)
    assert (made.media.frames, made.video_mode, made.encoder) == (FRAMES, "encode", "libx264")
    check_file(media, source, path)
    with plain(monkeypatch):
        _made, whole = media.transcode(CAPTION, video=source, subtitles=cues)
    assert kept(media, source, whole) == []
    text = written(media, whole)
    assert text
    assert written(media, path) == text
    before, after = hashes(media, source), hashes(media, path)
    changed = [index for index in range(FRAMES) if before[index] != after[index]]
    assert set(text) <= set(changed)
    # Each cue costs at most the rest of its group, and a few frames in front.
    assert len(changed) <= len(text) + len(SPANS[name]) * (GROUP + 10)


def test_text_looks_as_it_does_in_a_full_render(media: MediaFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    source, cues = own(media), srt(media, (1.0, 1.9), (4.0, 4.8))
    _made, path = media.transcode(CAPTION, video=source, subtitles=cues)
    with plain(monkeypatch):
        _made, whole = media.transcode(CAPTION, video=source, subtitles=cues)
    rows = (
        media.run_ffmpeg("-i", path, "-i", whole, "-lavfi", "psnr=stats_file=-", "-f", "null", "-")
        .decode()
        .splitlines()
    )
    for index in written(media, whole):
        assert float(rows[index].split("psnr_y:")[1].split()[0]) > 38


def test_without_text_on_any_frame_nothing_is_encoded(media: MediaFactory) -> None:
    source = own(media)
    made, path = media.transcode(CAPTION, video=source, subtitles=srt(media, (30, 31)))
    assert (made.video_mode, made.encoder, made.media.frames) == ("copy", None, FRAMES)
    assert kept(media, source, path) == list(range(FRAMES))


def test_a_silent_video_stays_silent(media: MediaFactory) -> None:
    source = media.make_file("own-silent.mp4", "-i", own(media), "-an", "-c", "copy")
    made, path = media.transcode(CAPTION, video=source, subtitles=srt(media, (3.1, 4.7)))
    assert (made.media.frames, made.media.audio_codec) == (FRAMES, None)
    assert len(kept(media, source, path)) > FRAMES / 2


def test_with_text_nearly_everywhere_all_is_encoded(media: MediaFactory) -> None:
    source = own(media)
    made, path = media.transcode(CAPTION, video=source, subtitles=srt(media, (0.2, 3.6), (4, 7.6)))
    assert made.media.frames == FRAMES
    assert kept(media, source, path) == []


def test_the_service_knows_its_own_videos(media: MediaFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A composed clip is captioned, and the captioned one again."""
    picture = media.make_circle("own.png", (320, 180), 30)
    operation = Compose(url_image=URL, url_audio=URL, duration=5, size="320x180", frame_rate=29.97)
    _made, clip = media.transcode(operation, image=picture, audio=media.make_audio("own.mp3", 5))
    once, first = media.transcode(CAPTION, video=clip, subtitles=srt(media, (0.5, 0.9)))
    assert once.warnings == ()
    assert 60 < len(kept(media, clip, first)) < 150
    check_file(media, clip, first)
    _made, second = media.transcode(Compose(url_video=URL, url_srt=URL), video=first, subtitles=srt(media, (3.4, 3.8)))
    assert 60 < len(kept(media, first, second)) < 150
    check_file(media, clip, second)


def encoded(media: MediaFactory, source: Path) -> Output:
    """Caption it, and see that all of it was encoded without a word about it."""
    made, path = media.transcode(CAPTION, video=source, subtitles=srt(media, (1, 1.4)))
    assert (made.video_mode, made.encoder, made.warnings) == ("encode", "libx264", ())
    if made.media.frames == len(media.list_packets(source, "0:v")):
        assert kept(media, source, path) == []
    assert written(media, path)
    return made


@pytest.mark.parametrize(
    "change",
    [("-crf", "20"), ("-preset", "faster"), ("-bf", "2"), ("-x264-params", "open-gop=1"), ("-tune", "stillimage")],
)
def test_other_options_are_not_ours(media: MediaFactory, change: tuple[str, ...]) -> None:
    encoded(media, own(media, f"other{''.join(change)}.mp4".replace("=", ""), *change, seconds=3))


def test_what_only_claims_to_be_ours_is_found_out(media: MediaFactory) -> None:
    honest = own(media, "honest.mp4", "-x264-params", "ref=3", seconds=3)
    data = honest.read_bytes()
    assert data.count(b" ref=3 ") == 1
    forged = media.folder / "forged.mp4"
    forged.write_bytes(data.replace(b" ref=3 ", b" ref=1 "))
    encoded(media, forged)


def test_parameters_within_the_stream_could_reach_the_text(media: MediaFactory) -> None:
    encoded(media, own(media, "sets.mp4", "-bsf:v", "dump_extra=freq=keyframe", seconds=3))


def test_uneven_frames_are_all_encoded(media: MediaFactory) -> None:
    drop = "select='mod(n,7)',setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    encoded(media, own(media, "uneven.mp4", "-vf", drop, "-fps_mode", "passthrough", seconds=3))


def test_a_wrong_join_is_replaced_by_a_full_render(media: MediaFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpu_worker.plan.splice._DELAY", 3)
    encoded(media, own(media))


@pytest.mark.parametrize("content", [b"", b"not a film"])
def test_a_broken_piece_is_no_fault_of_the_client(media: MediaFactory, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text.mp4").write_bytes(content)
    (tmp_path / "sets.txt").write_text("")
    with pytest.raises(JobFailed) as failure:
        asyncio.run(check_proof(media.ffmpeg, tmp_path, IntermediateCheck("text.mp4", "49, 0x1", (0, 8), "sets.txt")))
    assert failure.value.failure.code == Code.OUTPUT_INVALID


# No ffmpeg from here on.

PYRAMID = (0, 4, 2, 1, 3, 8, 6, 5, 7, 9)  # a group of ten frames in decode order
VIDEO = VideoFacts(
    codec="h264", width=320, height=180, frames=100, start=Fraction(0), end=Fraction(10), frame_rate=Fraction(10),
    colour=Colour("bt709", "bt709", "bt709"), parameters="49, 0x1", time_base=Fraction(1, 10000),
    packet_times=array("q", [1000 * (10 * group + frame) for group in range(10) for frame in PYRAMID]),
    packet_keys=bytes(int(index % 10 == 0) for index in range(100)),
)  # fmt: skip
MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
CUES = (Cue(3700, 4100, "a"), Cue(8700, 8800, "b"))
SOURCES = Inputs(Facts(MP4, VIDEO, AudioFacts("aac", 48000, 2, Fraction(0), Fraction(10))), cues=CUES, own_video=True)


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(3700, 4100)], [(30, 35, 50)]),  # 37 shows it first; it is stored among others that 35 and 36 are
        ([(3100, 3200)], [(30, 30, 40)]),
        ([(0, 100)], [(0, 0, 10)]),
        ([(9850, 60000)], [(90, 90, 100)]),
        ([(3700, 4000)], [(30, 30, 40)]),  # no longer on frame 40
        ([(3910, 3980), (9950, 9990)], []),
        ([(3700, 3800), (4700, 4800)], [(30, 30, 50)]),
        ([(4700, 4800), (3700, 3800)], [(30, 30, 50)]),
        ([(3700, 3800), (5700, 5800)], [(30, 30, 40), (50, 50, 60)]),
        ([(20000, 30000)], []),
    ],
)
def test_where_encoding_starts_and_ends(spans: list[tuple[int, int]], found: list[tuple[int, int, int]]) -> None:
    cues = [Cue(start, end, "x") for start, end in spans]
    assert stretches(VIDEO, cues, 1000) == tuple(ReencodeRange(*one) for one in found)


def test_open_groups_cannot_be_cut() -> None:
    # Two frames that are shown before each key frame are stored behind it.
    order = [10 * group + frame for group in range(10) for frame in (2, 0, 1, *range(3, 10))]
    leading = replace(VIDEO, packet_times=array("q", [1000 * frame for frame in order]))
    # The last frame of each group is stored behind the next key frame.
    order = [0, *(10 * group + frame for group in range(10) for frame in (*range(1, 9), 10, 9))][:100]
    late = replace(VIDEO, packet_times=array("q", [1000 * min(frame, 99) for frame in order]))
    assert [stretches(video, CUES, 1000) for video in (leading, late)] == [None, None]


@pytest.mark.parametrize(
    "change",
    [
        {"pix_fmt": "yuv420p10le"}, {"colour": Colour()}, {"rotation": 90}, {"sample_aspect": Fraction(4, 3)},
        {"interlaced": True}, {"hidden": 1}, {"width": 321}, {"codec": "hevc"},
        {"packet_times": array("q", [*VIDEO.packet_times[:-1], 99001])}, {"packet_keys": bytes(100)},
    ],
)  # fmt: skip
def test_off_whenever_it_would_not_be_safe(change: dict[str, object]) -> None:
    assert make_plan(CAPTION, SOURCES, PlanOptions()).spliced
    video = replace(VIDEO, **change)  # type: ignore[arg-type]
    assert not make_plan(CAPTION, replace(SOURCES, video=Facts(MP4, video)), PlanOptions()).spliced


def test_off_for_others_after_a_failure_in_other_containers_and_with_nvenc() -> None:
    assert not make_plan(CAPTION, replace(SOURCES, own_video=False), PlanOptions()).spliced
    assert not make_plan(CAPTION, SOURCES, PlanOptions(may_splice=False)).spliced
    assert not make_plan(CAPTION, replace(SOURCES, video=Facts("matroska,webm", VIDEO)), PlanOptions()).spliced
    assert not make_plan(CAPTION, SOURCES, PlanOptions(gpu=Gpu())).spliced


def test_the_steps_of_a_splice() -> None:
    plan = make_plan(CAPTION, SOURCES, PlanOptions(max_pixels=1000, max_output_bytes=9999))
    take, encode, join = (" ".join(step.args) for step in plan.steps)
    listed = "-protocol_whitelist file,pipe -format_whitelist concat,mov -f concat -auto_convert 0 -i"
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    assert take.endswith(
        "-i in_video -map 0:V:0 -c copy -video_track_timescale 10000 -f mp4 -y picture.mp4 "
        "-map 0:V:0 -c copy -bsf:v filter_units=pass_types=7-8 -f framecrc -y sets.txt"
    )
    assert encode == (
        f"-threads 1 -max_pixels 1000 {listed} groups.ffconcat -filter_complex "
        "[0:V:0]select='not(between(n,0,4))',setpts=PTS+30000,ass=f=captions.ass:fontsdir=fonts,"
        f"{tags},setpts=N*1000,fps=10[picture] -map [picture] -fps_mode passthrough "
        f"{' '.join(encoder_args(Encoder.X264, 2))} -force_key_frames 1.450000 "
        "-video_track_timescale 10000 -f mp4 -y text.mp4"
    )
    assert join.startswith(f"{listed} parts.ffconcat -protocol_whitelist file,pipe -format_whitelist mov,")
    assert "-i in_video -map 0:V:0 -c:v copy -video_track_timescale 10000 -map 1:a:0 -c:a copy " in join
    assert plan.files["groups.ffconcat"].splitlines() == [
        "ffconcat version 1.0",
        *("file picture.mp4", "inpoint 3.000000", "outpoint 4.750000", "duration 5.000000"),
        *("file picture.mp4", "inpoint 8.000000", "outpoint 8.750000", "duration 1.000000"),
    ]
    assert plan.files["parts.ffconcat"].splitlines() == [
        "ffconcat version 1.0",
        *("file picture.mp4", "inpoint 0.000000", "outpoint 3.250000", "duration 3.500000"),
        *("file text.mp4", "inpoint 0.000000", "outpoint 1.250000", "duration 1.500000"),
        *("file picture.mp4", "inpoint 5.000000", "outpoint 7.750000", "duration 3.000000"),
        *("file text.mp4", "inpoint 1.500000", "duration 1.000000"),
        *("file picture.mp4", "inpoint 9.000000", "duration 1.000000"),
    ]


@pytest.mark.parametrize(
    ("rate", "group"), [("24", 48), ("30000/1001", 60), ("60", 120), ("1", 24), ("240", 250), ("0", 24)]
)
def test_groups_are_short_where_captions_may_come(rate: str, group: int) -> None:
    assert group_frames(Fraction(rate), captioned=False) == group
    assert group_frames(Fraction(rate), captioned=True) == 250
