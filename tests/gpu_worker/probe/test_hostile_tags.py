"""ffmpeg prints a file's tags in its log: they change no command line and open no file or connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import Code
from contract.limits import Limits
from contract.operations import Operation, Role
from contract.operations.addaudio import AddAudio
from contract.operations.caption import Caption
from contract.operations.compose import Compose
from contract.operations.concatenate import Concatenate
from contract.operations.img2vid import Img2Vid
from contract.operations.thumbnail import Thumbnail
from contract.operations.trim import Trim
from gpu_worker.errors import JobFailed
from gpu_worker.media.info import Cue, Facts, PhotoInfo
from gpu_worker.plan import make_plan
from gpu_worker.plan.gpu import Gpu
from gpu_worker.plan.model import PlanOptions
from gpu_worker.probe.framecrc import PacketListing
from gpu_worker.probe.stderr_parser import StderrParser
from gpu_worker.probe.tracks import describe_audio, describe_video, find_video_track
from tests.support.media.factory import URL, MediaFactory
from tests.support.media.inputs import inputs_of

EVIL = "EVIL"
GRAPH = (
    "bt2020:transferin=smpte2084:matrix=bt2020nc:primaries=bt2020:transfer=smpte2084[m];"
    "movie=filename=in_subtitles:f=concat:format_opts=safe=0[n];[m][n]overlay=shortest=1[o];"
    "[o]zscale=matrixin=bt2020nc:primariesin=bt2020"
)

"""A filter graph that opens the subtitles as a file list, if it is used as a color's name."""
LANGUAGES = {
    "goes on like the line": f"a): Video: h264 (High), yuv420p(tv, bt2020nc/{GRAPH}/smpte2084), 320x180 (",
    "begins a line": f"a)\n  Stream #0:0: Video: h264, yuv420p(tv, bt2020nc/{GRAPH}/smpte2084), 320x180",
    "ends the input": "a)\nOutput #0, mp4, to 'x':",
    "has a return": "a\r): Video: h264",
    "never ends": "a" * 100_000,
}


@pytest.fixture
def film(media: MediaFactory, tmp_path: Path) -> Callable[[str], Path]:
    def of(language: str) -> Path:
        path = tmp_path / "film.mkv"
        colors = ("-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "smpte2084")
        media.run_ffmpeg(
            "-f",
            "lavfi",
            "-i",
            "color=c=blue:s=320x180:r=25:d=0.4",
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
            *colors,
            "-metadata:s:v",
            f"language={language}",
            "-y",
            path,
        )
        return path

    return of


@pytest.mark.fault("G1", "G16")
@pytest.mark.parametrize("kind", LANGUAGES)
def test_a_filter_graph_as_language_opens_no_file(
    media: MediaFactory, film: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    secret = media.make_video("secret-red.mp4", 0.5, "160x120", sound=False, source="color=c=red")
    srt = tmp_path / "s.srt"
    # A comment in a file list, and a cue in a subtitle file.
    srt.write_text(f"ffconcat version 1.0\n# \u20281\u202800:00:00,000 --> 00:00:00,300\u2028hi\nfile '{secret}'\n")
    with pytest.raises(JobFailed) as failure:
        media.transcode(Caption(url_video=URL, url_srt=URL), video=film(LANGUAGES[kind]), subtitles=srt)
    assert failure.value.failure.code in {Code.MEDIA_UNSUPPORTED, Code.MEDIA_NO_VIDEO}


@pytest.mark.parametrize("language", ["eng", "en-US", "zh-Hans-CN", "und", "English, US", "français"])
def test_languages_of_all_kinds_are_accepted(
    media: MediaFactory, film: Callable[[str], Path], tmp_path: Path, language: str
) -> None:
    srt = tmp_path / "s.srt"
    srt.write_text("1\n00:00:00,000 --> 00:00:00,300\nhi\n")
    made, _out = media.transcode(Caption(url_video=URL, url_srt=URL), video=film(language), subtitles=srt)
    assert made.media.frames == 10


def parse_facts(lines: list[str], listing: list[str]) -> Facts | None:
    """Return the facts that the worker reads from ffmpeg's two outputs."""
    dump, table = StderrParser(), PacketListing(1000)
    for line in lines:
        dump.read(line.encode("utf-8", "surrogatepass"))
    for line in listing:
        table.read(line.encode())
    if dump.has_garbled_stream:
        return None
    film = find_video_track(dump, table)
    return Facts(dump.container, describe_video(film) if film else None, describe_audio(dump, table))


LISTING = [
    "#tb 0: 1/25", "#media_type 0: video", "#codec_id 0: h264", "#dimensions 0: 320x180", "#sar 0: 1/1",
    "#tb 1: 1/48000", "#media_type 1: audio", "#codec_id 1: aac", "#sample_rate 1: 48000",
    *(f"0, {n}, {n}, 1, 100, 0x0" for n in range(10)),
    *(f"1, {n * 1024}, {n * 1024}, 1024, 10, 0x0" for n in range(20)),
]  # fmt: skip
words = st.sampled_from([
    EVIL, "bt2020nc", "bt2020", "bt709", "smpte2084", "unknown", "tv", "pc", "progressive", "top first", "yuv420p",
    "yuva420p", "rgb24", "vp9", "25 fps", "1e9 fps", "320x180", "5.1(side)", "12 channels", "(", ")", ",", "/", ": ",
])  # fmt: skip
texts = st.lists(words | st.text(max_size=8), max_size=25).map(", ".join) | st.lists(words, max_size=25).map("".join)
# ffmpeg's format, with other text for a word or two.
pictures = st.builds(
    "{}({}, {}/{}/{}, {}), 320x180, {}".format,
    st.sampled_from(["yuv420p", "yuv420p10le", "yuva420p", f"yuv{EVIL}"]),
    st.sampled_from(["tv", EVIL]),
    *(st.sampled_from([name, EVIL]) for name in ("bt2020nc", "bt2020", "smpte2084")),
    st.sampled_from(["progressive", EVIL]),
    st.sampled_from(["25 fps", f"25 fps {EVIL}"]),
)
OPERATIONS: list[Operation] = [
    Caption(url_video=URL, url_srt=URL),
    AddAudio(url_video=URL, url_audio=URL),
    Compose(url_video=URL, url_audio=URL, url_srt=URL),
    Img2Vid(url_image=URL),
    Concatenate.model_validate({"videos": [URL, URL], "transition": {"duration": 0.1}}),
    Trim(url_video=URL, start=0.1),
    Thumbnail(url_video=URL, count=3),
]


@pytest.mark.fault("G16", "H1")
@settings(max_examples=500)
@given(
    language=texts,
    picture=pictures | texts,
    sound=texts,
    container=texts,
    of=st.sampled_from(OPERATIONS),
    gpu=st.booleans(),
)
def test_file_contents_never_reach_a_command_line(
    language: str, picture: str, sound: str, container: str, of: Operation, gpu: bool
) -> None:
    lines = [
        f"Input #0, {container or 'matroska,webm'}, from 'in_video':",
        f"  Stream #0:0({language}): Video: h264 (High), {picture}",
        f"  Stream #0:1: Audio: aac (LC), {sound}",
        "  Stream #0:0 -> #0:0 (copy)", "  Stream #0:1 -> #0:1 (copy)",
    ]  # fmt: skip
    facts = parse_facts(lines, LISTING)
    if facts is None or facts.video is None or facts.audio is None:
        return
    means = PlanOptions(
        gpu=Gpu() if gpu else None, threads=2, max_pixels=10**8, max_output_bytes=Limits().max_output_bytes
    )
    picture_of = PhotoInfo(64, 48) if any(given.role is Role.IMAGE for given in of.inputs()) else None
    sources = inputs_of(facts, facts, picture_of, cues=(Cue(0, 400, "hi"),))
    media = {**sources.media, **dict.fromkeys((given.field for given in of.inputs() if "." in given.field), facts)}
    try:
        plan = make_plan(of, replace(sources, media=media), means)
    except JobFailed:
        return
    assert not [arg for step in plan.steps for arg in step.args if EVIL in arg]
    assert not [text for text in plan.files.values() if EVIL in text]
